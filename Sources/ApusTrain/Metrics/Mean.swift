import Foundation

/// A mean that is fed in parts: `Σ wᵢ xᵢ / Σ wᵢ`, of nothing NaN. The mean of a loss over batches weighs each by its size.
public struct Mean: Hashable, Sendable, Codable {
    private var sum = 0.0
    private var weight = 0.0

    public init() {}

    /// Adds a number with its weight, 1 by default.
    public mutating func update(_ value: Double, weight: Double = 1) {
        sum += value * weight
        self.weight += weight
    }

    /// `Σ wᵢ xᵢ / Σ wᵢ`, of nothing NaN.
    public var value: Double { sum / weight }
}

/// `exp(Σ nll / tokens)`: the perplexity of a language model.
public struct Perplexity: Hashable, Sendable, Codable {
    private var mean = Mean()

    public init() {}

    /// - Parameter negativeLogLikelihood: the mean over `tokens`, in nats, as `crossEntropy` gives it.
    public mutating func update(negativeLogLikelihood: Double, tokens: Int) {
        if tokens > 0 { mean.update(negativeLogLikelihood, weight: Double(tokens)) }
    }

    /// `exp(Σ nll / tokens)`, of no tokens NaN.
    public var value: Double { exp(mean.value) }

    /// The same per token in bits: `log₂` of the perplexity.
    public var bitsPerToken: Double { mean.value / log(2) }
}
