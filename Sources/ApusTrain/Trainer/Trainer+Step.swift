import ApusOptim

/// What a step leaves to be looked at.
struct StepResult {
    var loss: Double
    var metrics: [String: Tensor]
    var gradientNorm: Double
}

extension Trainer {
    /// One optimizer step on the next `batchCount` batches.
    func takeStep(batchCount: Int, _ next: () throws -> Batch?) throws -> StepResult {
        // Stream 0 is left to the initial weights.
        let generator = Generator(seed: configuration.seed, stream: UInt64(state.position.step) + 1)
        return try withGenerator(generator) {
            try withPrecision(configuration.precision) { try takeStepInside(batchCount, next) }
        }
    }

    private func takeStepInside(_ batchCount: Int, _ next: () throws -> Batch?) throws -> StepResult {
        var accumulator = GradientAccumulator(count: batchCount)
        var losses: [Tensor] = []
        while true {
            guard let batch = try next() else {
                preconditionFailure("Trainer: the batches of epoch \(state.position.epoch) end before their count")
            }
            if state.batchesSeen == 0 { try checkNumbers(of: batch, number: state.position.batch) }
            let (value, metrics, gradients) = try valueAndGradients(model) { model in try loss(model, batch) }
            losses.append(value)
            state.position.batch += 1
            state.batchesSeen += 1
            guard let mean = accumulator.add(gradients) else { continue }

            let norms = norms(of: mean)
            var step = clipped(mean)
            step.attach(norms)
            optimizer.step(step)
            average?.update()
            return try look(losses, metrics, mean, norms, batch)
        }
    }
}
