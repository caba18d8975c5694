/// How a convolution treats its input's edges.
public enum ConvolutionPadding: Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    /// As many zeros on both sides, one number for each axis or one for all. With a `paddingMode`, as many other elements.
    case zeros([Int])
    /// So many that the output is as large as the input; the stride must be 1.
    case same

    public init(integerLiteral value: Int) { self = .zeros([value]) }
    public init(arrayLiteral elements: Int...) { self = .zeros(elements) }
    /// As many zeros on both sides of every axis.
    public static func zeros(_ width: Int) -> ConvolutionPadding { .zeros([width]) }
    /// None, PyTorch's "valid".
    public static var valid: ConvolutionPadding { .zeros([0]) }
}

/// Cross-correlation with learned kernels: what Conv1d, Conv2d and Conv3d share.
///
/// `y[n, o] = b[o] + Σ_c Σ_k weight[o, c, k] · x[n, c, stride · i + dilation · k − padding]`
///
/// - Input: `(N, inputs, …)`. Output: `(N, outputs, …)` of extents `⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1`.
/// - Parameters: `weight (outputs, inputs / groups, kernel…)`, `bias (outputs)`, uniform in ±1/√(inputs / groups · Π kernel) at first.
public class ConvolutionLayer: Module, Layer {
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor?
    /// The kernel's extents, one for each spatial axis.
    public let kernelSize: [Int]
    /// The window's step along each spatial axis.
    public let stride: [Int]
    /// How wide the padding is.
    public let padding: ConvolutionPadding
    /// What the padding is made of; nil for zeros.
    public let paddingMode: PaddingMode?
    /// The distance between kernel elements along each spatial axis; 1 is a dense kernel.
    public let dilation: [Int]
    /// Groups of channels that are convolved apart; divides inputs and outputs.
    public let groups: Int

    init(
        spatialRank: Int, _ inputs: Int, _ outputs: Int, kernelSize: any SpatialExtent, stride: any SpatialExtent,
        padding: ConvolutionPadding, paddingMode: PaddingMode?, dilation: any SpatialExtent, groups: Int, bias: Bool,
        generator: Generator
    ) {
        precondition(
            groups >= 1 && inputs % groups == 0 && outputs % groups == 0,
            "convolution: \(inputs) input and \(outputs) output channels do not divide into \(groups) groups")
        self.kernelSize = kernelSize.extents(spatialRank)
        self.stride = stride.extents(spatialRank)
        self.padding = padding
        self.paddingMode = paddingMode
        self.dilation = dilation.extents(spatialRank)
        self.groups = groups
        if case .same = padding {
            precondition(self.stride.allSatisfy { $0 == 1 }, "convolution: padding .same needs stride 1, not \(stride)")
        }
        let shape = Shape([outputs, inputs / groups] + self.kernelSize)
        weight = .kaimingUniform(shape, slope: 5.0.squareRoot(), generator: generator)
        self.bias = bias ? .fanInUniform([outputs], fanIn: fans(of: shape).input, generator: generator) : nil
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            if case .zeros(let width) = padding, paddingMode == nil {
                return convolution(
                    x, weight, bias: bias, stride: stride, padding: evenly(width), dilation: dilation, groups: groups)
            }
            return convolution(padded(x), weight, bias: bias, stride: stride, dilation: dilation, groups: groups)
        }
    }

    private func evenly(_ width: [Int]) -> [Int] {
        width.count == 1 ? width[0].extents(stride.count) : width.extents(stride.count)
    }

    private func padded(_ x: Tensor) -> Tensor {
        let none = [(Int, Int)](repeating: (0, 0), count: max(0, x.rank - stride.count))
        let around = none + widths
        return paddingMode.map { x.padded(around, mode: $0) } ?? x.padded(around)
    }

    /// The padding before and behind each spatial axis. An odd number of elements has the larger part behind, as in PyTorch.
    private var widths: [(Int, Int)] {
        switch padding {
        case .zeros(let width): evenly(width).map { ($0, $0) }
        case .same:
            dilation.indices.map { axis in
                let total = dilation[axis] * (kernelSize[axis] - 1)
                return (total / 2, total - total / 2)
            }
        }
    }
}

/// Convolution over one axis. Input: `(N, C, L)`. See `ConvolutionLayer`.
public final class Conv1d: ConvolutionLayer {
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: ConvolutionPadding = 0,
        paddingMode: PaddingMode? = nil, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
        generator: Generator = .current
    ) {
        super.init(
            spatialRank: 1, inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding,
            paddingMode: paddingMode, dilation: dilation, groups: groups, bias: bias, generator: generator)
    }
}

/// Convolution over two axes. Input: `(N, C, H, W)`. See `ConvolutionLayer`.
public final class Conv2d: ConvolutionLayer {
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: any SpatialExtent, stride: any SpatialExtent = 1,
        padding: ConvolutionPadding = 0, paddingMode: PaddingMode? = nil, dilation: any SpatialExtent = 1,
        groups: Int = 1, bias: Bool = true,
        generator: Generator = .current
    ) {
        super.init(
            spatialRank: 2, inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding,
            paddingMode: paddingMode, dilation: dilation, groups: groups, bias: bias, generator: generator)
    }
}

/// Convolution over three axes. Input: `(N, C, D, H, W)`. See `ConvolutionLayer`.
public final class Conv3d: ConvolutionLayer {
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: any SpatialExtent, stride: any SpatialExtent = 1,
        padding: ConvolutionPadding = 0, paddingMode: PaddingMode? = nil, dilation: any SpatialExtent = 1,
        groups: Int = 1, bias: Bool = true,
        generator: Generator = .current
    ) {
        super.init(
            spatialRank: 3, inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding,
            paddingMode: paddingMode, dilation: dilation, groups: groups, bias: bias, generator: generator)
    }
}
