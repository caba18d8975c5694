// Windows chosen so that the output has the wanted extents: window i of n over an axis of L elements is ⌊i·L/n⌋ ..< ⌈(i+1)·L/n⌉.

private func window(_ index: Int, of count: Int, over extent: Int) -> Range<Int> {
    (index * extent / count)..<((index + 1) * extent + count - 1) / count
}

private func adaptivePool(_ x: Tensor, _ kind: PoolingKind, to outputs: [Int]) -> Tensor {
    let first = x.rank - outputs.count
    guard first >= 1, outputs.allSatisfy({ $0 >= 1 }) else {
        reportTensorError(TensorError("adaptive pooling: \(x.shape) to the extents \(outputs)"))
        return x
    }
    return outputs.enumerated().reduce(x) { result, entry in
        let axis = first + entry.offset
        let (extent, count) = (x.shape[axis], entry.element)
        if extent == count { return result }
        let parts = (0..<count).map { index -> Tensor in
            let range = window(index, of: count, over: extent)
            let elements = result.sliced(axis: axis, range.lowerBound, range.count)
            return kind == .average
                ? elements.mean(axes: axis, keepingAxes: true) : elements.max(axes: axis, keepingAxes: true)
        }
        return concatenate(parts, axis: axis)
    }
}

/// Averages over windows so that the output has the extents `outputs`. Input: `(N, C, …)`, as many axes behind as extents.
public func adaptiveAvgPool(_ x: Tensor, _ outputs: [Int]) -> Tensor {
    if outputs.allSatisfy({ $0 == 1 }), x.rank > outputs.count {
        return x.mean(axes: Array((x.rank - outputs.count)..<x.rank), keepingAxes: true)
    }
    return adaptivePool(x, .average, to: outputs)
}

/// Maxima over windows so that the output has the extents `outputs`. Input: `(N, C, …)`, as many axes behind as extents.
public func adaptiveMaxPool(_ x: Tensor, _ outputs: [Int]) -> Tensor { adaptivePool(x, .maximum, to: outputs) }

/// The same with the maxima's places among the elements of their channels, row after row.
public func adaptiveMaxPoolWithIndices(_ x: Tensor, _ outputs: [Int]) -> (values: Tensor, indices: Tensor) {
    let spatial = x.shape.suffix(outputs.count)
    guard (1...2).contains(x.rank - outputs.count), (outputs + spatial).allSatisfy({ $0 >= 1 }) else {
        reportTensorError(TensorError("adaptive pooling: \(x.shape) to the extents \(outputs)"))
        return (x, x)
    }
    let tables = zip(spatial, outputs).map { extent, count -> Tensor in
        let windows = (0..<count).map { window($0, of: count, over: extent) }
        let width = windows.map(\.count).max()!
        // Shorter windows see their last element again, which changes no maximum.
        return Tensor(windows.map { window in (0..<width).map { min(window.lowerBound + $0, window.upperBound - 1) } })
    }
    return withBatch(x, rank: outputs.count + 2) { maxima(of: $0, tables) }
}

/// Pooling to fixed extents: what the adaptive layers share.
public class AdaptivePoolLayer: Module, Layer {
    /// The output's extents.
    public let output: [Int]

    init(_ output: any SpatialExtent, spatialRank: Int) { self.output = output.extents(spatialRank) }

    func pool(_ x: Tensor) -> Tensor { adaptiveAvgPool(x, output) }

    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { pool(x) } }
}

/// The largest element of windows, to fixed extents: what the adaptive layers of maxima share.
public class AdaptiveMaxPoolLayer: AdaptivePoolLayer {
    override func pool(_ x: Tensor) -> Tensor { adaptiveMaxPool(x, output) }

    /// The largest elements and their places. Input: `(N, C, …)`.
    public func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
        traced(x) { adaptiveMaxPoolWithIndices(x, output) }
    }
}

/// The mean over windows, to a fixed length. Input: `(N, C, L)`. Output: `(N, C, output)`.
public final class AdaptiveAvgPool1d: AdaptivePoolLayer {
    public init(_ output: Int) { super.init(output, spatialRank: 1) }
}

/// The mean over windows, to a fixed size. Input: `(N, C, H, W)`. Output: `(N, C, output…)`.
public final class AdaptiveAvgPool2d: AdaptivePoolLayer {
    public init(_ output: any SpatialExtent) { super.init(output, spatialRank: 2) }
}

/// The mean over windows, to a fixed size. Input: `(N, C, D, H, W)`. Output: `(N, C, output…)`.
public final class AdaptiveAvgPool3d: AdaptivePoolLayer {
    public init(_ output: any SpatialExtent) { super.init(output, spatialRank: 3) }
}

/// The maximum over windows, to a fixed length. Input: `(N, C, L)`. Output: `(N, C, output)`.
public final class AdaptiveMaxPool1d: AdaptiveMaxPoolLayer {
    public init(_ output: Int) { super.init(output, spatialRank: 1) }
}

/// The maximum over windows, to a fixed size. Input: `(N, C, H, W)`. Output: `(N, C, output…)`.
public final class AdaptiveMaxPool2d: AdaptiveMaxPoolLayer {
    public init(_ output: any SpatialExtent) { super.init(output, spatialRank: 2) }
}

/// The maximum over windows, to a fixed size. Input: `(N, C, D, H, W)`. Output: `(N, C, output…)`.
public final class AdaptiveMaxPool3d: AdaptiveMaxPoolLayer {
    public init(_ output: any SpatialExtent) { super.init(output, spatialRank: 3) }
}
