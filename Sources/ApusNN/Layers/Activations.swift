// Functions as layers, for `Sequential`.

/// `max(x, 0)`
public final class ReLU: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { relu(x) } }
}

/// `min(max(x, 0), 6)`
public final class ReLU6: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { relu6(x) } }
}

/// `1 / (1 + exp(−x))`
public final class Sigmoid: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { sigmoid(x) } }
}

/// `log(sigmoid(x))`
public final class LogSigmoid: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { logSigmoid(x) } }
}

/// The hyperbolic tangent.
public final class Tanh: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { tanh(x) } }
}

/// Scaled ELU (Klambauer et al. 2017).
public final class SELU: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { selu(x) } }
}

/// `x · sigmoid(x)`, also called swish.
public final class SiLU: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { silu(x) } }
}

/// `x · tanh(softplus(x))` (Misra 2019).
public final class Mish: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { mish(x) } }
}

/// `x / (1 + |x|)`
public final class Softsign: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { softsign(x) } }
}

/// `relu6(x + 3) / 6`
public final class HardSigmoid: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { hardSigmoid(x) } }
}

/// `x · hardSigmoid(x)`
public final class HardSwish: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { hardSwish(x) } }
}

/// `x − tanh(x)`
public final class Tanhshrink: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { tanhshrink(x) } }
}

/// `x` where positive, `slope · x` elsewhere.
public final class LeakyReLU: Module, Layer {
    /// The slope where `x` is negative.
    public let slope: Double
    public init(slope: Double = 0.01) { self.slope = slope }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { leakyReLU(x, slope: slope) } }
}

/// `x` where positive, `α (exp(x) − 1)` elsewhere.
public final class ELU: Module, Layer {
    /// The factor α: the output tends to −α for large negative inputs.
    public let alpha: Double
    public init(alpha: Double = 1) { self.alpha = alpha }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { elu(x, alpha: alpha) } }
}

/// Continuously differentiable ELU (Barron 2017).
public final class CELU: Module, Layer {
    /// The factor α: the output tends to −α for large negative inputs.
    public let alpha: Double
    public init(alpha: Double = 1) { self.alpha = alpha }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { celu(x, alpha: alpha) } }
}

/// `log(1 + exp(βx)) / β`
public final class Softplus: Module, Layer {
    /// The sharpness β: the larger, the closer to ReLU.
    public let beta: Double
    public init(beta: Double = 1) { self.beta = beta }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { softplus(x, beta: beta) } }
}

/// `x · Φ(x)`, Φ the normal distribution's function (Hendrycks and Gimpel 2016).
public final class GELU: Module, Layer {
    /// Whether Φ is exact, the default, or approximated.
    public let approximate: GELUApproximation
    public init(approximate: GELUApproximation = .none) { self.approximate = approximate }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { gelu(x, approximate: approximate) } }
}

/// `x` limited to [low, high].
public final class HardTanh: Module, Layer {
    /// The smallest output, −1 by default.
    public let low: Double
    /// The largest output, 1 by default.
    public let high: Double
    public init(low: Double = -1, high: Double = 1) {
        self.low = low
        self.high = high
    }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { hardTanh(x, low: low, high: high) } }
}

/// `x` moved toward 0 by `threshold`, 0 where it is nearer.
public final class Softshrink: Module, Layer {
    /// How far inputs move toward 0; not negative.
    public let threshold: Double
    public init(threshold: Double = 0.5) { self.threshold = threshold }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { softshrink(x, threshold: threshold) } }
}

/// `x` where `|x| > threshold`, 0 elsewhere.
public final class Hardshrink: Module, Layer {
    /// The magnitude above which inputs pass.
    public let threshold: Double
    public init(threshold: Double = 0.5) { self.threshold = threshold }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { hardshrink(x, threshold: threshold) } }
}

/// `x` where `x > threshold`, `value` elsewhere.
public final class Threshold: Module, Layer {
    /// Inputs above it pass.
    public let threshold: Double
    /// What stands in place of the other inputs.
    public let value: Double
    public init(threshold: Double, value: Double) {
        self.threshold = threshold
        self.value = value
    }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { ApusNN.threshold(x, threshold, value: value) } }
}

/// `exp(x) / Σ exp(x)` along an axis.
public final class Softmax: Module, Layer {
    /// The axis along which the outputs sum to 1; the last by default.
    public let axis: Int
    public init(axis: Int = -1) { self.axis = axis }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { softmax(x, axis: axis) } }
}

/// `x − log Σ exp(x)` along an axis.
public final class LogSoftmax: Module, Layer {
    /// The axis along which the outputs' exponentials sum to 1; the last by default.
    public let axis: Int
    public init(axis: Int = -1) { self.axis = axis }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { logSoftmax(x, axis: axis) } }
}

/// Softmax of `−x`.
public final class Softmin: Module, Layer {
    /// The axis along which the outputs sum to 1; the last by default.
    public let axis: Int
    public init(axis: Int = -1) { self.axis = axis }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { softmin(x, axis: axis) } }
}

/// `x` where positive, `weight · x` elsewhere, with one learned slope or one for each channel (He et al. 2015).
///
/// - Input: `(N, C, …)`. Parameter: `weight`, 0.25 at first.
public final class PReLU: Module, Layer {
    @Parameter public var weight: Tensor

    public init(_ channels: Int = 1, slope: Double = 0.25) { weight = .full([channels], slope) }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) { prelu(x, weight) }
    }
}

/// Half of the channels times the sigmoid of the other half, along an axis (Dauphin et al. 2017).
public final class GLU: Module, Layer {
    /// The axis that is halved, of even extent; the last by default.
    public let axis: Int
    public init(axis: Int = -1) { self.axis = axis }
    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { glu(x, axis: axis) } }
}

/// `x` where positive, elsewhere `x` times a random slope in training, the mean slope in evaluation (Xu et al. 2015). See `rrelu`.
public final class RReLU: Module, Layer {
    /// The smallest slope, 1/8 by default.
    public let low: Double
    /// The largest slope, 1/3 by default.
    public let high: Double
    public init(low: Double = 1.0 / 8, high: Double = 1.0 / 3) {
        precondition(low <= high, "RReLU: slopes from \(low) to \(high)")
        self.low = low
        self.high = high
    }
    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) { rrelu(x, low: low, high: high, isTraining: isTraining) }
    }
}
