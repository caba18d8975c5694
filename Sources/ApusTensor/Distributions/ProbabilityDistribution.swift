/// A family of random numbers or vectors whose parameters are tensors: `torch.distributions`, as values.
///
/// Parameters broadcast against each other; each element of what they broadcast to, `batchShape`, is a distribution of
/// its own. A draw of one has `eventShape`: `[]` for numbers, `[k]` for vectors.
public protocol ProbabilityDistribution: Sendable {
    /// How many distributions there are.
    var batchShape: Shape { get }
    /// The shape of one draw of one of them.
    var eventShape: Shape { get }

    /// Draws of shape `shape + batchShape + eventShape`.
    ///
    /// Where draws are continuous functions of the parameters, gradients pass through them (reparametrization,
    /// PyTorch's rsample); a type for which that is not so says it.
    func sample(_ shape: Shape, generator: Generator) -> Tensor

    /// The logarithm of the density, or of the probability of what is discrete. `value` broadcasts against `batchShape
    /// + eventShape`.
    func logProbability(_ value: Tensor) -> Tensor

    /// The mean of each distribution; NaN or ∞ where there is none.
    var mean: Tensor { get }
    /// The variance of each component of a draw.
    var variance: Tensor { get }
}

/// One whose entropy has a closed form.
public protocol EntropicDistribution: ProbabilityDistribution {
    /// `−E[log p(x)]`, in nats.
    var entropy: Tensor { get }
}

/// One whose distribution function is known.
public protocol CumulativeDistribution: ProbabilityDistribution {
    /// The probability of at most `value`.
    func cumulativeProbability(_ value: Tensor) -> Tensor
}

/// One that can be compared with another of its kind.
public protocol DivergentDistribution: ProbabilityDistribution {
    /// `KL(self ‖ other) = E[log p(x) − log q(x)]` of draws of this one, in nats.
    func divergence(from other: Self) -> Tensor
}

extension ProbabilityDistribution {
    /// One draw of each distribution.
    public func sample() -> Tensor { sample([], generator: .current) }

    /// Draws by the current generator.
    public func sample(_ shape: Shape) -> Tensor { sample(shape, generator: .current) }

    public var standardDeviation: Tensor { sqrt(variance) }

    /// The shape of draws.
    func shape(ofDraws shape: Shape) -> Shape { Shape(shape.dimensions + batchShape + eventShape) }
}

/// `KL(p ‖ q) = E[log p(x) − log q(x)]` of draws of `p`, in nats: how much is lost by taking `q` for `p`.
public func klDivergence<Family: DivergentDistribution>(_ p: Family, _ q: Family) -> Tensor { p.divergence(from: q) }

// MARK: What families share

/// Parameters of one floating-point dtype and one shape.
func parameters(_ tensors: Tensor...) -> [Tensor] {
    let dtype = tensors.map(\.floating.dtype).reduce(DType.bool) { $0.promoted(with: $1) }
    return broadcast(tensors.map { $0.cast(to: dtype) })
}

/// Uniform numbers in (0, 1], whose logarithm is finite.
func positiveUniform(_ shape: Shape, _ dtype: DType, _ generator: Generator) -> Tensor {
    1 - Tensor.uniform(shape, dtype: dtype, generator: generator)
}

/// `log 2π`
let logTau = 1.8378770664093453
/// Euler's constant γ.
let eulerGamma = 0.5772156649015329
