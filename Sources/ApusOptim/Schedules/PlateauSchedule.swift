/// Lowers the rate when a metric has stopped improving.
///
/// Its rate follows from what it has observed, not from the step: tell it the metric after every epoch.
public struct PlateauSchedule: Schedule, Codable, Hashable {
    /// Whether a smaller or a larger metric is better.
    public enum Direction: String, Sendable, Codable {
        case minimize, maximize
    }

    /// The rate as reduced so far.
    public private(set) var rate: Double
    /// What counts as an improvement; minimize by default.
    public let direction: Direction
    /// What a reduction multiplies the rate by; 0.1 by default.
    public let factor: Double
    /// Observations without improvement that are borne.
    public let patience: Int
    /// By how much a better value must differ from the best.
    public let threshold: Double
    /// Whether `threshold` is a part of the best value rather than a number of its own.
    public let isRelative: Bool
    /// Observations after a reduction that don't count.
    public let cooldown: Int
    /// The smallest rate that a reduction may reach; 0 by default.
    public let minimum: Double
    /// A smaller change of the rate is not made.
    public let epsilon: Double

    private var best: Double?
    private var badCount = 0
    private var restCount = 0

    public init(
        rate: Double, direction: Direction = .minimize, factor: Double = 0.1, patience: Int = 10,
        threshold: Double = 1e-4, isRelative: Bool = true, cooldown: Int = 0, minimum: Double = 0,
        epsilon: Double = 1e-8
    ) {
        self.rate = rate
        self.direction = direction
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.isRelative = isRelative
        self.cooldown = cooldown
        self.epsilon = epsilon
        self.minimum = minimum
    }

    /// The rate as reduced so far, whatever the step.
    public func rate(at step: Int) -> Double { rate }

    /// Takes in the newest value of the metric.
    public mutating func observe(_ metric: Double) {
        if isImprovement(metric) {
            best = metric
            badCount = 0
        } else {
            badCount += 1
        }
        if restCount > 0 {
            restCount -= 1
            badCount = 0
        }
        if badCount > patience {
            let reduced = max(rate * factor, minimum)
            if rate - reduced > epsilon { rate = reduced }
            restCount = cooldown
            badCount = 0
        }
    }

    private func isImprovement(_ metric: Double) -> Bool {
        guard let best else { return !metric.isNaN }
        let margin = isRelative ? best * threshold : threshold
        switch direction {
        case .minimize: return metric < best - margin
        case .maximize: return metric > best + margin
        }
    }
}
