import Foundation

/// `rate · factor^⌊step / every⌋`
public struct StepSchedule: Schedule, Codable, Hashable {
    /// The rate at step 0.
    public var rate: Double
    /// Steps between two changes.
    public var every: Int
    /// What each change multiplies the rate by; 0.1 by default.
    public var factor: Double

    public init(rate: Double, every: Int, factor: Double = 0.1) {
        precondition(every >= 1, "StepSchedule: a change every \(every) steps")
        self.rate = rate
        self.every = every
        self.factor = factor
    }

    /// `rate · factor^⌊step / every⌋`
    public func rate(at step: Int) -> Double { rate * pow(factor, Double(step / every)) }
}

/// `rate` times a factor for each milestone that has been reached.
public struct MultiStepSchedule: Schedule, Codable, Hashable {
    /// The rate before the first milestone.
    public var rate: Double
    /// The steps at which the rate changes, in any order.
    public var milestones: [Int]
    /// What each milestone multiplies the rate by; 0.1 by default.
    public var factor: Double

    public init(rate: Double, milestones: [Int], factor: Double = 0.1) {
        self.rate = rate
        self.milestones = milestones
        self.factor = factor
    }

    /// `rate · factorⁿ`, n milestones being at or before the step.
    public func rate(at step: Int) -> Double {
        rate * pow(factor, Double(milestones.count { $0 <= step }))
    }
}

/// `rate · factorˢᵗᵉᵖ`
public struct ExponentialSchedule: Schedule, Codable, Hashable {
    /// The rate at step 0.
    public var rate: Double
    /// What each step multiplies the rate by.
    public var factor: Double

    public init(rate: Double, factor: Double) {
        self.rate = rate
        self.factor = factor
    }

    /// `rate · factorˢᵗᵉᵖ`
    public func rate(at step: Int) -> Double { rate * pow(factor, Double(step)) }
}

/// `rate · (1 − step / steps)^power`, and 0 from `steps` on.
public struct PolynomialSchedule: Schedule, Codable, Hashable {
    /// The rate at step 0.
    public var rate: Double
    /// Steps until the rate is 0.
    public var steps: Int
    /// The polynomial's degree; 1, a straight line, by default.
    public var power: Double

    public init(rate: Double, steps: Int, power: Double = 1) {
        precondition(steps >= 1, "PolynomialSchedule: \(steps) steps")
        self.rate = rate
        self.steps = steps
        self.power = power
    }

    /// `rate · (1 − min(step, steps) / steps)^power`
    public func rate(at step: Int) -> Double { rate * pow(1 - Double(min(step, steps)) / Double(steps), power) }
}
