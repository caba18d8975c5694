// Whole numbers. Draws and values are floats; a draw has no gradient.

/// 1 with probability p, else 0.
public struct Bernoulli: EntropicDistribution, DivergentDistribution {
    /// p and `log (p / (1 − p))`.
    public let probability, logits: Tensor

    public init(probability: Tensor) {
        self.probability = probability.floating
        logits = logit(probability)
    }

    public init(logits: Tensor) {
        self.logits = logits.floating
        probability = sigmoid(logits)
    }

    public var batchShape: Shape { probability.shape }
    public var eventShape: Shape { [] }
    public var mean: Tensor { probability }
    public var variance: Tensor { probability * (1 - probability) }
    public var entropy: Tensor { entropyTerm(probability) + entropyTerm(1 - probability) }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let uniform = Tensor.uniform(
            self.shape(ofDraws: shape), dtype: probability.dtype, generator: generator)
        return (uniform .< stopGradient(probability)).cast(to: probability.dtype)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let value = value.cast(to: probability.dtype)
        let ones = `where`(value .== 0, 0, value * logSigmoid(logits))
        return ones + `where`(value .== 1, 0, (1 - value) * logSigmoid(-logits))
    }

    public func divergence(from other: Bernoulli) -> Tensor {
        relativeEntropy(probability, other.probability) + relativeEntropy(1 - probability, 1 - other.probability)
    }
}

/// How many of n trials succeed, each with probability p. A draw takes n random numbers.
public struct Binomial: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    /// n
    public let count: Int
    /// One trial.
    public let trial: Bernoulli

    public init(count: Int, probability: Tensor) {
        (self.count, trial) = (count, Bernoulli(probability: probability))
    }

    public init(count: Int, logits: Tensor) { (self.count, trial) = (count, Bernoulli(logits: logits)) }

    public var batchShape: Shape { trial.batchShape }
    public var eventShape: Shape { [] }
    public var mean: Tensor { trial.mean * Double(count) }
    public var variance: Tensor { trial.variance * Double(count) }
    /// The sum over all n + 1 values.
    public var entropy: Tensor {
        let values = Tensor.range(count + 1, dtype: trial.probability.dtype)
        let each = Binomial(count: count, logits: trial.logits.expandingDims(-1)).logProbability(values)
        return -`where`(exp(each) .== 0, 0, exp(each) * each).sum(axes: -1)
    }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        trial.sample(Shape([count] + shape.dimensions), generator: generator).sum(axes: 0)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let (n, value) = (Double(count), value.cast(to: trial.probability.dtype))
        let ways = logGamma(value.operand(n + 1)) - logGamma(value + 1) - logGamma(n - value + 1)
        let ones = `where`(value .== 0, 0, value * logSigmoid(trial.logits))
        let zeros = `where`(value .== n, 0, (n - value) * logSigmoid(-trial.logits))
        return ways + ones + zeros
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor {
        let (k, n) = (floor(value.cast(to: trial.probability.dtype)), Double(count))
        let inside = k.clamped(0, n - 1)
        let middle = regularizedBeta(n - inside, inside + 1, 1 - trial.probability)
        return `where`(k .< 0, 0, `where`(k .>= n, 1, middle))
    }

    /// Infinite where `other` has fewer trials; between different numbers of trials only that is known.
    public func divergence(from other: Binomial) -> Tensor {
        guard count <= other.count else { return .full(like: trial.probability, Double.infinity) }
        guard count == other.count else {
            return trial.probability.invalid("divergence: binomials of \(count) and \(other.count) trials")
        }
        return trial.divergence(from: other.trial) * Double(count)
    }
}

/// How many trials fail before the first that succeeds, each with probability p: `p(k) = (1 − p)ᵏ p`.
public struct Geometric: EntropicDistribution, CumulativeDistribution, DivergentDistribution {
    public let probability: Tensor

    public init(probability: Tensor) { self.probability = probability.floating }

