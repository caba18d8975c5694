import Apus
import Foundation

extension RunFolder {
    /// `linear.safetensors`: the linear baseline's weights.
    var linearURL: URL { url.appendingPathComponent("linear.safetensors") }
    /// `service.safetensors`: the model and its optimizer, from which continuous training goes on.
    package var serviceURL: URL { url.appendingPathComponent("service.safetensors") }
    /// `events.jsonl`: the test period's impressions with what happened, to try a server with.
    var eventsURL: URL { url.appendingPathComponent("events.jsonl") }
}

// MARK: Training

extension AdClick {
    /// Trains a preset and logistic regression on the past, lets both go on through the test period, and writes the run's report; nil
    /// after an interruption.
    public func train(_ options: TrainOptions, output: any SystemOutput) throws -> RunEvent.Finished? {
        let configuration = try options.configuration {
            let kind = try ClickData.kind(of: options.data, settings: options.settings)
            return try Configuration(options, preset: preset(named: options.preset), kind: kind)
        }
        let run = try TrainingRun(self, options, configuration: configuration, output: output)
        let data = try ClickData(configuration, in: run.folder.url, output: output)
        let (model, optimizer, result) = try fit(configuration, data, run)
        guard result.outcome != .interrupted else { return nil }

        let learner = ContinuousLearner(model, optimizer)
        let linear = try baseline(configuration, data)
        let comparison = try ClickComparison(
            try TestedModel(learner, data, configuration) { try save($0, to: run.folder) },
            beside: try TestedModel(linear, data, configuration) {
                try SafetensorsFile.write($0.model.stateDictionary(), to: run.folder.linearURL)
            }, on: data)
        if case .columns(_, let clicks) = data.source {
            let lines = data.test.map { clicks.records[$0].line(configuration.schema) + "\n" }
            try AtomicFile.write(lines.joined(), to: run.folder.eventsURL)
        }
        // What is reported of the vectors is of the model before the test period.
        let frozen = try configuration.trainedModel(in: run.folder)
        try AdClickReport(
            card: card, configuration: configuration, data: data, comparison: comparison, model: frozen,
            summary: summary(of: frozen, configuration.schema), result: result
        ).write(to: run.folder)
        show(comparison, to: output)
        output.emit("comparison", comparison.event)
        return run.finished(comparison.model.metrics, baseline: comparison.baseline.metrics)
    }

    private func fit(_ configuration: Configuration, _ data: ClickData, _ run: TrainingRun) throws -> (
        ClickModel, Optimizer, TrainingResult
    ) {
        let model = configuration.makeModel()
        let optimizer = configuration.preset.makeOptimizer(model, learningRate: configuration.learningRate)
        let step = OptimizersStep<ClickModel, ClickBatch>(["model": optimizer]) { model, batch, _ in
            let (loss, gradients) = valueAndGradients(model) { $0.loss(batch) }
            optimizer.step(gradients)
            return StepOutcome(loss: loss.item())
        }
        let trainer = Trainer(
            model, stepping: step,
            TrainerConfiguration(
                epochs: configuration.epochs, seed: configuration.seed, logInterval: 20,
                monitor: .init("auc", higherIsBetter: true), patience: 2),
            system: name, run: run.folder)
        let batches = try data.trainingBatches(size: configuration.batchSize, seed: configuration.seed)
        let result = try run.fit(trainer, batches) { model in
            let evaluation = try ClickEvaluation(of: model, on: data, data.validation)
            return evaluation.metrics.filter { ["auc", "logLoss"].contains($0.key) }
        }
        if result.outcome != .interrupted {
            // The optimizer of the best epoch goes with the model of the best epoch.
            let best = try SafetensorsFile(contentsOf: run.folder.bestCheckpointURL).tensors()
            try optimizer.load(best.unprefixed("optimizer.model."))
        }
        return (model, optimizer, result)
    }

    /// Logistic regression on the same past, chosen by the same days.
    private func baseline(_ configuration: Configuration, _ data: ClickData) throws -> ContinuousLearner {
        let (model, optimizer) = configuration.makeBaseline()
        let batches = try data.trainingBatches(size: configuration.batchSize, seed: configuration.seed)
        var best: (auc: Double, model: StateDictionary, optimizer: StateDictionary)?
        let epochs = configuration.schema.kind == .criteo ? 1 : Preset.logisticRegression.recipe.epochs
        for epoch in 0..<epochs {
            let next = batches.batches(epoch: epoch, from: 0)
            model.train()
            while let batch = try next() {
                let (_, gradients) = valueAndGradients(model) { $0.loss(batch) }
                optimizer.step(gradients)
            }
            let auc = try ClickEvaluation(of: model, on: data, data.validation).auc
            if !(auc <= best?.auc ?? -1) { best = (auc, model.stateDictionary(), optimizer.stateDictionary()) }
        }
        if let best {
            try model.load(best.model)
            try optimizer.load(best.optimizer)
        }
        return ContinuousLearner(model, optimizer)
    }

    private func save(_ learner: ContinuousLearner, to folder: RunFolder) throws {
        try SafetensorsFile.write(learner.model.stateDictionary(), metadata: ["system": name], to: folder.modelURL)
        try SafetensorsFile.write(learner.stateDictionary(), to: folder.serviceURL)
    }
}

extension AdClick.Configuration {
    /// The model that a run trained.
    ///
    /// - Throws: as `Module.load(_:architecture:)`.
    package func trainedModel(in folder: RunFolder) throws -> ClickModel {
        let model = makeModel()
        try model.load(folder, architecture: preset.rawValue)
        return model.eval()
    }

    /// The model with its optimizer as training left them, to go on with.
    package func learner(in folder: RunFolder) throws -> ContinuousLearner {
        let tensors = try SafetensorsFile(contentsOf: folder.serviceURL).tensors()
        let model = makeModel()
        let learner = ContinuousLearner(model, preset.makeOptimizer(model, learningRate: learningRate))
        do {
            try learner.load(tensors)
        } catch let error as StateError {
            throw InputError(
                folder.serviceURL.path, "it is of another model than \(preset.rawValue): \(error.report)",
                remedy: "Restore the file, or train anew with another --out")
        }
        return learner
    }

    /// The run's linear baseline.
    func trainedBaseline(in folder: RunFolder) throws -> ClickModel {
        let (model, _) = makeBaseline()
        try model.load(SafetensorsFile(contentsOf: folder.linearURL).tensors())
        return model.eval()
    }
}
