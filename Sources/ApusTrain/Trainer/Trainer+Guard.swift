import ApusOptim

// What keeps numbers that are not finite from being trained on, or at least from being kept.

extension Trainer {
    /// The norm of each gradient, (P): one read of the gradients tells at once whether all is well, and else where it is not.
    func norms(of gradients: Gradients) -> Tensor {
        gradients.isEmpty ? Tensor.zeros([0]) : stack(gradients.map { $0.gradient.norm() })
    }

    func clipped(_ gradients: Gradients) -> Gradients {
        var gradients = gradients
        if let limit = configuration.clipValue { gradients = gradients.clipped(value: limit) }
        if let limit = configuration.clipNorm { gradients = gradients.clipped(norm: limit) }
        return gradients
    }

    /// Reads what the step has computed, and stops where it is not finite.
    func look(
        _ losses: [Tensor], _ metrics: [String: Tensor], _ gradients: Gradients, _ norms: Tensor, _ batch: Batch
    ) throws -> StepResult {
        let value = losses.reduce(0) { $0 + Double($1.item(as: Float.self)) } / Double(losses.count)
        let sizes = norms.elements(as: Float.self)
        guard value.isFinite, sizes.allSatisfy(\.isFinite) else {
            try checkNumbers(of: batch, number: state.position.batch - 1)
            let names = zip(gradients, sizes).filter { !$1.isFinite }.map(\.0.name)
            throw TrainingError.blownUp(
                blowUp(step: state.position.step + 1, value, gradients: names, count: sizes.count))
        }
        let norm = sizes.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        return StepResult(loss: value, metrics: { metrics.mapValues { $0.item() } }, gradientNorm: norm)
    }

    /// Stops where a step of one's own has a loss that is not finite.
    func look(_ outcome: StepOutcome, _ batch: Batch) throws -> StepResult {
        guard outcome.loss.isFinite else {
            try checkNumbers(of: batch, number: state.position.batch - 1)
            throw TrainingError.blownUp(
                blowUp(step: state.position.step + 1, outcome.loss, count: model.namedParameters.count))
        }
        return StepResult(loss: outcome.loss, metrics: { outcome.metrics }, gradientNorm: nil)
    }

    /// Stops before weights that are not finite take the place of good ones on the disk.
    func checkWeights() throws {
        let parameters = model.namedParameters.compactMap { name, slot in slot.tensor.map { (name: name, value: $0) } }
        let health =
            parameters.isEmpty ? [] : stack(parameters.map { isFinite($0.value).all() }).elements(as: Bool.self)
        let names = zip(parameters, health).filter { !$1 }.map(\.0.name)
        guard !names.isEmpty else { return }
        let loss = state.lastLoss ?? .nan
        throw TrainingError.blownUp(blowUp(step: state.position.step, loss, weights: names, count: parameters.count))
    }

    private func blowUp(
        step: Int, _ loss: Double, gradients: [String] = [], weights: [String] = [], count: Int
    ) -> TrainingError.BlowUp {
        TrainingError.BlowUp(
            step: step, epoch: state.position.epoch, loss: loss, previousLoss: state.lastLoss, gradients: gradients,
            weights: weights, parameterCount: count,
            checkpoint: checkpointStep == nil ? nil : run?.lastCheckpointURL.path, checkpointStep: checkpointStep ?? 0)
    }

    /// Names the part of a batch that holds NaN or infinite numbers.
    ///
    /// - Parameter number: the batch's in its epoch.
    func checkNumbers(of batch: Batch, number: Int) throws {
        for (name, tensor) in namedTensors(in: batch, name: "") where tensor.dtype.isFloatingPoint {
            if isFinite(tensor).all().item(as: Bool.self) { continue }
            throw TrainingError.badBatch(
                field: name.isEmpty ? "it" : name, nan: isNaN(tensor).sum().item(as: Int.self),
                infinite: isInfinite(tensor).sum().item(as: Int.self), epoch: state.position.epoch,
                batch: number)
        }
    }
}

/// The tensors in a value of any type, by their path: `images`, `boxes[2]`.
private func namedTensors(in value: Any, name: String, depth: Int = 0) -> [(name: String, tensor: Tensor)] {
    if let tensor = value as? Tensor { return [(name, tensor)] }
    guard depth < 4 else { return [] }
    return Mirror(reflecting: value).children.enumerated().flatMap { index, child in
        let label = child.label.map { name.isEmpty ? $0 : "\(name).\($0)" } ?? "\(name)[\(index)]"
        return namedTensors(in: child.value, name: label, depth: depth + 1)
    }
}
