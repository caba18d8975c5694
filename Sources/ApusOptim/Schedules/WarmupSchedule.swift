/// A linear rise over the first steps, then another schedule from its beginning.
public struct WarmupSchedule: Schedule {
    /// Steps of the rise.
    public var steps: Int
    /// The part of the rate at step 0.
    public var startFactor: Double
    /// What follows the rise, counting its steps from 0.
    public var base: any Schedule

    /// - Parameters:
    ///   - startFactor: `1 / steps` by default, so that no step is wasted at a rate of 0.
    ///   - base: what follows. Its rate at step 0 is where the rise ends.
    public init(steps: Int, startFactor: Double? = nil, then base: any Schedule) {
        precondition(steps >= 0, "WarmupSchedule: \(steps) steps")
        self.steps = steps
        self.startFactor = startFactor ?? 1 / Double(max(steps, 1))
        self.base = base
    }

    /// `base.rate(at: 0) · (startFactor + (1 − startFactor) · step / steps)` in the rise, then what `base` gives.
    public func rate(at step: Int) -> Double {
        guard step < steps else { return base.rate(at: step - steps) }
        return base.rate(at: 0) * (startFactor + (1 - startFactor) * Double(step) / Double(steps))
    }
}
