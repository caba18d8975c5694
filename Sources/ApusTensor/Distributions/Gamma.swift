// The gamma distribution and what is made of it.

/// `p(x) = λ exp(−λx)` for x at least 0.
public struct Exponential: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    /// λ
    public let rate: Tensor

    public init(rate: Tensor) { self.rate = rate.floating }

    public var batchShape: Shape { rate.shape }
    public var eventShape: Shape { [] }
    public var mean: Tensor { reciprocal(rate) }
    public var variance: Tensor { reciprocal(square(rate)) }
    public var entropy: Tensor { 1 - log(rate) }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        -log(positiveUniform(self.shape(ofDraws: shape), rate.dtype, generator)) / rate
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        `where`(value .>= 0, log(rate) - rate * value, -Double.infinity)
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor { -expm1(-rate * maximum(value, 0)) }

    /// The number that a draw is below with probability `p`.
    public func quantile(_ p: Tensor) -> Tensor { -log1p(-p) / rate }

    public func divergence(from other: Exponential) -> Tensor {
        let ratio = other.rate / rate
        return ratio - 1 - log(ratio)
    }
}

/// `p(x) = βᵅ xᵅ⁻¹ exp(−βx) / Γ(α)` for x above 0.
public struct Gamma: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    /// α and β.
    public let concentration, rate: Tensor

    public init(concentration: Tensor, rate: Tensor) {
        let all = parameters(concentration, rate)
        (self.concentration, self.rate) = (all[0], all[1])
    }

    public var batchShape: Shape { rate.shape }
    public var eventShape: Shape { [] }
    public var mean: Tensor { concentration / rate }
    public var variance: Tensor { concentration / square(rate) }
    public var entropy: Tensor {
        let a = concentration
        return a - log(rate) + logGamma(a) + (1 - a) * digamma(a)
    }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        standardGamma(concentration.broadcast(to: self.shape(ofDraws: shape)), generator) / rate
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let a = concentration
        return xlogy(a, rate) + xlogy(a - 1, value) - rate * value - logGamma(a)
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor {
        lowerGamma(concentration, rate * maximum(value, 0))
    }

    public func divergence(from other: Gamma) -> Tensor {
        let (a, b) = (concentration, other.concentration)
        let volume = b * log(rate / other.rate) + logGamma(b) - logGamma(a)
        return volume + (a - b) * digamma(a) + (other.rate - rate) * (a / rate)
    }
}

/// Draws of gamma distributions of rate 1 by Marsaglia and Tsang 2000: of several proposals `d (1 + c ε)³` the first
/// that is accepted. One is with a probability above 0.95, so none of 8 with one below 10⁻¹⁰.
///
/// The gradient by α is that of the distribution function's inverse: `dz/dα = −∂P(α, z)/∂α / p(z)` (Figurnov et al.
/// 2018).
func standardGamma(_ concentration: Tensor, _ generator: Generator) -> Tensor {
    let proposals = 8
    let normal = Tensor.normal(Shape(concentration.shape + [proposals]), dtype: .float64, generator: generator)
    let uniform = positiveUniform(Shape(concentration.shape + [proposals]), .float64, generator)
    let boost = positiveUniform(concentration.shape, .float64, generator)
    return withCustomGradient([concentration]) { inputs in
        let alpha = inputs[0].cast(to: .float64)
        // Below 1, z(α) = z(α + 1) u^(1/α).
        let isSmall = alpha .< 1
        let d = (alpha + `where`(isSmall, 2.0 / 3, alpha.operand(-1.0 / 3))).expandingDims(-1)
        let v = 1 + normal * rsqrt(d * 9)
        let cube = v * v * v
        let bound = square(normal) * 0.5 + d * (1 - cube + log(`where`(v .> 0, cube, 1)))
        let isAccepted = (v .> 0) .& (log(uniform) .< bound)
        let first = isAccepted.argMax(axis: -1, keepingAxes: true)
        let draw = (d * cube).gathered(elements: first, axis: alpha.rank).squeezed(-1)
        let factor = `where`(isSmall, log(boost) / alpha, 0)
        return maximum(draw * exp(factor), DType.float32.leastNormal).cast(to: concentration.dtype)
    } rule: { inputs, draws, g in
        let (alpha, z) = (inputs[0].cast(to: .float64), draws.cast(to: .float64))
        let (_, change) = valueAndGradients(at: [stopGradient(alpha)]) { lowerGamma($0[0], stopGradient(z)).sum() }
        let logDensity = (alpha - 1) * log(z) - z - logGamma(alpha)
        return [g * (-change[0] * exp(-logDensity)).cast(to: g.dtype)]
    }
}

