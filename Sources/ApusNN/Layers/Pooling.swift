/// A window sliding over the last axes: what the pooling layers share. Where there is no batch, `(C, …)` is a batch of one.
public class PoolingLayer: Module, Layer {
    /// The window's extents, one for each spatial axis.
    public let kernelSize: [Int]
    /// The window's step along each spatial axis; `kernelSize` by default.
    public let stride: [Int]
    /// The width of the padding on both sides of each spatial axis.
    public let padding: [Int]
    /// Whether a window that reaches beyond the end counts, if it starts inside.
    public let ceilMode: Bool

    init(
        spatialRank: Int, _ kernelSize: any SpatialExtent, _ stride: (any SpatialExtent)?, _ padding: any SpatialExtent,
        _ ceilMode: Bool
    ) {
        self.kernelSize = kernelSize.extents(spatialRank)
        self.stride = stride?.extents(spatialRank) ?? self.kernelSize
        self.padding = padding.extents(spatialRank)
        self.ceilMode = ceilMode
    }

    func pool(_ x: Tensor) -> Tensor { fatalError("\(type(of: self)) must say how it pools") }

    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { pool(x) } }
}

// MARK: Maxima

/// The largest element in each window: what MaxPool1d, 2d and 3d share.
public class MaxPoolLayer: PoolingLayer {
    /// The distance between a window's elements along each spatial axis.
    public let dilation: [Int]

    init(
        spatialRank: Int, _ kernelSize: any SpatialExtent, _ stride: (any SpatialExtent)?, _ padding: any SpatialExtent,
        _ dilation: any SpatialExtent, _ ceilMode: Bool
    ) {
        self.dilation = dilation.extents(spatialRank)
        super.init(spatialRank: spatialRank, kernelSize, stride, padding, ceilMode)
    }

