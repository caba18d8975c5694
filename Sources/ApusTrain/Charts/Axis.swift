import Foundation

/// One direction of a plot: what it measures and how numbers become places.
public struct Axis: Hashable, Sendable {
    /// How numbers become distances along the axis.
    public enum Scale: Hashable, Sendable {
        case linear
        /// Base 10; numbers that are not positive have no place.
        case logarithmic
    }

    /// How tick labels are written.
    public enum Style: Hashable, Sendable {
        case number
        /// A share, 0.5 as `50 %`.
        case percent
    }

    /// What the axis measures; nothing by default.
    public var label: String
    /// Linear by default.
    public var scale: Scale
    /// How tick labels are written; plain numbers by default.
    public var style: Style
    /// What is shown at least; by default what the data need.
    public var range: ClosedRange<Double>?

    public init(
        _ label: String = "", scale: Scale = .linear, style: Style = .number, range: ClosedRange<Double>? = nil
    ) {
        self.label = label
        self.scale = scale
        self.style = style
        self.range = range
    }

    func text(_ value: Double) -> String {
        switch style {
        case .number: tickText(value)
        case .percent: tickText((value * 1e10).rounded() / 1e8) + " %"
        }
    }
}

/// An axis fitted to data: a range and its ticks.
package struct FittedAxis {
    let axis: Axis
    package let range: ClosedRange<Double>
    package let ticks: [Double]

    package init(_ axis: Axis, values: some Sequence<Double>, tickCount: Int) {
        self.axis = axis
        let usable = values.filter { $0.isFinite && (axis.scale == .linear || $0 > 0) }
        var low = usable.min() ?? axis.range?.lowerBound ?? (axis.scale == .linear ? 0 : 1)
        var high = usable.max() ?? axis.range?.upperBound ?? (axis.scale == .linear ? 1 : 10)
        if let range = axis.range { (low, high) = (min(low, range.lowerBound), max(high, range.upperBound)) }
        switch axis.scale {
        case .linear:
            if low == high { (low, high) = low == 0 ? (0, 1) : (low - abs(low) * 0.1, high + abs(high) * 0.1) }
            let step = Self.niceStep((high - low) / Double(max(1, tickCount)))
            // A range that was asked for is kept to the letter; one from data ends on ticks.
            let start = axis.range?.lowerBound == low ? low : (low / step).rounded(.down) * step
            let end = axis.range?.upperBound == high ? high : (high / step).rounded(.up) * step
            range = start...max(end, start.nextUp)
            let first = Int((start / step - 1e-9).rounded(.up))
            let last = Int((end / step + 1e-9).rounded(.down))
            ticks = first <= last ? (first...last).map { Double($0) * step } : []
        case .logarithmic:
            if low == high { (low, high) = (low / 2, high * 2) }
            let decades = log10(low).rounded(.down)...log10(high).rounded(.up)
            let exponents = Int(decades.lowerBound)...Int(decades.upperBound)
            // Few decades leave room for 2 and 5 between their ends.
            let digits: [Double] = exponents.count <= 3 ? [1, 2, 5] : [1]
            let every = max(1, (exponents.count + tickCount) / (tickCount + 1))
            let candidates = exponents.filter { $0 % every == 0 }.flatMap { e in digits.map { $0 * pow(10, Double(e)) }
            }
            let start = candidates.last { $0 <= low } ?? pow(10, decades.lowerBound)
            let end = candidates.first { $0 >= high } ?? pow(10, decades.upperBound)
            range = start...end
            ticks = candidates.filter { (start...end).contains($0) }
        }
    }

    /// Where a value lies: 0 at the range's start, 1 at its end; nil where it has no place.
    package func position(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        switch axis.scale {
        case .linear:
            return (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        case .logarithmic:
            guard value > 0 else { return nil }
            return (log(value) - log(range.lowerBound)) / (log(range.upperBound) - log(range.lowerBound))
        }
    }

    /// The least of 1, 2, 5 × 10ⁿ that is no less than `step`.
    private static func niceStep(_ step: Double) -> Double {
        guard step > 0, step.isFinite else { return 1 }
        let power = pow(10, log10(step).rounded(.down))
        let digit = [1.0, 2, 5, 10].first { $0 * power >= step * (1 - 1e-9) } ?? 10
        return digit * power
    }
}

/// A round number in few letters: `0.25`, `1,500`, `12k`, `1e-06`.
package func tickText(_ value: Double) -> String {
    let magnitude = abs(value)
    if magnitude == 0 { return "0" }
    if magnitude < 1e-4 || magnitude >= 1e15 { return String(format: "%.3g", value) }
    if magnitude >= 10_000 { return Format.short(value).replacingOccurrences(of: ".0", with: "") }
    if magnitude >= 1000, value == value.rounded() { return Format.count(Int(value)) }
    let rounded = String(format: "%.6g", value)
    return rounded.replacingOccurrences(of: "-", with: "−")
}
