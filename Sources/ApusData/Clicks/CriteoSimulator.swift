import ApusIO
import ApusTensor
import Foundation

/// Lines in the format of Criteo's click logs from a known model, for trying things out where the real logs are not at hand.
///
/// A line's fields are drawn independently: category `f` by Zipf's law from `3 … 20,000` values, counts from log-normal distributions, a
/// tenth of both missing. The log-odds of a click are
/// `b + Σ_f w_f(value, t) + Σ_pairs ⟨u_f(value), v_g(value)⟩ + Σ_i a_i log(1 + count_i)`:
/// weights of single values, some of which drift slowly with the line's number t, and pairs of fields that count only together, which
/// a linear model cannot know. About a quarter is clicked. Everything follows from the seed and the line's number.
///
/// What is measured on these lines says something about programs, and nothing about ads.
public struct CriteoSimulator: Sendable {
    public let seed: UInt64
    /// Lines after which the drifting weights have turned once around.
    public let period: Double

    public init(seed: UInt64 = 0, period: Double = 200_000) {
        self.seed = seed
        self.period = period
    }

    /// Fields that count together.
    private static let pairs = [(0, 5), (1, 8), (2, 13), (4, 16), (8, 19)]
    /// How many values a field has.
    private static let sizes = (0..<26).map { Int(3 * pow(1.42, Double($0))) }

    /// Line number `index`, without a line break.
    public func line(_ index: Int) -> String {
        let generator = Generator(seed: seed, stream: UInt64(index))
        let values = Self.sizes.map { size -> Int? in
            let rank = Int(pow(Double(size), generator.unit()))  // P(rank) ~ 1 / rank
            return generator.unit() < 0.1 ? nil : rank
        }
        let counts = (0..<13).map { field -> Int? in
            let count = Int(exp(generator.normal() * 1.2 + Double(field % 4)))
            return generator.unit() < 0.1 ? nil : count
        }
        let isClick = generator.unit() < 1 / (1 + exp(-logOdds(values, counts, at: index)))
        let categories = values.enumerated().map { field, value in
            value.map { String(UInt32(truncatingIfNeeded: random(field, $0, 99).bits), radix: 16) } ?? ""
        }
        let numbers = counts.map { $0.map(String.init) ?? "" }
        return ([isClick ? "1" : "0"] + numbers + categories).joined(separator: "\t")
    }

    /// The log-odds that a line's click is drawn from.
    func logOdds(_ values: [Int?], _ counts: [Int?], at index: Int) -> Double {
        var sum = -1.6
        let angle = 2 * Double.pi * Double(index) / period
        for (field, value) in values.enumerated() {
            guard let value else { continue }
            let (steady, sine, cosine) = (normal(field, value, 0), normal(field, value, 1), normal(field, value, 2))
            // Every third field drifts.
            sum += 0.25 * (field % 3 == 0 ? sine * sin(angle) + cosine * cos(angle) : steady)
        }
        for (a, b) in Self.pairs {
            guard let first = values[a], let second = values[b] else { continue }
            for axis in 3..<6 { sum += 0.5 * normal(a, first, axis) * normal(b, second, axis) }
        }
        for (field, count) in counts.enumerated() {
            sum += 0.1 * normal(field, -1, 6) * log1p(Double(count ?? 0))
        }
        return sum
    }

    private func normal(_ field: Int, _ value: Int, _ what: Int) -> Double { random(field, value, what).normal }

    /// A normal number and random bits that belong to a field's value.
    private func random(_ field: Int, _ value: Int, _ what: Int) -> (normal: Double, bits: UInt64) {
        let stream = UInt64(field) << 48 ^ UInt64(bitPattern: Int64(value)) << 8 ^ UInt64(what)
        let generator = Generator(seed: ~seed, stream: stream)
        return (generator.normal(), generator.next())
    }

    /// Writes lines to a file.
    ///
    /// - Throws: `FileError` where it can't be written.
    public func write(_ count: Int, to url: URL) throws {
        try AtomicFile.write(to: url) { file in
            for start in stride(from: 0, to: count, by: 4096) {
                let lines = (start..<min(count, start + 4096)).map { line($0) + "\n" }
                try file.write(Data(lines.joined().utf8))
            }
        }
    }
}
