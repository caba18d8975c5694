// Schedules made of schedules.

/// One schedule after the other: each begins at its step 0 where the one before ends.
public struct SequentialSchedule: Schedule {
    /// The schedules in their order.
    public var schedules: [any Schedule]
    /// The steps at which the second, the third … begin.
    public var milestones: [Int]

    public init(_ schedules: [any Schedule], milestones: [Int]) {
        precondition(
            milestones.count == schedules.count - 1 && zip(milestones, milestones.dropFirst()).allSatisfy { $0 < $1 },
            "SequentialSchedule: \(schedules.count) schedules with the milestones \(milestones)")
        self.schedules = schedules
        self.milestones = milestones
    }

    /// The rate of the schedule that the step falls to.
    public func rate(at step: Int) -> Double {
        let place = milestones.count { $0 <= step }
        return schedules[place].rate(at: step - (place == 0 ? 0 : milestones[place - 1]))
    }
}

/// Several schedules at once: their rates, as parts of the rate that all start from, are multiplied.
public struct ProductSchedule: Schedule {
    /// The rate that each schedule's is a part of.
    public var rate: Double
    /// The schedules, all made for `rate`.
    public var schedules: [any Schedule]

    public init(rate: Double, _ schedules: [any Schedule]) {
        self.rate = rate
        self.schedules = schedules
    }

    /// `rate · Π (rateᵢ / rate)`
    public func rate(at step: Int) -> Double { schedules.reduce(rate) { $0 * ($1.rate(at: step) / rate) } }
}
