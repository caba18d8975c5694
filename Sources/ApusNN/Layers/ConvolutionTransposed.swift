/// The gradient of a convolution used as a layer: what ConvTranspose1d, 2d and 3d share. The stride spreads the input out.
///
/// - Input: `(N, inputs, …)`. Output: `(N, outputs, …)` of extents
///   `(size − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1`.
/// - Parameters: `weight (inputs, outputs / groups, kernel…)`, `bias (outputs)`, uniform in ±1/√(outputs / groups · Π kernel) at first.
public class ConvolutionTransposedLayer: Module, Layer {
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor?
    /// The kernel's extents, one for each spatial axis.
    public let kernelSize: [Int]
    /// How far apart inputs are spread along each spatial axis.
    public let stride: [Int]
    /// What is cut off both ends of the output along each spatial axis.
    public let padding: [Int]
    /// What is added to one end of the output along each spatial axis.
    public let outputPadding: [Int]
    /// The distance between kernel elements along each spatial axis; 1 is a dense kernel.
    public let dilation: [Int]
    /// Groups of channels that are convolved apart; divides inputs and outputs.
    public let groups: Int

    init(
        spatialRank: Int, _ inputs: Int, _ outputs: Int, kernelSize: any SpatialExtent, stride: any SpatialExtent,
        padding: any SpatialExtent, outputPadding: any SpatialExtent, dilation: any SpatialExtent, groups: Int,
        bias: Bool, generator: Generator
    ) {
        precondition(
            groups >= 1 && inputs % groups == 0 && outputs % groups == 0,
            "transposed convolution: \(inputs) input and \(outputs) output channels do not divide into \(groups) groups"
        )
        self.kernelSize = kernelSize.extents(spatialRank)
        self.stride = stride.extents(spatialRank)
        self.padding = padding.extents(spatialRank)
        self.outputPadding = outputPadding.extents(spatialRank)
        self.dilation = dilation.extents(spatialRank)
        self.groups = groups
        let shape = Shape([inputs, outputs / groups] + self.kernelSize)
        weight = .kaimingUniform(shape, slope: 5.0.squareRoot(), generator: generator)
        self.bias = bias ? .fanInUniform([outputs], fanIn: fans(of: shape).input, generator: generator) : nil
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            convolutionTransposed(
                x, weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding,
                dilation: dilation, groups: groups)
        }
    }

    /// The same with an output of these extents, in place of what `outputPadding` makes of them.
    public func callAsFunction(_ x: Tensor, outputSize: [Int]) -> Tensor {
        traced(x) {
            let rank = stride.count
            let extra = (0..<rank).map { axis -> Int in
                let spread: Int = (x.shape[x.rank - rank + axis] - 1) * stride[axis] - 2 * padding[axis]
                return outputSize[axis] - spread - dilation[axis] * (kernelSize[axis] - 1) - 1
            }
            guard zip(extra, stride).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
                reportTensorError(
                    TensorError("\(type(of: self)): \(x.shape) does not come from \(outputSize) by strides \(stride)"))
                return x
            }
            return convolutionTransposed(
                x, weight, bias: bias, stride: stride, padding: padding, outputPadding: extra, dilation: dilation,
                groups: groups)
        }
    }
}

/// Transposed convolution over one axis. Input: `(N, C, L)`. See `ConvolutionTransposedLayer`.
public final class ConvTranspose1d: ConvolutionTransposedLayer {
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        dilation: Int = 1, groups: Int = 1, bias: Bool = true, generator: Generator = .current
    ) {
        super.init(
            spatialRank: 1, inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding,
            outputPadding: outputPadding, dilation: dilation, groups: groups, bias: bias, generator: generator)
    }
}

/// Transposed convolution over two axes. Input: `(N, C, H, W)`. See `ConvolutionTransposedLayer`.
public final class ConvTranspose2d: ConvolutionTransposedLayer {
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: any SpatialExtent, stride: any SpatialExtent = 1,
        padding: any SpatialExtent = 0, outputPadding: any SpatialExtent = 0, dilation: any SpatialExtent = 1,
        groups: Int = 1, bias: Bool = true, generator: Generator = .current
    ) {
        super.init(
            spatialRank: 2, inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding,
            outputPadding: outputPadding, dilation: dilation, groups: groups, bias: bias, generator: generator)
    }
}

/// Transposed convolution over three axes. Input: `(N, C, D, H, W)`. See `ConvolutionTransposedLayer`.
public final class ConvTranspose3d: ConvolutionTransposedLayer {
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: any SpatialExtent, stride: any SpatialExtent = 1,
        padding: any SpatialExtent = 0, outputPadding: any SpatialExtent = 0, dilation: any SpatialExtent = 1,
        groups: Int = 1, bias: Bool = true, generator: Generator = .current
    ) {
        super.init(
            spatialRank: 3, inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding,
            outputPadding: outputPadding, dilation: dilation, groups: groups, bias: bias, generator: generator)
    }
}
