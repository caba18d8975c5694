/// What becomes of the losses of single elements.
public enum LossReduction: String, Sendable, Codable {
    case mean, sum
    /// Every element's loss is kept.
    case none
}

extension Tensor {
    func reduced(_ reduction: LossReduction) -> Tensor {
        switch reduction {
        case .mean: mean()
        case .sum: sum()
        case .none: self
        }
    }
}
