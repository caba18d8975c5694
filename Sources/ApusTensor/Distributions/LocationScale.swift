// Families that are one distribution moved and stretched.

/// The same density between two numbers, 0 elsewhere.
public struct Uniform: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    public let low, high: Tensor

    public init(low: Tensor, high: Tensor) {
        let all = parameters(low, high)
        (self.low, self.high) = (all[0], all[1])
    }

    public var batchShape: Shape { low.shape }
    public var eventShape: Shape { [] }
    public var mean: Tensor { (low + high) * 0.5 }
    public var variance: Tensor { square(high - low) / 12 }
    public var entropy: Tensor { log(high - low) }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        quantile(Tensor.uniform(self.shape(ofDraws: shape), dtype: low.dtype, generator: generator))
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        `where`((value .>= low) .& (value .< high), -log(high - low), -Double.infinity)
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor { ((value - low) / (high - low)).clamped(0, 1) }

    /// The number that a draw is below with probability `p`.
    public func quantile(_ p: Tensor) -> Tensor { low + (high - low) * p }

    /// Infinite where `other` leaves out a part of this one.
    public func divergence(from other: Uniform) -> Tensor {
        let isInside = (other.low .<= low) .& (other.high .>= high)
        return `where`(isInside, log((other.high - other.low) / (high - low)), Double.infinity)
    }
}

/// `p(x) = exp(−|x − μ| / b) / 2b`.
public struct Laplace: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    /// μ and b.
    public let mean, scale: Tensor

    public init(mean: Tensor, scale: Tensor) {
        let all = parameters(mean, scale)
        (self.mean, self.scale) = (all[0], all[1])
    }

    public var batchShape: Shape { mean.shape }
    public var eventShape: Shape { [] }
    public var variance: Tensor { square(scale) * 2 }
    public var entropy: Tensor { log(scale * 2) + 1 }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        // The sign and the size of a number in (−1, 1)
        let drawn = self.shape(ofDraws: shape)
        let size = -log(positiveUniform(drawn, mean.dtype, generator))
        let isBelow = Tensor.bernoulli(drawn, probability: 0.5, generator: generator)
        return mean + scale * `where`(isBelow, -size, size)
    }

    public func logProbability(_ value: Tensor) -> Tensor { -abs(value - mean) / scale - log(scale * 2) }

    public func cumulativeProbability(_ value: Tensor) -> Tensor {
        let distance = (value - mean) / scale
        return 0.5 - sign(distance) * expm1(-abs(distance)) * 0.5
    }

    /// The number that a draw is below with probability `p`.
    public func quantile(_ p: Tensor) -> Tensor {
        let place = p - 0.5
        return mean - scale * sign(place) * log1p(abs(place) * -2)
    }

    public func divergence(from other: Laplace) -> Tensor {
        let distance = abs(mean - other.mean)
        let ratio = scale / other.scale
        return ratio * exp(-distance / scale) + distance / other.scale - log(ratio) - 1
    }
}

/// `p(x) = 1 / (π γ (1 + ((x − x₀) / γ)²))`, which has neither mean nor variance.
public struct Cauchy: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    /// x₀ and γ.
    public let location, scale: Tensor

    public init(location: Tensor, scale: Tensor) {
        let all = parameters(location, scale)
        (self.location, self.scale) = (all[0], all[1])
    }

    public var batchShape: Shape { location.shape }
    public var eventShape: Shape { [] }
    /// NaN.
    public var mean: Tensor { .full(like: location, Double.nan) }
    /// ∞.
    public var variance: Tensor { .full(like: location, Double.infinity) }
    public var entropy: Tensor { log(scale * (4 * Double.pi)) }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        quantile(Tensor.uniform(self.shape(ofDraws: shape), dtype: location.dtype, generator: generator))
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        -log1p(square((value - location) / scale)) - log(scale * Double.pi)
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor {
        atan((value - location) / scale) * (1 / Double.pi) + 0.5
    }

    /// The number that a draw is below with probability `p`.
    public func quantile(_ p: Tensor) -> Tensor { location + scale * tan((p - 0.5) * Double.pi) }

    /// Chyzak and Nielsen 2019.
    public func divergence(from other: Cauchy) -> Tensor {
        let sums = square(scale + other.scale) + square(location - other.location)
        return log(sums / (scale * other.scale * 4))
    }
}

/// `p(x) = exp(−z − e⁻ᶻ) / β` with `z = (x − μ) / β`: the largest of many.
public struct Gumbel: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    /// μ and β.
    public let location, scale: Tensor

    public init(location: Tensor, scale: Tensor) {
        let all = parameters(location, scale)
        (self.location, self.scale) = (all[0], all[1])
    }

    public var batchShape: Shape { location.shape }
    public var eventShape: Shape { [] }
    /// `μ + β γ`, γ being Euler's constant.
    public var mean: Tensor { location + scale * eulerGamma }
    /// `π² β² / 6`
    public var variance: Tensor { square(scale) * (Double.pi * Double.pi / 6) }
    public var entropy: Tensor { log(scale) + (eulerGamma + 1) }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        location + scale * standardGumbel(self.shape(ofDraws: shape), location.dtype, generator)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let z = (value - location) / scale
        return -z - exp(-z) - log(scale)
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor { exp(-exp((location - value) / scale)) }

    /// The number that a draw is below with probability `p`.
    public func quantile(_ p: Tensor) -> Tensor { location - scale * log(-log(p)) }

    public func divergence(from other: Gumbel) -> Tensor {
        let ratio = scale / other.scale
        let shift = (other.location - location) / other.scale
        let tail = exp(shift + logGamma(ratio + 1))
        return ratio * eulerGamma - log(ratio) - shift + tail - (1 + eulerGamma)
    }
}

/// Draws of the Gumbel distribution at 0 of scale 1: `−log E` of exponential E.
func standardGumbel(_ shape: Shape, _ dtype: DType, _ generator: Generator) -> Tensor {
    let exponential = -log(positiveUniform(shape, dtype, generator))
    return -log(maximum(exponential, dtype.leastNormal))
}
