/// Up to `peak` and down to nearly nothing (Smith and Topin 2018): from `peak / startDivisor` over the first `upFraction` of the steps,
/// then down to `peak / startDivisor / endDivisor`. In three phases it falls as it rose, and from there to nearly nothing.
public struct OneCycleSchedule: Schedule, Codable, Hashable {
    /// The way from one rate to the next.
    public enum Annealing: String, Sendable, Codable {
        case cosine, linear
    }

    /// The largest rate.
    public var peak: Double
    /// Steps of the whole cycle, at least 2.
    public var steps: Int
    /// The part of the steps in which the rate rises; 0.3 by default.
    public var upFraction: Double
    /// How many times smaller than `peak` the first rate is; 25 by default.
    public var startDivisor: Double
    /// How many times smaller than the first rate the last one is; 10⁴ by default.
    public var endDivisor: Double
    /// The way from one rate to the next; cosines by default.
    public var annealing: Annealing
    /// Whether the rate falls to the first one before it falls to the last.
    public var hasThreePhases: Bool

    public init(
        peak: Double, steps: Int, upFraction: Double = 0.3, startDivisor: Double = 25, endDivisor: Double = 1e4,
        annealing: Annealing = .cosine, hasThreePhases: Bool = false
    ) {
        precondition(steps >= 2, "OneCycleSchedule: \(steps) steps")
        self.peak = peak
        self.steps = steps
        self.upFraction = upFraction
        self.startDivisor = startDivisor
        self.endDivisor = endDivisor
        self.annealing = annealing
        self.hasThreePhases = hasThreePhases
    }

    /// The rate for a step from 0; the last rate from `steps − 1` on.
    public func rate(at step: Int) -> Double {
        let start = peak / startDivisor
        let top = upFraction * Double(steps) - 1
        let end = Double(steps - 1)
        let turns: [(step: Double, rate: Double)] =
            [(0, start), (top, peak)] + (hasThreePhases ? [(2 * top, start)] : []) + [(end, start / endDivisor)]
        let place = min(Double(step), end)
        let next = turns.indices.dropFirst().first { place <= turns[$0].step } ?? turns.count - 1
        let (from, to) = (turns[next - 1], turns[next])
        let fraction = to.step > from.step ? (place - from.step) / (to.step - from.step) : 1
        switch annealing {
        case .cosine: return cosine(from: from.rate, to: to.rate, fraction)
        case .linear: return from.rate + (to.rate - from.rate) * fraction
        }
    }
}
