// Divergences between families: `−H(p) − E[log q(x)]`, so that only the expectation is written down. Where p has values
// that q does not, they are infinite and not here.

// MARK: From any family to a normal distribution, by mean and variance alone

public func klDivergence(_ p: Beta, _ q: Normal) -> Tensor { q.divergence(fromMomentsOf: p) }
public func klDivergence(_ p: Exponential, _ q: Normal) -> Tensor { q.divergence(fromMomentsOf: p) }
public func klDivergence(_ p: Gamma, _ q: Normal) -> Tensor { q.divergence(fromMomentsOf: p) }
public func klDivergence(_ p: Gumbel, _ q: Normal) -> Tensor { q.divergence(fromMomentsOf: p) }
public func klDivergence(_ p: Laplace, _ q: Normal) -> Tensor { q.divergence(fromMomentsOf: p) }
public func klDivergence(_ p: Uniform, _ q: Normal) -> Tensor { q.divergence(fromMomentsOf: p) }

extension Normal {
    fileprivate func divergence(fromMomentsOf p: some EntropicDistribution) -> Tensor {
        let spread = (p.variance + square(p.mean - mean)) / variance
        return (spread + log(variance) + logTau) * 0.5 - p.entropy
    }
}

// MARK: To distributions of positive numbers

public func klDivergence(_ p: Gamma, _ q: Exponential) -> Tensor { q.rate * p.mean - log(q.rate) - p.entropy }
public func klDivergence(_ p: Beta, _ q: Exponential) -> Tensor { q.rate * p.mean - log(q.rate) - p.entropy }

/// Infinite where `p` reaches below 0.
public func klDivergence(_ p: Uniform, _ q: Exponential) -> Tensor {
    `where`(p.low .< 0, Double.infinity, q.rate * p.mean - log(q.rate) - p.entropy)
}

public func klDivergence(_ p: Exponential, _ q: Gamma) -> Tensor {
    q.crossEntropy(mean: p.mean, meanLogarithm: -log(p.rate) - eulerGamma) - p.entropy
}

public func klDivergence(_ p: Beta, _ q: Gamma) -> Tensor {
    q.crossEntropy(mean: p.mean, meanLogarithm: digamma(p.a) - digamma(p.a + p.b)) - p.entropy
}

extension Gamma {
    /// `−E[log q(x)]` from `E[x]` and `E[log x]`.
    fileprivate func crossEntropy(mean: Tensor, meanLogarithm: Tensor) -> Tensor {
        let volume = logGamma(concentration) - concentration * log(rate)
        return volume - (concentration - 1) * meanLogarithm + rate * mean
    }
}

/// Infinite where `q` leaves out a part of (0, 1).
public func klDivergence(_ p: Beta, _ q: Uniform) -> Tensor {
    let isInside = (q.low .<= 0) .& (q.high .>= 1)
    return `where`(isInside, q.entropy - p.entropy, Double.infinity)
}

// MARK: To distributions by exponents

public func klDivergence(_ p: Normal, _ q: Laplace) -> Tensor {
    // E|x − m|
    let distance = p.mean - q.mean
    let ratio = distance / p.standardDeviation
    let even = p.standardDeviation * exp(square(ratio) * -0.5) * 0.7978845608028654  // √(2/π)
    let size = even + distance * erf(ratio * 0.7071067811865476)
    return size / q.scale + log(q.scale * 2) - p.entropy
}

public func klDivergence(_ p: Normal, _ q: Gumbel) -> Tensor {
    let z = (p.mean - q.location) / q.scale
    return z + exp(square(p.standardDeviation / q.scale) * 0.5 - z) + log(q.scale) - p.entropy
}

public func klDivergence(_ p: Exponential, _ q: Gumbel) -> Tensor {
    q.crossEntropy(mean: p.mean, meanExponential: p.rate / (p.rate + 1 / q.scale)) - p.entropy
}

public func klDivergence(_ p: Gamma, _ q: Gumbel) -> Tensor {
    let meanExponential = exp(-p.concentration * log1p(1 / (p.rate * q.scale)))
    return q.crossEntropy(mean: p.mean, meanExponential: meanExponential) - p.entropy
}

public func klDivergence(_ p: Uniform, _ q: Gumbel) -> Tensor {
    let ends = exp(-p.low / q.scale) - exp(-p.high / q.scale)
    return q.crossEntropy(mean: p.mean, meanExponential: q.scale * ends / (p.high - p.low)) - p.entropy
}

extension Gumbel {
    /// `−E[log q(x)]` from `E[x]` and `E[exp(−x / β)]`.
    fileprivate func crossEntropy(mean: Tensor, meanExponential: Tensor) -> Tensor {
        (mean - location) / scale + exp(location / scale) * meanExponential + log(scale)
    }
}

public func klDivergence(_ p: Bernoulli, _ q: Poisson) -> Tensor { q.rate - p.probability * log(q.rate) - p.entropy }
