import Apus

/// What a classifier says about held-out pictures, and how right it is.
package struct ClassifierEvaluation {
    /// What it says about one picture.
    struct Verdict {
        /// The picture's number.
        var index: Int
        var label: Int
        /// Of every class.
        var probabilities: [Float]

        var predicted: Int { probabilities.indices.max { probabilities[$0] < probabilities[$1] }! }
        var isRight: Bool { predicted == label }
        /// Of the predicted class.
        var confidence: Float { probabilities[predicted] }
    }

    private(set) var verdicts: [Verdict] = []
    package private(set) var confusion: ConfusionMatrix
    private var loss = Mean()
    private var top5: TopKAccuracy?

    private static let batchSize = 500

    /// Measures a model in evaluation mode.
    ///
    /// - Parameter progress: told how many pictures are done.
    package init(of model: any Layer, on pictures: Subset<ImageDataset>, progress: (Int) -> Void = { _ in }) throws {
        let classCount = pictures.classNames.count
        confusion = ConfusionMatrix(classCount: classCount)
        // Among five classes or fewer, the right one is always one of five.
        top5 = classCount > 5 ? TopKAccuracy(5) : nil
        let wasTraining = model.isTraining
        model.eval()
        defer { model.train(wasTraining) }

        let loader = try DataLoader(pictures, batchSize: Self.batchSize, shuffles: false)
        let batches = loader.epoch(0).makeIterator()
        while let batch = try batches.nextBatch() {
            add(logits: model(batch.images), labels: batch.labels)
            progress(verdicts.count)
        }
    }

    private mutating func add(logits: Tensor, labels: Tensor) {
        let losses = crossEntropy(logits, labels, reduction: .sum)
        let shares = softmax(logits)
        evaluate([losses, shares])
        let values: [Float] = shares.elements()
        let classes: [Int] = labels.elements()
        loss.update(losses.item() / Double(classes.count), weight: Double(classes.count))
        top5?.update(scores: values, classCount: confusion.classCount, actual: classes)
        let first = verdicts.count
        for (row, label) in classes.enumerated() {
            let probabilities = Array(values[(row * confusion.classCount)..<((row + 1) * confusion.classCount)])
            verdicts.append(Verdict(index: first + row, label: label, probabilities: probabilities))
        }
        confusion.update(predicted: verdicts[first...].map(\.predicted), actual: classes)
    }

    package var metrics: [String: Double] {
        var metrics = ["accuracy": confusion.accuracy, "loss": loss.value, "f1": confusion.macro.f1]
        if let top5 { metrics["top5"] = top5.value }
        return metrics
    }
}

// MARK: For people and programs

extension ClassifierEvaluation {
    /// Every class's scores, and what it is most often taken for.
    func classTable(_ names: [String]) -> TextTable {
        var table = TextTable(
            header: ["Class", "Precision", "Recall", "F1", "Most often taken for"],
            [.left, .right, .right, .right, .left])
        for (label, name) in names.enumerated() {
            let scores = confusion.scores(of: label)
            table.append(
                name, Format.percent(scores.precision), Format.percent(scores.recall), Format.percent(scores.f1),
                mistake(for: label, names))
        }
        return table
    }

    private func mistake(for label: Int, _ names: [String]) -> String {
        let others = names.indices.filter { $0 != label }
        guard
            let worst = others.max(by: {
                confusion[actual: label, predicted: $0] < confusion[actual: label, predicted: $1]
            })
        else { return "" }
        let count = confusion[actual: label, predicted: worst]
        return count == 0 ? "" : "\(names[worst]) (\(count) of \(confusion.actualCount(label)))"
    }

    /// How often each class was taken for each: rows are the true classes, columns what the model said, numbered in order.
    func confusionTable(_ names: [String]) -> TextTable {
        let columns = names.indices.map(String.init)
        var table = TextTable(header: ["True class", ""] + columns, [.left, .right] + names.map { _ in .right })
        for (label, name) in names.enumerated() {
            table.append([name, String(label)] + names.indices.map { String(confusion[actual: label, predicted: $0]) })
        }
        return table
    }

    /// The same as numbers.
    func classEvent(_ names: [String]) -> ClassScores {
        let rows = names.indices.map { label in names.indices.map { confusion[actual: label, predicted: $0] } }
        let classes = names.enumerated().map { label, name in
            ClassScores.Row(name: name, count: confusion.actualCount(label), scores: confusion.scores(of: label))
        }
        return ClassScores(classes: classes, confusion: rows)
    }
}

/// The fields of the event `classes`.
struct ClassScores: Encodable, Sendable {
    struct Row: Encodable, Sendable {
        let name: String
        let count: Int
        let scores: ClassificationScores
    }
    let classes: [Row]
    /// Rows are the true classes.
    let confusion: [[Int]]
}
