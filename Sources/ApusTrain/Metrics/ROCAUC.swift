/// The receiver operating characteristic of a score that should be high for positive examples, and the area under it.
///
/// The area is the chance that a positive example scores over a negative one, ties counting half. It is NaN without examples
/// of both kinds. Reference: Fawcett 2006, "An introduction to ROC analysis".
public struct ROCAUC: Hashable, Sendable, Codable {
    private var scores: [Double] = []
    private var isPositive: [Bool] = []

    public init() {}

    /// Adds examples by score and kind; traps where the counts differ or a score is NaN.
    public mutating func update(scores: [Double], isPositive: [Bool]) {
        requireEqualCounts("ROCAUC", "scores", scores.count, "labels", isPositive.count)
        precondition(!scores.contains(where: \.isNaN), "ROCAUC: a score is NaN, which has no place in an order")
        self.scores += scores
        self.isPositive += isPositive
    }

    /// A threshold's share of negatives and of positives at or over it.
    public struct Point: Hashable, Sendable, Codable {
        /// `FP / (FP + TN)`: the share of negative examples at or over the threshold.
        public var falsePositiveRate: Double
        /// `TP / (TP + FN)`: the share of positive examples at or over the threshold.
        public var truePositiveRate: Double
        /// The score from which on examples are taken for positive; infinite at the curve's start.
        public var threshold: Double
    }

    /// From (0, 0) to (1, 1), one point for each distinct score; empty without examples of both kinds.
    public var curve: [Point] {
        let positives = isPositive.count { $0 }
        let negatives = isPositive.count - positives
        guard positives > 0, negatives > 0 else { return [] }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var points = [Point(falsePositiveRate: 0, truePositiveRate: 0, threshold: .infinity)]
        var (truePositives, falsePositives) = (0, 0)
        for (position, index) in order.enumerated() {
            if isPositive[index] { truePositives += 1 } else { falsePositives += 1 }
            // Equal scores pass the threshold together.
            let isLastOfTie = position + 1 == order.count || scores[order[position + 1]] != scores[index]
            guard isLastOfTie else { continue }
            points.append(
                Point(
                    falsePositiveRate: Double(falsePositives) / Double(negatives),
                    truePositiveRate: Double(truePositives) / Double(positives), threshold: scores[index]))
        }
        return points
    }

    /// The area, by trapezoids: exact, ties included.
    public var value: Double {
        let curve = curve
        guard !curve.isEmpty else { return .nan }
        return zip(curve, curve.dropFirst()).reduce(0) { area, edge in
            let width = edge.1.falsePositiveRate - edge.0.falsePositiveRate
            return area + width * (edge.0.truePositiveRate + edge.1.truePositiveRate) / 2
        }
    }
}
