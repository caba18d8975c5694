// Pooling: a window that slides over the last axes of (N, C, …).

private func pooled(
    _ kind: PoolingKind, _ x: Tensor, _ rank: Int, _ kernelSize: any SpatialExtent, _ stride: (any SpatialExtent)?,
    _ padding: any SpatialExtent, countsPadding: Bool = true
) -> Tensor {
    let window = kernelSize.extents(rank)
    let padding = padding.extents(rank)
    let pooling = Pooling(
        kind, windowSize: window, stride: stride?.extents(rank) ?? window, paddingLow: padding, paddingHigh: padding,
        countsPadding: countsPadding)
    return Tensor(.pool(pooling), x)
}

/// The largest element in each window. Input: `(N, C, L)`; the stride is the window's size where it isn't given.
public func maxPool1d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0
) -> Tensor { pooled(.maximum, x, 1, kernelSize, stride, padding) }

/// The largest element in each window. Input: `(N, C, H, W)`.
public func maxPool2d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0
) -> Tensor { pooled(.maximum, x, 2, kernelSize, stride, padding) }

/// The largest element in each window. Input: `(N, C, D, H, W)`.
public func maxPool3d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0
) -> Tensor { pooled(.maximum, x, 3, kernelSize, stride, padding) }

/// The mean of each window. Input: `(N, C, L)`.
public func avgPool1d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    countsPadding: Bool = true
) -> Tensor { pooled(.average, x, 1, kernelSize, stride, padding, countsPadding: countsPadding) }

/// The mean of each window. Input: `(N, C, H, W)`.
public func avgPool2d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    countsPadding: Bool = true
) -> Tensor { pooled(.average, x, 2, kernelSize, stride, padding, countsPadding: countsPadding) }

/// The mean of each window. Input: `(N, C, D, H, W)`.
public func avgPool3d(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    countsPadding: Bool = true
) -> Tensor { pooled(.average, x, 3, kernelSize, stride, padding, countsPadding: countsPadding) }
