/// A window sliding over the last axes: what the pooling layers share.
public class PoolingLayer: Module, Layer {
    /// The window's extents, one for each spatial axis.
    public let kernelSize: [Int]
    /// The window's step along each spatial axis; `kernelSize` by default.
    public let stride: [Int]
    /// The width of the padding on both sides of each spatial axis.
    public let padding: [Int]

    init(
        spatialRank: Int, _ kernelSize: any SpatialExtent, _ stride: (any SpatialExtent)?, _ padding: any SpatialExtent
    ) {
        self.kernelSize = kernelSize.extents(spatialRank)
        self.stride = stride?.extents(spatialRank) ?? self.kernelSize
        self.padding = padding.extents(spatialRank)
    }

    func pool(_ x: Tensor) -> Tensor { fatalError("\(type(of: self)) must say how it pools") }

    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { pool(x) } }
}

/// The largest element in each window. Input: `(N, C, L)`.
public final class MaxPool1d: PoolingLayer {
    public init(kernelSize: Int, stride: Int? = nil, padding: Int = 0) {
        super.init(spatialRank: 1, kernelSize, stride, padding)
    }
    override func pool(_ x: Tensor) -> Tensor { maxPool1d(x, kernelSize, stride: stride, padding: padding) }
}

/// The largest element in each window. Input: `(N, C, H, W)`.
public final class MaxPool2d: PoolingLayer {
    public init(kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0) {
        super.init(spatialRank: 2, kernelSize, stride, padding)
    }
    override func pool(_ x: Tensor) -> Tensor { maxPool2d(x, kernelSize, stride: stride, padding: padding) }
}

/// The largest element in each window. Input: `(N, C, D, H, W)`.
public final class MaxPool3d: PoolingLayer {
    public init(kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0) {
        super.init(spatialRank: 3, kernelSize, stride, padding)
    }
    override func pool(_ x: Tensor) -> Tensor { maxPool3d(x, kernelSize, stride: stride, padding: padding) }
}

/// The mean of each window. Input: `(N, C, L)`.
public final class AvgPool1d: PoolingLayer {
    /// Whether zeros of the padding count as elements.
    public let countsPadding: Bool

    public init(kernelSize: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true) {
        self.countsPadding = countsPadding
        super.init(spatialRank: 1, kernelSize, stride, padding)
    }
    override func pool(_ x: Tensor) -> Tensor {
        avgPool1d(x, kernelSize, stride: stride, padding: padding, countsPadding: countsPadding)
    }
}

/// The mean of each window. Input: `(N, C, H, W)`.
public final class AvgPool2d: PoolingLayer {
    /// Whether zeros of the padding count as elements.
    public let countsPadding: Bool

    public init(
        kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
        countsPadding: Bool = true
    ) {
        self.countsPadding = countsPadding
        super.init(spatialRank: 2, kernelSize, stride, padding)
    }
    override func pool(_ x: Tensor) -> Tensor {
        avgPool2d(x, kernelSize, stride: stride, padding: padding, countsPadding: countsPadding)
    }
}

/// The mean of each window. Input: `(N, C, D, H, W)`.
public final class AvgPool3d: PoolingLayer {
    /// Whether zeros of the padding count as elements.
    public let countsPadding: Bool

    public init(
        kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
        countsPadding: Bool = true
    ) {
        self.countsPadding = countsPadding
        super.init(spatialRank: 3, kernelSize, stride, padding)
    }
    override func pool(_ x: Tensor) -> Tensor {
        avgPool3d(x, kernelSize, stride: stride, padding: padding, countsPadding: countsPadding)
    }
}

// MARK: Adaptive

/// The mean or maximum over windows chosen so that the output has the wanted extents: window `i` of `n` over an axis of `L` elements
/// is `⌊i·L/n⌋ ..< ⌈(i+1)·L/n⌉`.
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
            let start = index * extent / count
            let end = ((index + 1) * extent + count - 1) / count
            let window = result.sliced(axis: axis, start, end - start)
            return kind == .average
                ? window.mean(axes: axis, keepingAxes: true) : window.max(axes: axis, keepingAxes: true)
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

/// The mean over windows, to a fixed length. Input: `(N, C, L)`. Output: `(N, C, output)`.
public final class AdaptiveAvgPool1d: Module, Layer {
    /// The output's length.
    public let output: Int
    public init(_ output: Int) { self.output = output }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { adaptiveAvgPool(x, [output]) } }
}

/// The mean over windows, to a fixed size. Input: `(N, C, H, W)`. Output: `(N, C, output…)`.
public final class AdaptiveAvgPool2d: Module, Layer {
    /// The output's height and width.
    public let output: [Int]
    public init(_ output: any SpatialExtent) { self.output = output.extents(2) }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { adaptiveAvgPool(x, output) } }
}

/// The maximum over windows, to a fixed length. Input: `(N, C, L)`. Output: `(N, C, output)`.
public final class AdaptiveMaxPool1d: Module, Layer {
    /// The output's length.
    public let output: Int
    public init(_ output: Int) { self.output = output }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { adaptiveMaxPool(x, [output]) } }
}

/// The maximum over windows, to a fixed size. Input: `(N, C, H, W)`. Output: `(N, C, output…)`.
public final class AdaptiveMaxPool2d: Module, Layer {
    /// The output's height and width.
    public let output: [Int]
    public init(_ output: any SpatialExtent) { self.output = output.extents(2) }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { adaptiveMaxPool(x, output) } }
}
