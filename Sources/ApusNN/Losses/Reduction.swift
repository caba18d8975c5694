/// What becomes of the losses of single elements.
public enum LossReduction: String, Sendable, Codable {
    case mean, sum
    /// The sum divided by the extent of the first axis.
    case batchMean
    /// Every element's loss is kept.
    case none
}

extension Tensor {
    func reduced(_ reduction: LossReduction) -> Tensor {
        switch reduction {
        case .mean: mean()
        case .sum: sum()
        case .batchMean: sum() / Double(shape.first ?? 1)
        case .none: self
        }
    }
}

/// Reports predictions and targets of different shapes, which would broadcast to something not meant.
func requireEqualShapes(_ name: String, _ predictions: Tensor, _ targets: Tensor) {
    guard predictions.shape != targets.shape else { return }
    reportTensorError(
        TensorError("\(name): predictions \(predictions.shape) with targets \(targets.shape): shapes must be equal"))
}
