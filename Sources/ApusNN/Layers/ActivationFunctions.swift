// Activations that have a layer and are compositions of others.

/// `x` moved toward 0 by `threshold`, 0 where it is nearer.
public func softshrink(_ x: Tensor, threshold: Double = 0.5) -> Tensor { x - x.clamped(-threshold, threshold) }

/// `x` where `|x| > threshold`, 0 elsewhere.
public func hardshrink(_ x: Tensor, threshold: Double = 0.5) -> Tensor { `where`(abs(x) .> threshold, x, 0) }

/// `x − tanh(x)`
public func tanhshrink(_ x: Tensor) -> Tensor { x - tanh(x) }

/// `x` where `x > threshold`, `value` elsewhere.
public func threshold(_ x: Tensor, _ threshold: Double, value: Double) -> Tensor { `where`(x .> threshold, x, value) }

/// Half of an axis times the sigmoid of the other half (Dauphin et al. 2017).
public func glu(_ x: Tensor, axis: Int = -1) -> Tensor {
    let halves = x.chunked(2, axis: axis)
    return halves[0] * sigmoid(halves[1])
}

/// `x` where positive, `weight · x` elsewhere, with one slope or one for each channel of `(N, C, …)` (He et al. 2015).
public func prelu(_ x: Tensor, _ weight: Tensor) -> Tensor {
    `where`(x .> 0, x, x * (x.rank > 1 ? weight.alongChannels(of: x) : weight))
}

/// `x` where positive, elsewhere `x` times a slope: one drawn uniformly from [low, high) for each element in training, their mean otherwise
/// (Xu et al. 2015).
public func rrelu(
    _ x: Tensor, low: Double = 1.0 / 8, high: Double = 1.0 / 3, isTraining: Bool = false,
    generator: Generator = .current
) -> Tensor {
    guard isTraining else { return leakyReLU(x, slope: (low + high) / 2) }
    let slopes = Tensor.uniform(x.shape, low: low, high: high, generator: generator).cast(to: x.dtype)
    return `where`(x .> 0, x, x * slopes)
}

/// A sample from the distribution that `softmax(logits)` is, softened by a temperature (Jang et al. 2017; Maddison et al. 2017).
///
/// - Parameters:
///   - isHard: whether the sample is a 1 among zeros, with the gradient of the soft one.
///   - axis: along which the sample sums to 1.
public func gumbelSoftmax(
    _ logits: Tensor, temperature: Double = 1, isHard: Bool = false, axis: Int = -1, generator: Generator = .current
) -> Tensor {
    let uniform = Tensor.uniform(logits.shape, generator: generator)
    // −log(−log u), kept off the infinities.
    let exponential = -log(uniform.clamped(1e-20, nil))
    let noise = -log(exponential.clamped(1e-20, nil))
    let soft = softmax((logits + noise.cast(to: logits.dtype)) / temperature, axis: axis)
    guard isHard else { return soft }
    let place = axis < 0 ? axis + logits.rank : axis
    let winners = soft.argMax(axis: axis, keepingAxes: true)
    let hard = (Tensor.iota(soft.shape, axis: place) .== winners).cast(to: soft.dtype)
    return stopGradient(hard - soft) + soft
}
