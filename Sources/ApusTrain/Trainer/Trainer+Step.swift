import ApusOptim

/// What a step leaves to be looked at.
struct StepResult {
    var loss: Double
    /// Asked for when they are logged, which not every step's are.
    var metrics: () -> [String: Double]
    /// Nil for a step of one's own.
    var gradientNorm: Double?
}

/// How a trainer takes a step.
enum StepMethod<Model: Module, Batch> {
    /// One optimizer along the gradient of one loss.
    case descent(Optimizer, Trainer<Model, Batch>.Loss)
    case own(any TrainingStep<Model, Batch>)

    /// The optimizer's, nil for a step of one's own.
    var learningRate: Double? {
        guard case .descent(let optimizer, _) = self else { return nil }
        return optimizer.learningRate
    }

    func publish(to model: Model) {
        if case .own(let step) = self { step.publish(to: model) }
    }

    func stateDictionary() throws -> StateDictionary {
        switch self {
        case .descent(let optimizer, _): optimizer.stateDictionary()
        case .own(let step): try step.stateDictionary()
        }
    }

    func load(_ state: StateDictionary, model: Model) throws {
        switch self {
        case .descent(let optimizer, _): try optimizer.load(state)
        case .own(let step):
            try step.adopt(model)
            try step.load(state)
        }
    }
}

extension Trainer {
    /// One step on the next `batchCount` batches.
    func takeStep(batchCount: Int, learningRate: Double?, _ next: () throws -> Batch?) throws -> StepResult {
        // Stream 0 is left to the initial weights.
        let generator = Generator(seed: configuration.seed, stream: UInt64(state.position.step) + 1)
        return try withGenerator(generator) {
            try withPrecision(configuration.precision) {
                switch method {
                case .descent(let optimizer, let loss): try descend(optimizer, loss, batchCount, next)
                case .own(let step): try take(step, learningRate, next)
                }
            }
        }
    }

    private func descend(
        _ optimizer: Optimizer, _ loss: Loss, _ batchCount: Int, _ next: () throws -> Batch?
    ) throws -> StepResult {
        var accumulator = GradientAccumulator(count: batchCount)
        var losses: [Tensor] = []
        while true {
            let batch = try checked(next)
            let (value, metrics, gradients) = try valueAndGradients(model) { model in try loss(model, batch) }
            losses.append(value)
            countBatch()
            guard let mean = accumulator.add(gradients) else { continue }

            let norms = norms(of: mean)
            var step = clipped(mean)
            step.attach(norms)
            optimizer.step(step)
            average?.update()
            return try look(losses, metrics, mean, norms, batch)
        }
    }

    private func take(
        _ step: any TrainingStep<Model, Batch>, _ learningRate: Double?, _ next: () throws -> Batch?
    ) throws -> StepResult {
        let batch = try checked(next)
        let outcome = try step.take(batch, model: model, learningRate: learningRate)
        countBatch()
        if let average {
            step.publish(to: model)
            average.update()
        }
        return try look(outcome, batch)
    }

    /// The next batch; the run's first is looked through for numbers that are not finite.
    private func checked(_ next: () throws -> Batch?) throws -> Batch {
        guard let batch = try next() else {
            preconditionFailure("Trainer: the batches of epoch \(state.position.epoch) end before their count")
        }
        if state.batchesSeen == 0 { try checkNumbers(of: batch, number: state.position.batch) }
        return batch
    }

    private func countBatch() {
        state.position.batch += 1
        state.batchesSeen += 1
    }
}
