/// A learning rate for every step.
///
/// ```swift
/// let schedule = WarmupSchedule(steps: 500, then: CosineSchedule(rate: 1e-3, steps: 10_000))
/// optimizer.learningRate = schedule.rate(at: optimizer.stepCount)
/// ```
public protocol Schedule: Sendable {
    /// The rate for a step; steps count from 0.
    func rate(at step: Int) -> Double
}

/// The same rate at every step.
public struct ConstantSchedule: Schedule, Codable, Hashable {
    /// The rate at every step.
    public var rate: Double

    public init(rate: Double) { self.rate = rate }

    /// `rate`, whatever the step.
    public func rate(at step: Int) -> Double { rate }
}
