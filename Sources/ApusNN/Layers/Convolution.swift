/// How a convolution treats its input's edges.
public enum ConvolutionPadding: Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    /// As many zeros on both sides, one number for each axis or one for all.
    case zeros([Int])
    /// Zeros so that the output is as large as the input; the stride must be 1.
    case same

    public init(integerLiteral value: Int) { self = .zeros([value]) }
    public init(arrayLiteral elements: Int...) { self = .zeros(elements) }
    /// As many zeros on both sides of every axis.
    public static func zeros(_ width: Int) -> ConvolutionPadding { .zeros([width]) }
}

/// Cross-correlation with learned kernels: what Conv1d, Conv2d and Conv3d share.
///
/// `y[n, o] = b[o] + Σ_c Σ_k weight[o, c, k] · x[n, c, stride · i + dilation · k − padding]`
///
/// - Input: `(N, inputs, …)`. Output: `(N, outputs, …)` of extents `⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1`.
/// - Parameters: `weight (outputs, inputs / groups, kernel…)`, `bias (outputs)`, uniform in ±1/√(inputs / groups · Π kernel) at first.
public class ConvolutionLayer: Module, Layer {
    /// The window's step along each spatial axis.
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor?
    public let stride: [Int]
    /// How the edges are treated.
    public let padding: ConvolutionPadding
    /// The distance between kernel elements along each spatial axis; 1 is a dense kernel.
    public let dilation: [Int]
    /// Groups of channels that are convolved apart; divides inputs and outputs.
    public let groups: Int

    init(
        spatialRank: Int, _ inputs: Int, _ outputs: Int, kernelSize: any SpatialExtent, stride: any SpatialExtent,
        padding: ConvolutionPadding, dilation: any SpatialExtent, groups: Int, bias: Bool, generator: Generator
    ) {
        precondition(
            groups >= 1 && inputs % groups == 0 && outputs % groups == 0,
            "convolution: \(inputs) input and \(outputs) output channels do not divide into \(groups) groups")
        self.stride = stride.extents(spatialRank)
        self.padding = padding
        self.dilation = dilation.extents(spatialRank)
        self.groups = groups
        if case .same = padding {
            precondition(self.stride.allSatisfy { $0 == 1 }, "convolution: padding .same needs stride 1, not \(stride)")
        }
        let shape = Shape([outputs, inputs / groups] + kernelSize.extents(spatialRank))
        weight = .kaimingUniform(shape, slope: 5.0.squareRoot(), generator: generator)
        self.bias = bias ? .fanInUniform([outputs], fanIn: fans(of: shape).input, generator: generator) : nil
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            let rank = stride.count
            switch padding {
            case .zeros(let width):
                return convolution(
                    x, weight, bias: bias, stride: stride,
                    padding: width.count == 1 ? width[0].extents(rank) : width.extents(rank), dilation: dilation,
                    groups: groups)
            case .same:
                return convolution(
                    paddedToSame(x), weight, bias: bias, stride: stride, dilation: dilation, groups: groups)
            }
        }
    }

    /// An odd number of zeros has the larger part behind, as in PyTorch.
    private func paddedToSame(_ x: Tensor) -> Tensor {
        let widths = dilation.indices.map { axis -> (Int, Int) in
            let total = dilation[axis] * (weight.shape[axis + 2] - 1)
            return (total / 2, total - total / 2)
        }
        return x.padded([(0, 0), (0, 0)] + widths)
    }
}

/// Convolution over one axis. Input: `(N, C, L)`. See `ConvolutionLayer`.
public final class Conv1d: ConvolutionLayer {
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: ConvolutionPadding = 0,
        dilation: Int = 1, groups: Int = 1, bias: Bool = true, generator: Generator = .current
    ) {
        super.init(
            spatialRank: 1, inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding,
            dilation: dilation, groups: groups, bias: bias, generator: generator)
    }
}

/// Convolution over two axes. Input: `(N, C, H, W)`. See `ConvolutionLayer`.
public final class Conv2d: ConvolutionLayer {
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: any SpatialExtent, stride: any SpatialExtent = 1,
        padding: ConvolutionPadding = 0, dilation: any SpatialExtent = 1, groups: Int = 1, bias: Bool = true,
        generator: Generator = .current
    ) {
        super.init(
            spatialRank: 2, inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding,
            dilation: dilation, groups: groups, bias: bias, generator: generator)
    }
}

/// Convolution over three axes. Input: `(N, C, D, H, W)`. See `ConvolutionLayer`.
public final class Conv3d: ConvolutionLayer {
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: any SpatialExtent, stride: any SpatialExtent = 1,
        padding: ConvolutionPadding = 0, dilation: any SpatialExtent = 1, groups: Int = 1, bias: Bool = true,
        generator: Generator = .current
    ) {
        super.init(
            spatialRank: 3, inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding,
            dilation: dilation, groups: groups, bias: bias, generator: generator)
    }
}
