/// A training that cannot begin or go on, in words for the person who started it.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There are no batches.
    case noData
    /// A batch holds numbers that are not finite; `field` is its part, such as `images`.
    case badBatch(field: String, nan: Int, infinite: Int, epoch: Int, batch: Int)
    /// The loss or a gradient is not finite any more.
    case blownUp(BlowUp)

    /// What was found where a loss or gradient was not finite.
    public struct BlowUp: Hashable, Sendable {
        /// The step that failed, counted from 1.
        public var step: Int
        /// The epoch of that step, from 0.
        public var epoch: Int
        /// The loss of that step.
        public var loss: Double
        /// Of the step before, nil at a session's first.
        public var previousLoss: Double?
        /// Parameters whose gradients are not finite, in the model's order.
        public var gradients: [String]
        /// Parameters that are not finite themselves, though their gradients are.
        public var weights: [String] = []
        /// Of how many parameters.
        public var parameterCount: Int
        /// The last good checkpoint, if there is one.
        public var checkpoint: String?
        /// Optimizer steps that the last good checkpoint holds; 0 if there is none.
        public var checkpointStep: Int
    }

    public var description: String {
        switch self {
        case .noData:
            return "the training data have no batches; check the path and the split, or use a smaller --batch-size"
        case .badBatch(let field, let nan, let infinite, let epoch, let batch):
            let counts = [(nan, "NaN"), (infinite, "infinite numbers")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
            return "batch \(batch + 1) of epoch \(epoch + 1): \(field) holds \(counts.joined(separator: " and "));"
                + " clean the data or replace such values"
        case .blownUp(let what):
            return what.description
        }
    }
}

extension TrainingError.BlowUp: CustomStringConvertible {
    public var description: String {
        let before = previousLoss.map { " after \(Format.number($0)) the step before" } ?? ""
        let lossText =
            loss.isFinite ? "the loss is still finite (\(Format.number(loss)))" : "the loss is \(loss)\(before)"
        let kept =
            checkpoint.map { "step \(checkpointStep) is kept in \($0)" } ?? "nothing is kept, as the run has no folder"
        return "training blew up at step \(step) (epoch \(epoch + 1)): \(lossText), \(gradientText); \(kept);"
            + " use a lower --learning-rate or clip the gradients"
    }

    private var gradientText: String {
        if !weights.isEmpty { return "the weights \(listed(weights)) are not finite" }
        if gradients.isEmpty { return "all gradients are finite" }
        if gradients.count == parameterCount, parameterCount > 5 { return "no gradient is finite" }
        return "the gradients of \(listed(gradients)) are not finite"
    }

    private func listed(_ names: [String]) -> String {
        let rest = names.count > 5 ? " and \(names.count - 5) more" : ""
        return names.prefix(5).joined(separator: ", ") + rest + " (\(names.count) of \(parameterCount) parameters)"
    }
}