/// `p(x) = xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b)` on (0, 1).
public struct Beta: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    public let a, b: Tensor

    public init(_ a: Tensor, _ b: Tensor) {
        let all = parameters(a, b)
        (self.a, self.b) = (all[0], all[1])
    }

    public var batchShape: Shape { a.shape }
    public var eventShape: Shape { [] }
    public var mean: Tensor { a / (a + b) }
    public var variance: Tensor {
        let sum = a + b
        return a * b / (square(sum) * (sum + 1))
    }
    public var entropy: Tensor {
        let sum = a + b
        return logBeta(a, b) - (a - 1) * digamma(a) - (b - 1) * digamma(b) + (sum - 2) * digamma(sum)
    }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let drawn = self.shape(ofDraws: shape)
        let x = standardGamma(a.broadcast(to: drawn), generator)
        let y = standardGamma(b.broadcast(to: drawn), generator)
        return x / (x + y)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        xlogy(a - 1, value) + xlog1py(b - 1, -value) - logBeta(a, b)
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor { regularizedBeta(a, b, value.clamped(0, 1)) }

    public func divergence(from other: Beta) -> Tensor {
        let (sum, otherSum) = (a + b, other.a + other.b)
        let volume = logBeta(other.a, other.b) - logBeta(a, b)
        let slopes = (a - other.a) * digamma(a) + (b - other.b) * digamma(b)
        return volume + slopes + (otherSum - sum) * digamma(sum)
    }
}

/// `p(x) = Π xᵢ^(αᵢ − 1) / B(α)` of vectors whose components are positive and sum to 1.
public struct Dirichlet: EntropicDistribution, DivergentDistribution {
    /// α: `(…, k)`.
    public let concentration: Tensor

    public init(concentration: Tensor) {
        self.concentration =
            concentration.rank > 0
            ? concentration.floating : concentration.invalid("Dirichlet: \(concentration.shape) is no vector")
    }

    public var batchShape: Shape { Shape(concentration.shape.dropLast()) }
    public var eventShape: Shape { Shape(concentration.shape.suffix(1)) }
    public var mean: Tensor { concentration / total }
    public var variance: Tensor { mean * (1 - mean) / (total + 1) }
    public var entropy: Tensor {
        let k = Double(eventShape[0])
        let a0 = total.squeezed(-1)
        let slopes = ((concentration - 1) * digamma(concentration)).sum(axes: -1)
        return logNormalizer + (a0 - k) * digamma(a0) - slopes
    }

    private var total: Tensor { concentration.sum(axes: -1, keepingAxes: true) }
    /// `log B(α) = Σ log Γ(αᵢ) − log Γ(Σ αᵢ)`
    private var logNormalizer: Tensor { logGamma(concentration).sum(axes: -1) - logGamma(total.squeezed(-1)) }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let draws = standardGamma(concentration.broadcast(to: self.shape(ofDraws: shape)), generator)
        return draws / draws.sum(axes: -1, keepingAxes: true)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        xlogy(concentration - 1, value).sum(axes: -1) - logNormalizer
    }

    public func divergence(from other: Dirichlet) -> Tensor {
        let slopes = (concentration - other.concentration) * (digamma(concentration) - digamma(total))
        return other.logNormalizer - logNormalizer + slopes.sum(axes: -1)
    }
}

/// `μ + σ T` with `p(t) ∝ (1 + t²/ν)^(−(ν + 1)/2)`: a normal of unknown variance.
public struct StudentT: EntropicDistribution, CumulativeDistribution {
    /// ν, μ and σ.
    public let degreesOfFreedom, location, scale: Tensor

    public init(degreesOfFreedom: Tensor, location: Tensor = Tensor(0.0), scale: Tensor = Tensor(1.0)) {
        let all = parameters(degreesOfFreedom, location, scale)
        (self.degreesOfFreedom, self.location, self.scale) = (all[0], all[1], all[2])
    }

    public var batchShape: Shape { location.shape }
    public var eventShape: Shape { [] }
    /// NaN for ν up to 1.
    public var mean: Tensor { `where`(degreesOfFreedom .> 1, location, Double.nan) }
    /// `σ² ν / (ν − 2)`, ∞ for ν in (1, 2], NaN below.
    public var variance: Tensor {
        let n = degreesOfFreedom
        let finite = square(scale) * n / `where`(n .> 2, n - 2, 1)
        return `where`(n .> 2, finite, `where`(n .> 1, Double.infinity, n.operand(Double.nan)))
    }
    public var entropy: Tensor {
        let (n, half) = (degreesOfFreedom, (degreesOfFreedom + 1) * 0.5)
        let slope = half * (digamma(half) - digamma(n * 0.5))
        return log(scale) + slope + log(n) * 0.5 + logBeta(n * 0.5, n.operand(0.5))
    }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let drawn = self.shape(ofDraws: shape)
        let normal = Tensor.normal(drawn, dtype: location.dtype, generator: generator)
        // χ² / ν
        let half = (degreesOfFreedom * 0.5).broadcast(to: drawn)
        return location + scale * normal * rsqrt(standardGamma(half, generator) / half)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let n = degreesOfFreedom
        let tail = (n + 1) * -0.5 * log1p(square((value - location) / scale) / n)
        return tail - log(scale) - log(n) * 0.5 - logBeta(n * 0.5, n.operand(0.5))
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor {
        let t = (value - location) / scale
        let n = degreesOfFreedom
        let tail = regularizedBeta(n * 0.5, n.operand(0.5), n / (n + t * t)) * 0.5
        return `where`(t .> 0, 1 - tail, tail)
    }
}
