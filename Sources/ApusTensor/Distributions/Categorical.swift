/// One of k classes, an index: `log p(c) = logits[c]`, normalized along the last axis. Draws are int64 and have no
/// gradient.
public struct Categorical: EntropicDistribution, DivergentDistribution {
    /// The logarithms of the probabilities: `(…, k)`.
    public let logProbabilities: Tensor

    /// - Parameter logits: the logarithms of numbers in proportion to the probabilities.
    public init(logits: Tensor) {
        logProbabilities =
            logits.rank > 0
            ? logSoftmax(logits.floating, axis: -1)
            : logits.invalid("Categorical: \(logits.shape) has no axis of classes")
    }

    /// - Parameter weights: in proportion to the probabilities.
    public init(weights: Tensor) { self.init(logits: log(weights)) }

    public var batchShape: Shape { Shape(logProbabilities.shape.dropLast()) }
    public var eventShape: Shape { [] }
    public var probabilities: Tensor { exp(logProbabilities) }
    /// NaN: classes have no order.
    public var mean: Tensor { .full(batchShape, Double.nan, dtype: logProbabilities.dtype) }
    /// NaN: classes have no order.
    public var variance: Tensor { mean }
    public var entropy: Tensor { entropyTerm(probabilities).sum(axes: -1) }

    /// The class whose logarithm is largest after Gumbel noise (Gumbel 1954).
    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let drawn = Shape(shape.dimensions + logProbabilities.shape)
        let noise = standardGumbel(drawn, logProbabilities.dtype, generator)
        return (stopGradient(logProbabilities) + noise).argMax(axis: -1)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        guard let shape = value.shape.broadcast(with: batchShape) else {
            return logProbabilities.invalid("Categorical: classes \(value.shape) for distributions \(batchShape)")
        }
        let table = logProbabilities.broadcast(to: Shape(shape + logProbabilities.shape.suffix(1)))
        let classes = value.cast(to: .int64).broadcast(to: shape).expandingDims(-1)
        return table.gathered(elements: classes, axis: shape.rank).squeezed(-1)
    }

    public func divergence(from other: Categorical) -> Tensor {
        let (p, log) = (probabilities, logProbabilities)
        return `where`(p .== 0, 0, p * (log - other.logProbabilities)).sum(axes: -1)
    }
}

/// One of k classes, as a vector with a one at its place. Draws have no gradient.
public struct OneHotCategorical: EntropicDistribution, DivergentDistribution {
    /// The class's index.
    public let index: Categorical

    public init(logits: Tensor) { index = Categorical(logits: logits) }
    public init(weights: Tensor) { index = Categorical(weights: weights) }

    public var batchShape: Shape { index.batchShape }
    public var eventShape: Shape { Shape(index.logProbabilities.shape.suffix(1)) }
    public var mean: Tensor { index.probabilities }
    public var variance: Tensor { index.probabilities * (1 - index.probabilities) }
    public var entropy: Tensor { index.entropy }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        index.sample(shape, generator: generator).oneHot(eventShape[0], dtype: index.logProbabilities.dtype)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let value = value.cast(to: index.logProbabilities.dtype)
        return `where`(value .== 0, 0, value * index.logProbabilities).sum(axes: -1)
    }

    public func divergence(from other: OneHotCategorical) -> Tensor { index.divergence(from: other.index) }
}

/// How often each of k classes comes in n draws. Draws have no gradient, and take n · k random numbers.
public struct Multinomial: ProbabilityDistribution {
    /// n
    public let count: Int
    /// One draw.
    public let trial: OneHotCategorical

    public init(count: Int, logits: Tensor) { (self.count, trial) = (count, OneHotCategorical(logits: logits)) }
    public init(count: Int, weights: Tensor) { (self.count, trial) = (count, OneHotCategorical(weights: weights)) }

    public var batchShape: Shape { trial.batchShape }
    public var eventShape: Shape { trial.eventShape }
    public var mean: Tensor { trial.mean * Double(count) }
    public var variance: Tensor { trial.variance * Double(count) }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        trial.sample(Shape([count] + shape.dimensions), generator: generator).sum(axes: 0)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let value = value.cast(to: trial.mean.dtype)
        let ways = logGamma(value.sum(axes: -1) + 1) - logGamma(value + 1).sum(axes: -1)
        return ways + trial.logProbability(value)
    }
}
