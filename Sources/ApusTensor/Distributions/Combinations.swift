// Distributions made of others.

/// Distributions side by side as one of a vector or matrix: the last `axes` batch axes of `base` become a part of the
/// event.
public struct Independent<Base: ProbabilityDistribution>: ProbabilityDistribution {
    public let base: Base
    /// How many batch axes count as the event's.
    public let axes: Int

    public init(_ base: Base, axes: Int) {
        precondition((0...base.batchShape.rank).contains(axes), "Independent: \(axes) axes of \(base.batchShape)")
        (self.base, self.axes) = (base, axes)
    }

    public var batchShape: Shape { Shape(base.batchShape.dropLast(axes)) }
    public var eventShape: Shape { Shape(base.batchShape.suffix(axes) + base.eventShape) }
    public var mean: Tensor { base.mean }
    public var variance: Tensor { base.variance }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor { base.sample(shape, generator: generator) }

    public func logProbability(_ value: Tensor) -> Tensor { summed(base.logProbability(value)) }

    private func summed(_ each: Tensor) -> Tensor {
        axes == 0 ? each : each.sum(axes: (1...axes).map { -$0 })
    }
}

extension Independent: EntropicDistribution where Base: EntropicDistribution {
    public var entropy: Tensor { summed(base.entropy) }
}

extension Independent: DivergentDistribution where Base: DivergentDistribution {
    public func divergence(from other: Independent) -> Tensor { summed(base.divergence(from: other.base)) }
}

/// `p(x) = Σ wᵢ pᵢ(x)`: one of k components, drawn by their weights. Draws have no gradient.
public struct Mixture<Component: ProbabilityDistribution>: ProbabilityDistribution {
    /// Of batch shape `(…)` and k classes.
    public let weights: Categorical
    /// Of batch shape `(…, k)`.
    public let components: Component

    public init(weights: Categorical, components: Component) {
        precondition(
            components.batchShape == weights.logProbabilities.shape,
            "Mixture: weights \(weights.logProbabilities.shape) of components \(components.batchShape)")
        (self.weights, self.components) = (weights, components)
    }

    public var batchShape: Shape { weights.batchShape }
    public var eventShape: Shape { components.eventShape }
    public var mean: Tensor { weighted(components.mean) }
    /// The mean of the variances and the variance of the means.
    public var variance: Tensor { weighted(components.variance + square(components.mean)) - square(mean) }

    /// The sum over components of what each has, times its weight.
    private func weighted(_ each: Tensor) -> Tensor {
        let ones = [Int](repeating: 1, count: eventShape.rank)
        let factors = weights.probabilities.reshaped(Shape(weights.probabilities.shape + ones))
        return (factors * each).sum(axes: -1 - eventShape.rank)
    }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let draws = stopGradient(components.sample(shape, generator: generator))  // (…, k, event…)
        let axis = draws.rank - eventShape.rank - 1
        var chosen = weights.sample(shape, generator: generator).expandingDims(-1)
        for extent in eventShape {
            chosen = chosen.expandingDims(-1).broadcast(to: Shape(chosen.shape + [extent]))
        }
        return draws.gathered(elements: chosen, axis: axis).squeezed(axis)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let each = components.logProbability(value.expandingDims(-1 - eventShape.rank))
        return (weights.logProbabilities + each).logSumExp(axes: -1)
    }
}

extension Mixture: CumulativeDistribution where Component: CumulativeDistribution {
    public func cumulativeProbability(_ value: Tensor) -> Tensor {
        weighted(components.cumulativeProbability(value.expandingDims(-1)))
    }
}
