/// How often each class was taken for each, and the scores that follow from it.
public struct ConfusionMatrix: Hashable, Sendable, Codable {
    /// The number of classes, which are labelled from 0.
    public let classCount: Int
    /// Row-major: rows are true classes, columns predicted ones.
    public private(set) var counts: [Int]

    public init(classCount: Int) {
        precondition(classCount > 0, "ConfusionMatrix: \(classCount) classes; at least 1 is needed")
        self.classCount = classCount
        counts = [Int](repeating: 0, count: classCount * classCount)
    }

    /// Adds examples by their predicted and true classes; traps where the counts differ or a class does not exist.
    public mutating func update(predicted: [Int], actual: [Int]) {
        requireEqualCounts("ConfusionMatrix", "predictions", predicted.count, "labels", actual.count)
        for (prediction, label) in zip(predicted, actual) {
            requireClass("ConfusionMatrix", prediction, of: classCount)
            requireClass("ConfusionMatrix", label, of: classCount)
            counts[label * classCount + prediction] += 1
        }
    }

    /// How many examples of one class were taken for another, or for the same.
    public subscript(actual actual: Int, predicted predicted: Int) -> Int { counts[actual * classCount + predicted] }

    /// The number of examples.
    public var total: Int { counts.reduce(0, +) }

    /// How many examples are truly of a class, called its support.
    public func actualCount(_ label: Int) -> Int {
        (0..<classCount).reduce(0) { $0 + self[actual: label, predicted: $1] }
    }

    /// How many examples were taken for a class.
    public func predictedCount(_ label: Int) -> Int {
        (0..<classCount).reduce(0) { $0 + self[actual: $1, predicted: label] }
    }

    /// The share on the diagonal.
    public var accuracy: Double { Double(correct) / Double(total) }

    private var correct: Int { (0..<classCount).reduce(0) { $0 + self[actual: $1, predicted: $1] } }
}

/// Precision, recall and F1 of a class, or their average over classes.
///
/// `precision = TP / (TP + FP)`, `recall = TP / (TP + FN)`, `F1 = 2 TP / (2 TP + FP + FN)`; a share of nothing counts as 0.
public struct ClassificationScores: Hashable, Sendable, Codable {
    /// `TP / (TP + FP)`, of nothing 0.
    public var precision: Double
    /// `TP / (TP + FN)`, of nothing 0.
    public var recall: Double
    /// `2 TP / (2 TP + FP + FN)`, of nothing 0.
    public var f1: Double

    init(precision: Double, recall: Double, f1: Double) {
        self.precision = precision
        self.recall = recall
        self.f1 = f1
    }

    init(truePositives: Int, predicted: Int, actual: Int) {
        func share(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
        precision = share(truePositives, predicted)
        recall = share(truePositives, actual)
        f1 = share(2 * truePositives, predicted + actual)
    }
}

extension ConfusionMatrix {
    /// The scores of one class against all others.
    public func scores(of label: Int) -> ClassificationScores {
        ClassificationScores(
            truePositives: self[actual: label, predicted: label], predicted: predictedCount(label),
            actual: actualCount(label))
    }

    /// Every class counts the same, those without examples included.
    public var macro: ClassificationScores { average { _ in 1 } }

    /// Every class counts by its number of examples.
    public var weighted: ClassificationScores { average { Double(actualCount($0)) } }

    /// Every example counts the same: with one label an example, all three are the accuracy.
    public var micro: ClassificationScores {
        ClassificationScores(truePositives: correct, predicted: total, actual: total)
    }

    private func average(_ weight: (Int) -> Double) -> ClassificationScores {
        var (precision, recall, f1) = (Mean(), Mean(), Mean())
        for label in 0..<classCount {
            let (scores, weight) = (scores(of: label), weight(label))
            precision.update(scores.precision, weight: weight)
            recall.update(scores.recall, weight: weight)
            f1.update(scores.f1, weight: weight)
        }
        return ClassificationScores(precision: precision.value, recall: recall.value, f1: f1.value)
    }
}
