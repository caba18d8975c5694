// The functions between layers.

/// `max(x, 0)`, whose gradient at 0 is 0.
public func relu(_ x: Tensor) -> Tensor { x.dtype.isFloatingPoint ? .unary(.relu, x) : maximum(x, 0) }

/// `min(max(x, 0), 6)`
public func relu6(_ x: Tensor) -> Tensor { hardTanh(x, low: 0, high: 6) }

/// `1 / (1 + exp(−x))`
public func sigmoid(_ x: Tensor) -> Tensor { .unary(.sigmoid, x) }

/// `log(sigmoid(x))` without underflow.
public func logSigmoid(_ x: Tensor) -> Tensor { minimum(x, 0) - log1p(exp(-abs(x))) }

/// `x` where positive, `slope · x` elsewhere.
public func leakyReLU(_ x: Tensor, slope: Double = 0.01) -> Tensor { `where`(x .> 0, x, x * slope) }

/// `x` where positive, `α (exp(x) − 1)` elsewhere.
public func elu(_ x: Tensor, alpha: Double = 1) -> Tensor { `where`(x .> 0, x, expm1(x.clamped(nil, 0)) * alpha) }

/// Scaled ELU (Klambauer et al. 2017).
public func selu(_ x: Tensor) -> Tensor { elu(x, alpha: 1.6732632423543772) * 1.0507009873554805 }

/// Continuously differentiable ELU (Barron 2017).
public func celu(_ x: Tensor, alpha: Double = 1) -> Tensor {
    `where`(x .> 0, x, expm1(x.clamped(nil, 0) / alpha) * alpha)
}

/// `log(1 + exp(βx)) / β` without overflow.
public func softplus(_ x: Tensor, beta: Double = 1) -> Tensor {
    let scaled = x * beta
    return (maximum(scaled, 0) + log1p(exp(-abs(scaled)))) / beta
}

/// `x / (1 + |x|)`
public func softsign(_ x: Tensor) -> Tensor { x / (abs(x) + 1) }

/// `x · sigmoid(x)`, also called swish.
public func silu(_ x: Tensor) -> Tensor { x * sigmoid(x) }

/// `x · tanh(softplus(x))` (Misra 2019).
public func mish(_ x: Tensor) -> Tensor { x * tanh(softplus(x)) }

/// How `gelu` computes the normal distribution's function.
public enum GELUApproximation: String, Sendable, Codable {
    case none, tanh
}

/// `x · Φ(x)`, Φ the normal distribution's function (Hendrycks and Gimpel 2016).
public func gelu(_ x: Tensor, approximate: GELUApproximation = .none) -> Tensor {
    switch approximate {
    case .none: x * 0.5 * (erf(x * 0.7071067811865476) + 1)
    case .tanh: x * 0.5 * (tanh((x + x * x * x * 0.044715) * 0.7978845608028654) + 1)
    }
}

/// `relu6(x + 3) / 6`
public func hardSigmoid(_ x: Tensor) -> Tensor { relu6(x + 3) / 6 }

/// `x · hardSigmoid(x)`
public func hardSwish(_ x: Tensor) -> Tensor { x * hardSigmoid(x) }

/// `x` limited to [low, high]; the gradient at the limits is 0.
public func hardTanh(_ x: Tensor, low: Double = -1, high: Double = 1) -> Tensor {
    let (low, high) = (x.operand(low), x.operand(high))
    return `where`(x .<= low, low, `where`(x .>= high, high, x))
}

/// `exp(x) / Σ exp(x)` along `axis`.
public func softmax(_ x: Tensor, axis: Int = -1) -> Tensor {
    let x = x.floating
    guard let axis = x.resolvedAxis("softmax", axis) else { return x }
    return Tensor(.softmax(axis: axis), x)
}

/// `x − log Σ exp(x)` along `axis`.
public func logSoftmax(_ x: Tensor, axis: Int = -1) -> Tensor {
    let x = x.floating
    guard let axis = x.resolvedAxis("logSoftmax", axis) else { return x }
    return Tensor(.logSoftmax(axis: axis), x)
}

/// Softmax of `−x`.
public func softmin(_ x: Tensor, axis: Int = -1) -> Tensor { softmax(-x, axis: axis) }