    override func pool(_ x: Tensor) -> Tensor {
        switch kernelSize.count {
        case 1: maxPool1d(x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
        case 2: maxPool2d(x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
        default: maxPool3d(x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
        }
    }

    /// The largest elements and their places, which `MaxUnpool` takes. Input: `(N, C, …)`.
    public func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
        traced(x) {
            maxPoolWithIndices(
                x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
        }
    }
}

/// The largest element in each window. Input: `(N, C, L)`.
public final class MaxPool1d: MaxPoolLayer {
    public init(kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false) {
        super.init(spatialRank: 1, kernelSize, stride, padding, dilation, ceilMode)
    }
}

/// The largest element in each window. Input: `(N, C, H, W)`.
public final class MaxPool2d: MaxPoolLayer {
    public init(
        kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
        dilation: any SpatialExtent = 1, ceilMode: Bool = false
    ) {
        super.init(spatialRank: 2, kernelSize, stride, padding, dilation, ceilMode)
    }
}

/// The largest element in each window. Input: `(N, C, D, H, W)`.
public final class MaxPool3d: MaxPoolLayer {
    public init(
        kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
        dilation: any SpatialExtent = 1, ceilMode: Bool = false
    ) {
        super.init(spatialRank: 3, kernelSize, stride, padding, dilation, ceilMode)
    }
}

/// What a max pool layer kept, put back to where it was; zeros elsewhere. As many spatial axes as the window has.
public final class MaxUnpool: Module {
    /// The window's extents.
    public let kernelSize: [Int]
    /// The window's step along each spatial axis; `kernelSize` by default.
    public let stride: [Int]
    /// The width of the padding that the pooling had.
    public let padding: [Int]

    public init(kernelSize: [Int], stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0) {
        self.kernelSize = kernelSize
        self.stride = stride?.extents(kernelSize.count) ?? kernelSize
        self.padding = padding.extents(kernelSize.count)
    }

    /// - Parameter outputSize: the extents that were pooled; `(size − 1) · stride − 2 · padding + kernelSize` by default.
    public func callAsFunction(_ x: Tensor, _ indices: Tensor, outputSize: [Int]? = nil) -> Tensor {
        traced(x, indices) {
            let size = zip(kernelSize.indices, x.shape.suffix(kernelSize.count)).map { axis, extent in
                (extent - 1) * stride[axis] - 2 * padding[axis] + kernelSize[axis]
            }
            return maxUnpool(x, indices, outputSize: outputSize ?? size)
        }
    }
}

/// The largest element of windows at random distances (Graham 2014). See `fractionalMaxPool`.
public final class FractionalMaxPool: Module, Layer {
    /// The window's extents, one for each spatial axis.
    public let kernelSize: [Int]
    /// The output's extents; nil where `outputRatio` says them.
    public let outputSize: [Int]?
    /// The output's extents as parts of the input's.
    public let outputRatio: [Double]?

    public init(kernelSize: [Int], outputSize: [Int]) {
        self.kernelSize = kernelSize
        self.outputSize = outputSize
        outputRatio = nil
    }

    public init(kernelSize: [Int], outputRatio: [Double]) {
        self.kernelSize = kernelSize
        self.outputRatio = outputRatio
        outputSize = nil
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { withIndices(x).values }

    /// The largest elements and their places. Values of `Generator.current` say where the windows lie.
    public func withIndices(_ x: Tensor, samples: Tensor? = nil) -> (values: Tensor, indices: Tensor) {
        traced(x) {
            let ratios = outputRatio ?? []
            let size = outputSize ?? zip(x.shape.suffix(ratios.count), ratios).map { Int(Double($0) * $1) }
            return fractionalMaxPool(x, kernelSize, outputSize: size, samples: samples)
        }
    }
}

// MARK: Means

/// The mean of each window: what AvgPool1d, 2d and 3d share.
public class AvgPoolLayer: PoolingLayer {
    /// Whether zeros of the padding count as elements.
    public let countsPadding: Bool
    /// What sums are divided by in place of the elements' count.
    public let divisor: Int?

    init(
        spatialRank: Int, _ kernelSize: any SpatialExtent, _ stride: (any SpatialExtent)?, _ padding: any SpatialExtent,
        _ ceilMode: Bool, _ countsPadding: Bool, _ divisor: Int?
    ) {
        self.countsPadding = countsPadding
        self.divisor = divisor
        super.init(spatialRank: spatialRank, kernelSize, stride, padding, ceilMode)
    }

    override func pool(_ x: Tensor) -> Tensor {
        let pool =
            switch kernelSize.count {
            case 1: avgPool1d
            case 2: avgPool2d
            default: avgPool3d
            }
        return pool(x, kernelSize, stride, padding, ceilMode, countsPadding, divisor)
    }
}

/// The mean of each window. Input: `(N, C, L)`.
public final class AvgPool1d: AvgPoolLayer {
    public init(
        kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false, countsPadding: Bool = true
    ) {
        super.init(spatialRank: 1, kernelSize, stride, padding, ceilMode, countsPadding, nil)
    }
}

/// The mean of each window. Input: `(N, C, H, W)`.
public final class AvgPool2d: AvgPoolLayer {
    public init(
        kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
        ceilMode: Bool = false, countsPadding: Bool = true, divisor: Int? = nil
    ) {
        super.init(spatialRank: 2, kernelSize, stride, padding, ceilMode, countsPadding, divisor)
    }
}

/// The mean of each window. Input: `(N, C, D, H, W)`.
public final class AvgPool3d: AvgPoolLayer {
    public init(
        kernelSize: any SpatialExtent, stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
        ceilMode: Bool = false, countsPadding: Bool = true, divisor: Int? = nil
    ) {
        super.init(spatialRank: 3, kernelSize, stride, padding, ceilMode, countsPadding, divisor)
    }
}

/// `(Σ xᵖ)^(1/p)` over each window, as many axes as the window has. See `lpPool`.
public final class LPPool: PoolingLayer {
    /// The power p.
    public let order: Double

    public init(
        order: Double, kernelSize: [Int], stride: (any SpatialExtent)? = nil, ceilMode: Bool = false
    ) {
        self.order = order
        super.init(spatialRank: kernelSize.count, kernelSize, stride, 0, ceilMode)
    }

    override func pool(_ x: Tensor) -> Tensor {
        lpPool(x, order: order, kernelSize, stride: stride, ceilMode: ceilMode)
    }
}
