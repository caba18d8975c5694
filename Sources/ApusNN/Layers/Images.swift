// What rearranges and resizes images, as layers.

/// Channels as blocks of pixels: `(N, C · f², H, W) → (N, C, H · f, W · f)`. See `pixelShuffle`.
public final class PixelShuffle: Module, Layer {
    /// How many times larger height and width become.
    public let factor: Int
    public init(_ factor: Int) { self.factor = factor }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { pixelShuffle(x, factor) } }
}

/// Blocks of pixels as channels, the inverse of `PixelShuffle`.
public final class PixelUnshuffle: Module, Layer {
    /// How many times smaller height and width become.
    public let factor: Int
    public init(_ factor: Int) { self.factor = factor }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { pixelUnshuffle(x, factor) } }
}

/// Channels of groups by turns (Zhang et al. 2018). See `channelShuffle`.
public final class ChannelShuffle: Module, Layer {
    /// How many groups the channels are in.
    public let groups: Int
    public init(groups: Int) { self.groups = groups }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { channelShuffle(x, groups: groups) } }
}

/// An image in another size. See `interpolate`.
public final class Upsample: Module, Layer {
    /// The output's extents, one for all axes or one for each; nil where `scale` says them.
    public let size: [Int]?
    /// How many times larger the output is, one number for all axes or one for each.
    public let scale: [Double]?
    /// How values between pixels come about; nearest by default.
    public let mode: InterpolationMode
    /// Whether the centres of the corner pixels keep their places.
    public let alignCorners: Bool

    public init(size: [Int], mode: InterpolationMode = .nearest, alignCorners: Bool = false) {
        self.size = size
        self.mode = mode
        self.alignCorners = alignCorners
        scale = nil
    }

    public init(scale: [Double], mode: InterpolationMode = .nearest, alignCorners: Bool = false) {
        self.scale = scale
        self.mode = mode
        self.alignCorners = alignCorners
        size = nil
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            guard let size else { return interpolate(x, scale: scale!, mode: mode, alignCorners: alignCorners) }
            let extents: any SpatialExtent = size.count == 1 ? size[0] : size
            return interpolate(x, size: extents, mode: mode, alignCorners: alignCorners)
        }
    }
}

/// The windows of a convolution as columns. See `unfold`.
public final class Unfold: Module, Layer {
    /// The window's extents, one for each spatial axis.
    public let kernelSize: [Int]
    /// The window's step, the padding on both sides and the distance between the window's elements, along each spatial axis.
    public let stride, padding, dilation: [Int]

    public init(
        kernelSize: [Int], stride: any SpatialExtent = 1, padding: any SpatialExtent = 0,
        dilation: any SpatialExtent = 1
    ) {
        let rank = kernelSize.count
        self.kernelSize = kernelSize
        self.stride = stride.extents(rank)
        self.padding = padding.extents(rank)
        self.dilation = dilation.extents(rank)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            withBatch(x, rank: kernelSize.count + 2) {
                unfold($0, kernelSize, stride: stride, padding: padding, dilation: dilation)
            }
        }
    }
}

/// The sum of windows into an image. See `fold`.
public final class Fold: Module, Layer {
    /// The image's extents.
    public let outputSize: [Int]
    /// The window's extents, one for each spatial axis.
    public let kernelSize: [Int]
    /// The window's step, the padding on both sides and the distance between the window's elements, along each spatial axis.
    public let stride, padding, dilation: [Int]

    public init(
        outputSize: [Int], kernelSize: [Int], stride: any SpatialExtent = 1, padding: any SpatialExtent = 0,
        dilation: any SpatialExtent = 1
    ) {
        let rank = kernelSize.count
        self.outputSize = outputSize
        self.kernelSize = kernelSize
        self.stride = stride.extents(rank)
        self.padding = padding.extents(rank)
        self.dilation = dilation.extents(rank)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            withBatch(x, rank: 3) {
                fold($0, outputSize: outputSize, kernelSize, stride: stride, padding: padding, dilation: dilation)
            }
        }
    }
}
