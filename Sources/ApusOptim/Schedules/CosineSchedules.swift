import Foundation

/// From `start` at 0 to `end` at 1 along half a cosine.
func cosine(from start: Double, to end: Double, _ fraction: Double) -> Double {
    end + (start - end) / 2 * (1 + cos(Double.pi * fraction))
}

/// From `rate` to `minimum` along half a cosine over `steps` steps (Loshchilov and Hutter 2017), and `minimum` from then on.
public struct CosineSchedule: Schedule, Codable, Hashable {
    /// The rate at step 0.
    public var rate: Double
    /// Steps from `rate` to `minimum`.
    public var steps: Int
    /// The rate from `steps` on; 0 by default.
    public var minimum: Double

    public init(rate: Double, steps: Int, minimum: Double = 0) {
        precondition(steps >= 1, "CosineSchedule: \(steps) steps")
        self.rate = rate
        self.steps = steps
        self.minimum = minimum
    }

    /// `minimum + (rate − minimum) / 2 · (1 + cos(π · min(step, steps) / steps))`
    public func rate(at step: Int) -> Double {
        cosine(from: rate, to: minimum, Double(min(step, steps)) / Double(steps))
    }
}

/// Cosines that start over, the first one after `steps` steps, each `factor` times as long as the one before
/// (Loshchilov and Hutter 2017).
public struct CosineRestartsSchedule: Schedule, Codable, Hashable {
    /// The rate where each cosine starts.
    public var rate: Double
    /// Steps of the first cosine.
    public var steps: Int
    /// How many times longer each cosine is than the one before; 1 by default.
    public var factor: Int
    /// What each cosine falls to; 0 by default.
    public var minimum: Double

    public init(rate: Double, steps: Int, factor: Int = 1, minimum: Double = 0) {
        precondition(steps >= 1 && factor >= 1, "CosineRestartsSchedule: \(steps) steps, factor \(factor)")
        self.rate = rate
        self.steps = steps
        self.factor = factor
        self.minimum = minimum
    }

    /// `minimum + (rate − minimum) / 2 · (1 + cos(π · place / length))`, by the place in the current cosine.
    public func rate(at step: Int) -> Double {
        var (place, length) = (factor == 1 ? step % steps : step, steps)
        while place >= length {
            place -= length
            length *= factor
        }
        return cosine(from: rate, to: minimum, Double(place) / Double(length))
    }
}
