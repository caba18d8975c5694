import Foundation

/// Numbers as people read them, the same everywhere.
package enum Format {
    /// Four significant digits, scientific where it would be long: `0.8913`, `12.50`, `3.2e-07`, `12,345`.
    package static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "−∞" : "∞" }
        let magnitude = Swift.abs(value)
        if value == value.rounded(), magnitude < 1e15 { return count(Int(value)) }
        switch magnitude {
        case ..<1e-3: return String(format: "%.2e", value)
        case ..<10: return String(format: "%.4f", value)
        case ..<1000: return String(format: "%.2f", value)
        case ..<1e7: return count(Int(value.rounded()))
        default: return String(format: "%.3e", value)
        }
    }

    /// Digits in groups of three: `1,234,567`.
    package static func count(_ value: Int) -> String {
        var digits = Array(String(value.magnitude))
        for position in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: position) }
        return (value < 0 ? "-" : "") + String(digits)
    }

    /// A share: `91.28 %`.
    package static func percent(_ share: Double) -> String {
        share.isFinite ? String(format: "%.2f %%", share * 100) : number(share)
    }

    /// `850`, `12.3k`, `4.56M`.
    package static func short(_ value: Double) -> String {
        let units: [(Double, String)] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
        for (size, unit) in units where Swift.abs(value) >= size {
            let scaled = value / size
            let digits = Swift.abs(scaled) >= 100 ? 0 : Swift.abs(scaled) >= 10 ? 1 : 2
            return String(format: "%.\(digits)f", scaled) + unit
        }
        return Swift.abs(value) >= 10 || value == 0 ? String(format: "%.0f", value) : String(format: "%.2g", value)
    }

    /// `0:07`, `12:30`, `1:02:03`.
    package static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "–:––" }
        let total = Int(Swift.max(0, seconds).rounded())
        let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }

    /// `0.84 s`, `42.0 s`, `12 min 30 s`, `1 h 2 min`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite else { return number(seconds) }
        if seconds < 0.1 { return String(format: "%.1f ms", seconds * 1000) }
        if seconds < 10 { return String(format: "%.2f s", seconds) }
        if seconds < 60 { return String(format: "%.1f s", seconds) }
        let total = Int(seconds.rounded())
        if total < 3600 { return "\(total / 60) min \(total % 60) s" }
        return "\(total / 3600) h \(total / 60 % 60) min"
    }

    /// `512 B`, `1.5 KiB`, `23.4 GiB`.
    package static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
            if value < 1024 || unit == "TiB" {
                return unit == "B" ? "\(count) B" : String(format: "%.1f ", value) + unit
            }
            value /= 1024
        }
        return "\(count) B"
    }
}
