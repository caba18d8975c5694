// Pooling: a window that slides over the last axes of (N, C, …). Where there is no batch, (C, …) does too.

/// The largest element in each window. Input: `(N, C, L)`; the stride is the window's size where it isn't given.
///
/// - Parameters:
///   - dilation: the distance between a window's elements.
///   - ceilMode: whether a window that reaches beyond the end counts, if it starts inside.
public func maxPool1d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    dilation: any SpatialExtent = 1, ceilMode: Bool = false
) -> Tensor { maxPooled(x, 1, kernelSize, stride, padding, dilation, ceilMode) }

/// The largest element in each window. Input: `(N, C, H, W)`. See `maxPool1d`.
public func maxPool2d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    dilation: any SpatialExtent = 1, ceilMode: Bool = false
) -> Tensor { maxPooled(x, 2, kernelSize, stride, padding, dilation, ceilMode) }

/// The largest element in each window. Input: `(N, C, D, H, W)`. See `maxPool1d`.
public func maxPool3d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    dilation: any SpatialExtent = 1, ceilMode: Bool = false
) -> Tensor { maxPooled(x, 3, kernelSize, stride, padding, dilation, ceilMode) }

/// The mean of each window. Input: `(N, C, L)`; the stride is the window's size where it isn't given.
///
/// - Parameters:
///   - ceilMode: whether a window that reaches beyond the end counts, if it starts inside; what is beyond the padding is not divided by.
///   - countsPadding: whether zeros of the padding count as elements.
///   - divisor: what sums are divided by in place of the elements' count.
public func avgPool1d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    ceilMode: Bool = false, countsPadding: Bool = true, divisor: Int? = nil
) -> Tensor { averaged(x, 1, kernelSize, stride, padding, ceilMode, countsPadding, divisor) }

/// The mean of each window. Input: `(N, C, H, W)`. See `avgPool1d`.
public func avgPool2d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    ceilMode: Bool = false, countsPadding: Bool = true, divisor: Int? = nil
) -> Tensor { averaged(x, 2, kernelSize, stride, padding, ceilMode, countsPadding, divisor) }

/// The mean of each window. Input: `(N, C, D, H, W)`. See `avgPool1d`.
public func avgPool3d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    ceilMode: Bool = false, countsPadding: Bool = true, divisor: Int? = nil
) -> Tensor { averaged(x, 3, kernelSize, stride, padding, ceilMode, countsPadding, divisor) }

/// `(Σ xᵖ)^(1/p)` over each window, as many axes as the window has (lp_pool1d, 2d, 3d). Negative sums count as 0.
public func lpPool(
    _ x: Tensor, order p: Double, _ kernelSize: [Int], stride: (any SpatialExtent)? = nil, ceilMode: Bool = false
) -> Tensor {
    let count = Double(kernelSize.reduce(1, *))
    let sums = averaged(pow(x, p), kernelSize.count, kernelSize, stride, 0, ceilMode, true, nil) * count
    return pow(relu(sums), 1 / p)
}

private func maxPooled(
    _ x: Tensor, _ rank: Int, _ kernelSize: any SpatialExtent, _ stride: (any SpatialExtent)?,
    _ padding: any SpatialExtent, _ dilation: any SpatialExtent, _ ceilMode: Bool
) -> Tensor {
    withBatch(x, rank: rank + 2) { x in
        guard
            let windows = SlidingWindows(
                "max pool", over: x, kernelSize.extents(rank), stride, padding, dilation, ceilMode: ceilMode)
        else { return x }
        guard windows.dilation.contains(where: { $0 > 1 }) else { return windows.pooled(.maximum, x) }
        // The largest of a window is the largest of its rows' largest: one axis after the other.
        return windows.axes.reduce(x) { result, axis in
            result.gathered(windows.table(axis), axis: axis + 2).max(axes: axis + 3)
        }
    }
}

private func averaged(
    _ x: Tensor, _ rank: Int, _ kernelSize: any SpatialExtent, _ stride: (any SpatialExtent)?,
    _ padding: any SpatialExtent, _ ceilMode: Bool, _ countsPadding: Bool, _ divisor: Int?
) -> Tensor {
    withBatch(x, rank: rank + 2) { x in
        guard
            let windows = SlidingWindows(
                "average pool", over: x, kernelSize.extents(rank), stride, padding, 1, ceilMode: ceilMode)
        else { return x }
        let reachesBeyond = windows.paddingHigh != windows.padding
        if divisor == nil, !(reachesBeyond && countsPadding) {
            return windows.pooled(.average, x, countsPadding: countsPadding)
        }
        let sums = windows.pooled(.average, x) * Double(windows.size.reduce(1, *))
        return divisor.map { sums / Double($0) } ?? sums / windows.counts.cast(to: x.dtype)
    }
}

