import Foundation

/// Up and down between two rates in straight lines, again and again (Smith 2017).
public struct CyclicSchedule: Schedule, Codable, Hashable {
    /// How the peaks change from cycle to cycle.
    public enum Shape: Sendable, Codable, Hashable {
        /// They stay.
        case triangular
        /// Each is half as high as the one before.
        case triangular2
        /// They fall by a factor at each step.
        case exponential(factor: Double)
    }

    /// The rate where a cycle starts and ends.
    public var base: Double
    /// The rate in the middle of the first cycle.
    public var peak: Double
    /// Steps of the rise; 2000 by default.
    public var stepsUp: Int
    /// Steps of the fall; as many by default.
    public var stepsDown: Int
    /// How the peaks change from cycle to cycle; not at all by default.
    public var shape: Shape

    public init(base: Double, peak: Double, stepsUp: Int = 2000, stepsDown: Int? = nil, shape: Shape = .triangular) {
        precondition(stepsUp >= 1 && (stepsDown ?? 1) >= 1, "CyclicSchedule: \(stepsUp) steps up")
        self.base = base
        self.peak = peak
        self.stepsUp = stepsUp
        self.stepsDown = stepsDown ?? stepsUp
        self.shape = shape
    }

    /// `base + (peak − base) · height · scale`, the height in the triangle times the cycle's scale.
    public func rate(at step: Int) -> Double {
        let length = stepsUp + stepsDown
        let (cycle, place) = (step / length, step % length)
        let height =
            place <= stepsUp
            ? Double(place) / Double(stepsUp) : Double(length - place) / Double(stepsDown)
        let scale: Double =
            switch shape {
            case .triangular: 1
            case .triangular2: pow(0.5, Double(cycle))
            case .exponential(let factor): pow(factor, Double(step))
            }
        return base + (peak - base) * height * scale
    }
}
