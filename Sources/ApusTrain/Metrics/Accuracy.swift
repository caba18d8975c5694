/// The share of examples whose predicted class is the true one; of no examples NaN.
public struct Accuracy: Hashable, Sendable, Codable {
    /// Examples whose predicted class is the true one.
    public private(set) var correct = 0
    /// Examples so far.
    public private(set) var count = 0

    public init() {}

    /// Adds examples by their predicted and true classes; traps where the counts differ.
    public mutating func update(predicted: [Int], actual: [Int]) {
        requireEqualCounts("Accuracy", "predictions", predicted.count, "labels", actual.count)
        correct += zip(predicted, actual).count { $0 == $1 }
        count += actual.count
    }

    /// `correct / count`, of no examples NaN.
    public var value: Double { Double(correct) / Double(count) }
}

/// The share of examples whose true class is among the `k` of highest score; of no examples NaN.
///
/// Of equal scores the lower class comes first, as in `argMax`, so that top-1 is the accuracy. A score of NaN is under
/// every other.
public struct TopKAccuracy: Hashable, Sendable, Codable {
    /// How many of the highest scores count as predictions.
    public let k: Int
    /// Examples whose true class is among the `k` of highest score.
    public private(set) var correct = 0
    /// Examples so far.
    public private(set) var count = 0

    public init(_ k: Int) {
        precondition(k > 0, "TopKAccuracy: k is \(k); at least 1 is needed")
        self.k = k
    }

    /// - Parameter scores: one row of `classCount` scores for each example.
    public mutating func update(scores: [Float], classCount: Int, actual: [Int]) {
        requireScores("TopKAccuracy", scores.count, classCount, examples: actual.count)
        for (example, label) in actual.enumerated() {
            requireClass("TopKAccuracy", label, of: classCount)
            let row = scores[(example * classCount)..<((example + 1) * classCount)]
            if rank(of: label, in: row) < k { correct += 1 }
        }
        count += actual.count
    }

    /// `correct / count`, of no examples NaN.
    public var value: Double { Double(correct) / Double(count) }

    /// How many classes come before `label`.
    private func rank(of label: Int, in row: ArraySlice<Float>) -> Int {
        let own = row[row.startIndex + label]
        if own.isNaN { return row.count }
        return row.enumerated().count { $1 > own || ($1 == own && $0 < label) }
    }
}

func requireEqualCounts(_ metric: String, _ a: String, _ aCount: Int, _ b: String, _ bCount: Int) {
    precondition(aCount == bCount, "\(metric): \(aCount) \(a) for \(bCount) \(b)")
}

func requireScores(_ metric: String, _ scores: Int, _ classCount: Int, examples: Int) {
    precondition(
        classCount > 0 && scores == examples * classCount,
        "\(metric): \(scores) scores for \(examples) examples of \(classCount) classes; one each is needed")
}

func requireClass(_ metric: String, _ label: Int, of classCount: Int) {
    precondition((0..<classCount).contains(label), "\(metric): label \(label) is not one of the \(classCount) classes")
}
