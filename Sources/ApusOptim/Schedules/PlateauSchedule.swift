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
    /// The part of the best value by which a better one must differ.
    public let threshold: Double
    /// Observations after a reduction that don't count.
    public let cooldown: Int
    /// The smallest rate that a reduction may reach; 0 by default.
    public let minimum: Double

    private var best: Double?
    private var badCount = 0
    private var restCount = 0

    public init(
        rate: Double, direction: Direction = .minimize, factor: Double = 0.1, patience: Int = 10,
        threshold: Double = 1e-4, cooldown: Int = 0, minimum: Double = 0
    ) {
        self.rate = rate
        self.direction = direction
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.cooldown = cooldown
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
            // A change too small to matter is not made.
            if rate - reduced > 1e-8 { rate = reduced }
            restCount = cooldown
            badCount = 0
        }
    }

    private func isImprovement(_ metric: Double) -> Bool {
        guard let best else { return !metric.isNaN }
        switch direction {
        case .minimize: return metric < best * (1 - threshold)
        case .maximize: return metric > best * (1 + threshold)
        }
    }
}
