/// Whether probabilities mean what they say: of what is said to happen with probability 0.3, three tenths should.
///
/// Probabilities are counted in bins of equal width, to which their upper ends belong. References: Guo et al., “On calibration of modern neural networks”, 2017;
/// DeGroot and Fienberg, “The comparison and evaluation of forecasters”, 1983.
public struct Calibration: Hashable, Sendable, Codable {
    /// What fell between two probabilities.
    public struct Bin: Hashable, Sendable, Codable {
        /// Examples.
        public var count = 0
        /// Examples that happened.
        public var positives = 0
        /// The sum of their probabilities.
        var sum = 0.0

        /// The mean of what was said, NaN where the bin is empty.
        public var predicted: Double { sum / Double(count) }
        /// The share that happened, NaN where the bin is empty.
        public var observed: Double { Double(positives) / Double(count) }
    }

    /// From 0 to 1, of equal width.
    public private(set) var bins: [Bin]

    /// - Parameter binCount: ten by default.
    public init(binCount: Int = 10) {
        precondition(binCount > 0, "Calibration: \(binCount) bins")
        bins = [Bin](repeating: Bin(), count: binCount)
    }

    /// Adds examples; traps where the counts differ or a probability is none.
    public mutating func update(probabilities: [Double], isPositive: [Bool]) {
        requireEqualCounts("Calibration", "probabilities", probabilities.count, "labels", isPositive.count)
        for (p, isPositive) in zip(probabilities, isPositive) {
            precondition(p >= 0 && p <= 1, "Calibration: \(p) is no probability")
            let place = max(0, Int((p * Double(bins.count)).rounded(.up)) - 1)
            bins[place].count += 1
            bins[place].positives += isPositive ? 1 : 0
            bins[place].sum += p
        }
    }

    private var count: Int { bins.reduce(0) { $0 + $1.count } }

    /// `Σ p / Σ y`: over 1 where too much is promised. NaN of no examples, infinite where nothing happened.
    public var ratio: Double {
        bins.reduce(0) { $0 + $1.sum } / Double(bins.reduce(0) { $0 + $1.positives })
    }

    /// `Σ nᵦ / n · |observedᵦ − predictedᵦ|` over the bins: the expected calibration error. NaN of no examples.
    public var expectedError: Double {
        guard count > 0 else { return .nan }
        return bins.reduce(0) { $0 + ($1.count == 0 ? 0 : abs(Double($1.positives) - $1.sum)) } / Double(count)
    }
}
