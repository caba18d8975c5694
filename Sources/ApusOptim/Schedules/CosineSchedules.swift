import Foundation

/// From `start` at 0 to `end` at 1 along half a cosine.
private func cosine(from start: Double, to end: Double, _ fraction: Double) -> Double {
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

/// Up to `peak` and down to nearly nothing along cosines (Smith and Topin 2018): from `peak / startDivisor` over the first
/// `upFraction` of the steps, then down to `peak / startDivisor / endDivisor`.
public struct OneCycleSchedule: Schedule, Codable, Hashable {
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

    public init(
        peak: Double, steps: Int, upFraction: Double = 0.3, startDivisor: Double = 25, endDivisor: Double = 1e4
    ) {
        precondition(steps >= 2, "OneCycleSchedule: \(steps) steps")
        self.peak = peak
        self.steps = steps
        self.upFraction = upFraction
        self.startDivisor = startDivisor
        self.endDivisor = endDivisor
    }

    /// The rate for a step from 0; the last rate from `steps − 1` on.
    public func rate(at step: Int) -> Double {
        let start = peak / startDivisor
        let top = upFraction * Double(steps) - 1
        let end = Double(steps - 1)
        let place = min(Double(step), end)
        return place <= top
            ? cosine(from: start, to: peak, top > 0 ? place / top : 1)
            : cosine(from: peak, to: start / endDivisor, (place - top) / (end - top))
    }
}
