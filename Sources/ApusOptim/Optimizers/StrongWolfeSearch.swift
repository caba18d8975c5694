/// Finds a step length at which the loss has fallen enough and its slope has flattened (Nocedal and Wright 2006, algorithms 3.5 and 3.6):
/// `f(t) ≤ f(0) + c₁ t f'(0)` and `|f'(t)| ≤ −c₂ f'(0)`. Lengths are tried where a cubic through two of them is lowest.
struct StrongWolfeSearch {
    /// A length that was tried.
    struct Trial {
        var length: Double
        var loss: Double
        var gradient: Tensor
        /// The loss's derivative by the length.
        var slope: Double
    }

    /// The start, and the derivative there.
    private let origin: Trial
    /// The direction's largest element.
    private let extent: Double
    /// The smallest change of a parameter that is worth another trial.
    private let tolerance: Double
    private let maxTrials: Int
    private let fall = 1e-4
    private let flatness = 0.9
    private var trials = 0

    init(loss: Double, gradient: Tensor, slope: Double, extent: Double, tolerance: Double, maxTrials: Int) {
        origin = Trial(length: 0, loss: loss, gradient: gradient, slope: slope)
        self.extent = extent
        self.tolerance = tolerance
        self.maxTrials = maxTrials
    }

    /// The best length between the first that is tried and those that follow.
    mutating func run(from length: Double, _ evaluate: (Double) throws -> Trial) rethrows -> Trial {
        let bracket = try bracketed(from: length, evaluate)
        guard let high = bracket.high else { return bracket.low }
        return try zoomed(bracket.low, high, evaluate)
    }

    /// Lengthens the step until a good length lies in between, or is met: then there is no `high`.
    private mutating func bracketed(
        from length: Double, _ evaluate: (Double) throws -> Trial
    ) rethrows -> (low: Trial, high: Trial?) {
        var last = origin
        var now = try evaluate(length)
        while trials < maxTrials {
            if hasRisen(now) || (trials > 1 && now.loss >= last.loss) { return (last, now) }
            if isFlat(now) { return (now, nil) }
            if now.slope >= 0 { return (last, now) }
            let next = lowest(
                last, now, within: (now.length + 0.01 * (now.length - last.length))...(now.length * 10))
            last = now
            now = try evaluate(next)
            trials += 1
        }
        return (origin, now)
    }

    /// Narrows a bracket whose ends stay in their order on the line: the one with the lower loss is the best so far.
    private mutating func zoomed(
        _ a: Trial, _ b: Trial, _ evaluate: (Double) throws -> Trial
    ) rethrows -> Trial {
        var ends = [a, b]
        var low = a.loss <= b.loss ? 0 : 1
        var isStuck = false
        while trials < maxTrials, Swift.abs(ends[1].length - ends[0].length) * extent >= tolerance {
            let (least, most) = (min(ends[0].length, ends[1].length), max(ends[0].length, ends[1].length))
            var length = lowest(ends[0], ends[1], within: least...most)
            // A trial near an end, for the second time or beyond it, moves a tenth of the way inside.
            let margin = 0.1 * (most - least)
            if min(most - length, length - least) < margin {
                if isStuck || length >= most || length <= least {
                    length = Swift.abs(length - most) < Swift.abs(length - least) ? most - margin : least + margin
                    isStuck = false
                } else {
                    isStuck = true
                }
            } else {
                isStuck = false
            }
            let now = try evaluate(length)
            trials += 1
            let high = 1 - low
            if hasRisen(now) || now.loss >= ends[low].loss {
                ends[high] = now
                low = ends[0].loss <= ends[1].loss ? 0 : 1
                continue
            }
            if isFlat(now) {
                return now
            } else if now.slope * (ends[high].length - ends[low].length) >= 0 {
                ends[high] = ends[low]
            }
            ends[low] = now
        }
        return ends[low]
    }

    private func hasRisen(_ trial: Trial) -> Bool { trial.loss > origin.loss + fall * trial.length * origin.slope }
    private func isFlat(_ trial: Trial) -> Bool { Swift.abs(trial.slope) <= -flatness * origin.slope }

    /// Where the cubic with the losses and slopes of two trials is lowest; the middle of the range where it has no minimum.
    private func lowest(_ a: Trial, _ b: Trial, within range: ClosedRange<Double>) -> Double {
        let (a, b) = a.length <= b.length ? (a, b) : (b, a)
        let d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.length - b.length)
        let square = d1 * d1 - a.slope * b.slope
        guard square >= 0 else { return (range.lowerBound + range.upperBound) / 2 }
        let d2 = square.squareRoot()
        let place = b.length - (b.length - a.length) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
        return min(max(place, range.lowerBound), range.upperBound)
    }
}
