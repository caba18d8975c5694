import ApusTensor

// Batches as models give them: scores (logits or probabilities) of shape (B, C), labels of shape (B).

extension Accuracy {
    /// - Parameters:
    ///   - logits: (…, C); the class of highest score is the prediction.
    ///   - labels: (…), integers.
    public mutating func update(logits: Tensor, labels: Tensor) {
        update(predicted: logits.argMax().elements(), actual: labels.elements())
    }
}

extension TopKAccuracy {
    /// - Parameters:
    ///   - logits: (…, C)
    ///   - labels: (…), integers.
    public mutating func update(logits: Tensor, labels: Tensor) {
        let classCount = logits.shape.last ?? 0
        update(scores: logits.elements(), classCount: classCount, actual: labels.elements())
    }
}

extension ConfusionMatrix {
    /// - Parameters:
    ///   - logits: (…, C); the class of highest score is the prediction.
    ///   - labels: (…), integers.
    public mutating func update(logits: Tensor, labels: Tensor) {
        update(predicted: logits.argMax().elements(), actual: labels.elements())
    }
}

extension ROCAUC {
    /// - Parameters:
    ///   - scores: any shape.
    ///   - labels: the same number of elements; not 0 is positive.
    public mutating func update(scores: Tensor, labels: Tensor) {
        update(scores: scores.elements(), isPositive: (labels .!= 0).elements())
    }
}

extension RegressionErrors {
    /// - Parameters:
    ///   - predictions: any shape.
    ///   - targets: the same shape.
    public mutating func update(predictions: Tensor, targets: Tensor) {
        update(predicted: predictions.elements(), actual: targets.elements())
    }
}