    public var batchShape: Shape { probability.shape }
    public var eventShape: Shape { [] }
    public var mean: Tensor { reciprocal(probability) - 1 }
    public var variance: Tensor { (reciprocal(probability) - 1) / probability }
    public var entropy: Tensor { (entropyTerm(probability) + entropyTerm(1 - probability)) / probability }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let uniform = positiveUniform(self.shape(ofDraws: shape), probability.dtype, generator)
        return floor(log(uniform) / log1p(-stopGradient(probability)))
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        xlog1py(value.cast(to: probability.dtype), -probability) + log(probability)
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor {
        let k = floor(value.cast(to: probability.dtype))
        return -expm1(xlog1py(maximum(k + 1, 0), -probability))
    }

    public func divergence(from other: Geometric) -> Tensor {
        -entropy - log1p(-other.probability) / probability - logit(other.probability)
    }
}

/// `p(k) = λᵏ exp(−λ) / k!`
public struct Poisson: CumulativeDistribution, DivergentDistribution {
    /// λ
    public let rate: Tensor

    public init(rate: Tensor) { self.rate = rate.floating }

    public var batchShape: Shape { rate.shape }
    public var eventShape: Shape { [] }
    public var mean: Tensor { rate }
    public var variance: Tensor { rate }

    /// Small rates by the inverse of the distribution function, others by the first of 16 proposals that is accepted:
    /// each is with a probability above 3/4 (Hörmann 1993, "The transformed rejection method for generating Poisson
    /// random variables").
    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let drawn = self.shape(ofDraws: shape)
        let rate = stopGradient(self.rate).cast(to: .float64).broadcast(to: drawn)
        let isSmall = rate .< 10
        let small = smallDraws(`where`(isSmall, rate, 1), generator)
        let large = largeDraws(`where`(isSmall, 10, rate), generator)
        return `where`(isSmall, small, large).cast(to: self.rate.dtype)
    }

    /// How many values the distribution function passes below a uniform number; 64 are more than enough for rates up to
    /// 10.
    private func smallDraws(_ rate: Tensor, _ generator: Generator) -> Tensor {
        let uniform = Tensor.uniform(rate.shape, dtype: .float64, generator: generator).expandingDims(-1)
        let k = Tensor.range(64, dtype: .float64)
        let probabilities = exp(Poisson(rate: rate.expandingDims(-1)).logProbability(k))
        return (probabilities.cumulativeSum(axis: -1) .< uniform).cast(to: .float64).sum(axes: -1)
    }

    private func largeDraws(_ rate: Tensor, _ generator: Generator) -> Tensor {
        let proposals = Shape(rate.shape + [16])
        let u = Tensor.uniform(proposals, low: -0.5, high: 0.5, dtype: .float64, generator: generator)
        let v = positiveUniform(proposals, .float64, generator)
        let lambda = rate.expandingDims(-1)
        let b = sqrt(lambda) * 2.53 + 0.931
        let a = b * 0.02483 - 0.059
        let edge = 0.5 - abs(u)
        let k = floor((a * 2 / edge + b) * u + lambda + 0.43)
        let isInMiddle = (edge .>= 0.07) .& (v .<= 0.9277 - 3.6224 / (b - 2))
        let hat = log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / square(edge) + b))
        let isBelow = hat .<= Poisson(rate: lambda).logProbability(maximum(k, 0))
        let isPossible = (k .>= 0) .& ((edge .>= 0.013) .| (v .<= edge))
        let first = (isInMiddle .| (isPossible .& isBelow)).argMax(axis: -1, keepingAxes: true)
        return k.gathered(elements: first, axis: rate.rank).squeezed(-1)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let value = value.cast(to: rate.dtype)
        return xlogy(value, rate) - rate - logGamma(value + 1)
    }

    public func cumulativeProbability(_ value: Tensor) -> Tensor {
        let k = floor(value.cast(to: rate.dtype))
        return `where`(k .< 0, 0, upperGamma(maximum(k, 0) + 1, rate))
    }

    public func divergence(from other: Poisson) -> Tensor {
        xlogy(rate, rate / other.rate) - (rate - other.rate)
    }
}

/// `p log (p / q)`, 0 where p is.
func relativeEntropy(_ p: Tensor, _ q: Tensor) -> Tensor {
    let isZero = p .== 0
    return `where`(isZero, 0, p * (log(`where`(isZero, 1, p)) - log(q)))
}