/// `f` of a tensor of this rank; one of a rank less is a batch of one.
package func withBatch(_ x: Tensor, rank: Int, _ f: (Tensor) -> Tensor) -> Tensor {
    x.rank == rank - 1 ? f(x.expandingDims(0)).squeezed(0) : f(x)
}

/// The same for two results.
package func withBatch(_ x: Tensor, rank: Int, _ f: (Tensor) -> (Tensor, Tensor)) -> (Tensor, Tensor) {
    guard x.rank == rank - 1 else { return f(x) }
    let (first, second) = f(x.expandingDims(0))
    return (first.squeezed(0), second.squeezed(0))
}

/// Windows that slide over the spatial axes of an image.
struct SlidingWindows {
    /// The image's extents.
    let input: [Int]
    let size, stride, padding, dilation: [Int]
    /// How many windows there are along each axis.
    let positions: [Int]

    /// Nil for what is reported as a mistake.
    init?(
        _ name: String, over x: Tensor, _ size: [Int], _ stride: (any SpatialExtent)?, _ padding: any SpatialExtent,
        _ dilation: any SpatialExtent, ceilMode: Bool
    ) {
        let n = size.count
        let (stride, padding, dilation) = (stride?.extents(n) ?? size, padding.extents(n), dilation.extents(n))
        input = Array(x.shape.suffix(n))
        (self.size, self.stride, self.padding, self.dilation) = (size, stride, padding, dilation)
        guard x.rank == n + 2, (size + stride + dilation).allSatisfy({ $0 >= 1 }),
            size.indices.allSatisfy({ padding[$0] >= 0 && 2 * padding[$0] <= dilation[$0] * (size[$0] - 1) + 1 })
        else {
            _ = x.invalid(
                "\(name): windows of \(size) by \(stride), padding \(padding), dilation \(dilation) over \(x.shape)")
            return nil
        }
        positions = zip(input, size.indices).map { extent, axis in
            let free = extent + 2 * padding[axis] - dilation[axis] * (size[axis] - 1) - 1
            guard free >= 0 || ceilMode else { return 0 }
            guard ceilMode else { return free / stride[axis] + 1 }
            let count = (free + stride[axis] - 1) / stride[axis] + 1
            return (count - 1) * stride[axis] >= extent + padding[axis] ? count - 1 : count
        }
        guard positions.allSatisfy({ $0 >= 1 }) else {
            _ = x.invalid("\(name): \(x.shape) is smaller than the window \(size)")
            return nil
        }
    }

    var axes: Range<Int> { size.indices }

    /// The padding behind, and where the last window reaches beyond it, that much more.
    var paddingHigh: [Int] {
        axes.map { axis in
            let end = (positions[axis] - 1) * stride[axis] + dilation[axis] * (size[axis] - 1) + 1
            return max(padding[axis], end - input[axis] - padding[axis])
        }
    }

    func pooled(_ kind: PoolingKind, _ x: Tensor, countsPadding: Bool = true) -> Tensor {
        Tensor(
            .pool(
                Pooling(
                    kind, windowSize: size, stride: stride, paddingLow: padding, paddingHigh: paddingHigh,
                    countsPadding: countsPadding)), x)
    }

    /// Which elements of an axis each window sees: `(positions, size)`. One outside is replaced by the first inside, which changes no maximum.
    func indices(_ axis: Int) -> [[Int]] {
        (0..<positions[axis]).map { position in
            let seen = (0..<size[axis]).map { position * stride[axis] - padding[axis] + $0 * dilation[axis] }
            let inside = 0..<input[axis]
            let first = seen.first(where: inside.contains) ?? 0
            return seen.map { inside.contains($0) ? $0 : first }
        }
    }

    func table(_ axis: Int) -> Tensor { Tensor(indices(axis)) }

    /// How many elements of image and padding each window sees.
    var counts: Tensor {
        axes.reduce(Tensor.ones([])) { counts, axis in
            let seen = (0..<positions[axis]).map { position -> Double in
                let start = position * stride[axis] - padding[axis]
                return Double(min(start + size[axis], input[axis] + padding[axis]) - start)
            }
            return counts.expandingDims(-1) * Tensor(seen, dtype: .float32)
        }
    }
}
