import Foundation

/// How the tables write numbers.
package enum BenchmarkFormat {
    /// Three digits and a unit: `12.3 µs`, `0.73 ms`, `1.24 s`.
    package static func time(_ seconds: Double) -> String {
        if seconds < 0.1e-3 { return digits(seconds * 1e6) + " µs" }
        if seconds < 1 { return digits(seconds * 1e3) + " ms" }
        return digits(seconds) + " s"
    }

    /// Whole percents, with a decimal below one: `68 %`, `0.4 %`.
    static func percent(_ share: Double) -> String {
        String(format: share < 0.00995 ? "%.1f %%" : "%.0f %%", share * 100)
    }

    /// Three significant digits, no exponent: `0.73`, `12.3`, `355`.
    static func digits(_ value: Double) -> String {
        let decimals = value < 10 ? 2 : value < 100 ? 1 : 0
        return String(format: "%.\(decimals)f", value)
    }
}
