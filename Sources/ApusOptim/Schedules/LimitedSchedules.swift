// Schedules that reach their last rate after some steps.

/// `rate` times a factor that goes in a straight line from `start` to `end` over some steps, and stays there.
public struct LinearSchedule: Schedule, Codable, Hashable {
    /// The rate that the factors belong to.
    public var rate: Double
    /// The factor at step 0; 1/3 by default.
    public var start: Double
    /// The factor from `steps` on; 1 by default.
    public var end: Double
    /// Steps from the one to the other; 5 by default.
    public var steps: Int

    public init(rate: Double, start: Double = 1.0 / 3, end: Double = 1, steps: Int = 5) {
        precondition(steps >= 1, "LinearSchedule: \(steps) steps")
        self.rate = rate
        self.start = start
        self.end = end
        self.steps = steps
    }

    /// `rate · (start + (end − start) · min(step, steps) / steps)`
    public func rate(at step: Int) -> Double {
        rate * (start + (end - start) * Double(min(step, steps)) / Double(steps))
    }
}

/// `rate` times a factor for some steps, then `rate`.
public struct ReducedSchedule: Schedule, Codable, Hashable {
    /// The rate after the first steps.
    public var rate: Double
    /// What it is multiplied by at first; 1/3 by default.
    public var factor: Double
    /// How many steps that lasts; 5 by default.
    public var steps: Int

    public init(rate: Double, factor: Double = 1.0 / 3, steps: Int = 5) {
        self.rate = rate
        self.factor = factor
        self.steps = steps
    }

    /// `rate · factor` before `steps`, `rate` from there on.
    public func rate(at step: Int) -> Double { step < steps ? rate * factor : rate }
}
