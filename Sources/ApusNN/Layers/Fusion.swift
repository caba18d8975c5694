// Norms as part of the layer before them, for evaluation: `norm(layer(x)) = w' x + b'`. The norm is then left out.

/// The layer's weight and bias with those of a batch norm behind it, whose running statistics are used (fuse_conv_bn_weights).
///
/// - Parameter outputAxis: the weight's axis that is the outputs': 0, but 1 for a transposed convolution.
public func fusedWeights(
    _ weight: Tensor, _ bias: Tensor?, _ norm: BatchNormLayer, outputAxis: Int = 0
) -> (weight: Tensor, bias: Tensor) {
    guard let mean = norm.runningMean, let variance = norm.runningVar else {
        preconditionFailure("fusedWeights: the norm has no running statistics")
    }
    var scale = rsqrt(variance + norm.epsilon)
    if let factor = norm.weight { scale = scale * factor }
    var shape = [Int](repeating: 1, count: weight.rank)
    shape[outputAxis] = scale.elementCount
    let shift = ((bias ?? .zeros(like: mean)) - mean) * scale
    return (weight * scale.reshaped(Shape(shape)), norm.bias.map { shift + $0 } ?? shift)
}

/// Makes a batch norm part of the convolution before it (fuse_conv_bn_eval).
public func fuse(_ norm: BatchNormLayer, into layer: ConvolutionLayer) {
    let (weight, bias) = fusedWeights(layer.weight, layer.bias, norm)
    (layer.weight, layer.bias) = (weight.evaluated(), bias.evaluated())
}

/// Makes a batch norm part of the transposed convolution before it, which must have one group.
public func fuse(_ norm: BatchNormLayer, into layer: ConvolutionTransposedLayer) {
    precondition(layer.groups == 1, "fuse: a transposed convolution of \(layer.groups) groups")
    let (weight, bias) = fusedWeights(layer.weight, layer.bias, norm, outputAxis: 1)
    (layer.weight, layer.bias) = (weight.evaluated(), bias.evaluated())
}

/// Makes a batch norm part of the linear layer before it (fuse_linear_bn_eval).
public func fuse(_ norm: BatchNormLayer, into layer: Linear) {
    let (weight, bias) = fusedWeights(layer.weight, layer.bias, norm)
    (layer.weight, layer.bias) = (weight.evaluated(), bias.evaluated())
}
