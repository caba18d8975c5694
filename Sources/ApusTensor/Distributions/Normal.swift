/// `p(x) = exp(−(x − μ)² / 2σ²) / (σ √2π)`. Draws are `μ + σ ε`.
public struct Normal: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    public let mean, standardDeviation: Tensor

    public init(mean: Tensor, standardDeviation: Tensor) {
        let all = parameters(mean, standardDeviation)
        (self.mean, self.standardDeviation) = (all[0], all[1])
    }

    public var batchShape: Shape { mean.shape }
    public var eventShape: Shape { [] }
    public var variance: Tensor { square(standardDeviation) }
    public var entropy: Tensor { log(standardDeviation) + (logTau + 1) / 2 }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        mean + standardDeviation
            * Tensor.normal(self.shape(ofDraws: shape), dtype: mean.dtype, generator: generator)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        square(standardized(value)) * -0.5 - log(standardDeviation) - logTau / 2
    }

    /// `Φ((x − μ) / σ)`
    public func cumulativeProbability(_ value: Tensor) -> Tensor { normalCDF(standardized(value)) }

    /// The number that a draw is below with probability `p`.
    public func quantile(_ p: Tensor) -> Tensor { mean + standardDeviation * normalQuantile(p) }

    public func divergence(from other: Normal) -> Tensor {
        let ratio = variance / other.variance
        let distance = square((mean - other.mean) / other.standardDeviation)
        return (ratio + distance - 1 - log(ratio)) * 0.5
    }

    private func standardized(_ value: Tensor) -> Tensor { (value - mean) / standardDeviation }
}

/// `exp(X)` of a normal X with mean μ and standard deviation σ.
public struct LogNormal: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    /// The distribution of the logarithm.
    public let logarithm: Normal

    public init(mean: Tensor, standardDeviation: Tensor) {
        logarithm = Normal(mean: mean, standardDeviation: standardDeviation)
    }

    public var batchShape: Shape { logarithm.batchShape }
    public var eventShape: Shape { [] }
    /// `exp(μ + σ²/2)`
    public var mean: Tensor { exp(logarithm.mean + logarithm.variance * 0.5) }
    /// `(exp(σ²) − 1) exp(2μ + σ²)`
    public var variance: Tensor { expm1(logarithm.variance) * exp(logarithm.mean * 2 + logarithm.variance) }
    public var entropy: Tensor { logarithm.entropy + logarithm.mean }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        exp(logarithm.sample(shape, generator: generator))
    }

    public func logProbability(_ value: Tensor) -> Tensor { logarithm.logProbability(log(value)) - log(value) }

    public func cumulativeProbability(_ value: Tensor) -> Tensor { logarithm.cumulativeProbability(log(value)) }

    /// The number that a draw is below with probability `p`.
    public func quantile(_ p: Tensor) -> Tensor { exp(logarithm.quantile(p)) }

    public func divergence(from other: LogNormal) -> Tensor { logarithm.divergence(from: other.logarithm) }
}

/// `|X|` of a normal X with mean 0 and standard deviation σ.
public struct HalfNormal: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    /// σ, which is not the standard deviation of |X|.
    public let scale: Tensor

    public init(scale: Tensor) { self.scale = scale.floating }

    public var batchShape: Shape { scale.shape }
    public var eventShape: Shape { [] }
    /// `σ √(2/π)`
    public var mean: Tensor { scale * 0.7978845608028654 }
    /// `σ² (1 − 2/π)`
    public var variance: Tensor { square(scale) * (1 - 2 / Double.pi) }
    public var entropy: Tensor { whole.entropy - 0.6931471805599453 }

    private var whole: Normal { Normal(mean: .zeros(like: scale), standardDeviation: scale) }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        abs(whole.sample(shape, generator: generator))
    }

    /// −∞ below 0.
    public func logProbability(_ value: Tensor) -> Tensor {
        `where`(value .>= 0, whole.logProbability(value) + 0.6931471805599453, -Double.infinity)
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor {
        maximum(whole.cumulativeProbability(value) * 2 - 1, 0)
    }

    /// The number that a draw is below with probability `p`.
    public func quantile(_ p: Tensor) -> Tensor { whole.quantile((p + 1) * 0.5) }

    public func divergence(from other: HalfNormal) -> Tensor { whole.divergence(from: other.whole) }
}
