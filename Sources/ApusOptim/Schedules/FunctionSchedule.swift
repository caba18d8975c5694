/// A rate that a function gives.
public struct FunctionSchedule: Schedule {
    private let function: @Sendable (Int) -> Double

    /// - Parameter rate: the rate for a step from 0.
    public init(_ rate: @escaping @Sendable (Int) -> Double) { function = rate }

    /// `rate` times a factor for each step from 1 on: `rate · factor(1) ⋯ factor(step)`. A look-up costs as many calls.
    public init(rate: Double, multipliedBy factor: @escaping @Sendable (Int) -> Double) {
        function = { step in (0..<step).reduce(rate) { $0 * factor($1 + 1) } }
    }

    /// What the function gives.
    public func rate(at step: Int) -> Double { function(step) }
}
