import Foundation

/// How well probabilities of a yes-or-no event foretell what happens: the mean of `−(y log p + (1 − y) log(1 − p))` in nats.
///
/// Reference: He et al., “Practical lessons from predicting clicks on ads at Facebook”, 2014, for the normalized entropy.
public struct LogLoss: Hashable, Sendable, Codable {
    private var mean = Mean()
    private var positives = 0.0
    private var count = 0.0

    public init() {}

    /// Adds examples; traps where the counts differ. Probabilities are kept `1e-15` away from 0 and 1.
    public mutating func update(probabilities: [Double], isPositive: [Bool]) {
        requireEqualCounts("LogLoss", "probabilities", probabilities.count, "labels", isPositive.count)
        for (p, isPositive) in zip(probabilities, isPositive) {
            let p = min(max(p, 1e-15), 1 - 1e-15)
            mean.update(-log(isPositive ? p : 1 - p))
            positives += isPositive ? 1 : 0
        }
        count += Double(isPositive.count)
    }

    /// The mean, of no examples NaN.
    public var value: Double { mean.value }

    /// The loss divided by that of always saying the share of positives: 1 for knowing nothing else, less is better. NaN without
    /// examples of both kinds.
    public var normalizedEntropy: Double {
        let rate = positives / count
        guard rate > 0, rate < 1 else { return .nan }
        return value / -(rate * log(rate) + (1 - rate) * log(1 - rate))
    }
}
