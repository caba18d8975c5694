import Foundation

/// From `start` at 0 to `end` at 1 along half a cosine.
private func cosine(from start: Double, to end: Double, _ fraction: Double) -> Double {
    end + (start - end) / 2 * (1 + cos(Double.pi * fraction))
}

/// From `rate` to `minimum` along half a cosine over `steps` steps (Loshchilov and Hutter 2017), and `minimum` from then on.
public struct CosineSchedule: Schedule, Codable, Hashable {
    public var rate: Double
    public var steps: Int
    public var minimum: Double

    public init(rate: Double, steps: Int, minimum: Double = 0) {
        precondition(steps >= 1, "CosineSchedule: \(steps) steps")
        self.rate = rate
        self.steps = steps
        self.minimum = minimum
    }

    public func rate(at step: Int) -> Double {
        cosine(from: rate, to: minimum, Double(min(step, steps)) / Double(steps))
    }
}

/// Cosines that start over, the first one after `steps` steps, each `factor` times as long as the one before
/// (Loshchilov and Hutter 2017).
public struct CosineRestartsSchedule: Schedule, Codable, Hashable {
    public var rate: Double
    public var steps: Int
    public var factor: Int
    public var minimum: Double

    public init(rate: Double, steps: Int, factor: Int = 1, minimum: Double = 0) {
        precondition(steps >= 1 && factor >= 1, "CosineRestartsSchedule: \(steps) steps, factor \(factor)")
        self.rate = rate
        self.steps = steps
        self.factor = factor
        self.minimum = minimum
    }

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
    public var peak: Double
    public var steps: Int
    public var upFraction: Double
    public var startDivisor: Double
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
