import Foundation

/// `rate · factor^⌊step / every⌋`
public struct StepSchedule: Schedule, Codable, Hashable {
    public var rate: Double
    /// Steps between two changes.
    public var every: Int
    public var factor: Double

    public init(rate: Double, every: Int, factor: Double = 0.1) {
        precondition(every >= 1, "StepSchedule: a change every \(every) steps")
        self.rate = rate
        self.every = every
        self.factor = factor
    }

    public func rate(at step: Int) -> Double { rate * pow(factor, Double(step / every)) }
}

/// `rate` times a factor for each milestone that has been reached.
public struct MultiStepSchedule: Schedule, Codable, Hashable {
    public var rate: Double
    public var milestones: [Int]
    public var factor: Double

    public init(rate: Double, milestones: [Int], factor: Double = 0.1) {
        self.rate = rate
        self.milestones = milestones
        self.factor = factor
    }

    public func rate(at step: Int) -> Double {
        rate * pow(factor, Double(milestones.count { $0 <= step }))
    }
}

/// `rate · factorˢᵗᵉᵖ`
public struct ExponentialSchedule: Schedule, Codable, Hashable {
    public var rate: Double
    public var factor: Double

    public init(rate: Double, factor: Double) {
        self.rate = rate
        self.factor = factor
    }

    public func rate(at step: Int) -> Double { rate * pow(factor, Double(step)) }
}

/// `rate · (1 − step / steps)^power`, and 0 from `steps` on.
public struct PolynomialSchedule: Schedule, Codable, Hashable {
    public var rate: Double
    public var steps: Int
    public var power: Double

    public init(rate: Double, steps: Int, power: Double = 1) {
        precondition(steps >= 1, "PolynomialSchedule: \(steps) steps")
        self.rate = rate
        self.steps = steps
        self.power = power
    }

    public func rate(at step: Int) -> Double { rate * pow(1 - Double(min(step, steps)) / Double(steps), power) }
}
