import Apus
import Foundation

// MARK: Training

extension TextGeneration {
    /// Trains a preset, measures it beside Kneser–Ney, and writes the run's report; nil after an interruption.
    public func train(_ options: TrainOptions, output: any SystemOutput) throws -> RunEvent.Finished? {
        let configuration = try options.configuration {
            Configuration(options, preset: try self.preset(named: options.preset))
        }
        let preset = try self.preset(named: configuration.preset)
        let corpus = try configuration.corpus(output: output)
        let tokenizer =
            options.resumes
            ? try SavedTokenizer(of: preset, in: RunFolder.open(options.folder)) : SavedTokenizer(preset, for: corpus)
        let tokens = try Self.trainingTokens(
            of: corpus, tokenizer.value, contextLength: preset.recipe.contextLength,
            source: configuration.data ?? card.defaultData)
        let model = configuration.makeModel(preset, tokenizer)
        let run = try TrainingRun(self, options, configuration: configuration, output: output)
        try tokenizer.write(to: run.folder)

        let (result, measured) = try fit(model, preset, configuration, corpus, tokenizer.value, tokens, run)
        guard let evaluation = measured else { return nil }

        let baselines = Baselines(trainedOn: corpus, tokenizer.value, measuredOn: corpus)
        let report = TextGenerationReport(
            card: card, configuration: configuration, preset: preset, corpus: corpus, tokenizer: tokenizer.value,
            trainingTokens: tokens.count, model: model, evaluation: evaluation, baselines: baselines, result: result)
        try report.write(to: run.folder)
        output.show(Self.table(evaluation, baselines, corpus).rendered())
        return run.finished(evaluation.metrics, baseline: baselines.metrics)
    }

    /// Trains the model to its end, and measures it; nil after an interruption.
    private func fit<Model: LanguageModel>(
        _ model: Model, _ preset: Preset, _ configuration: Configuration, _ corpus: TextCorpus,
        _ tokenizer: any Tokenizer, _ tokens: [Int], _ run: TrainingRun
    ) throws -> (TrainingResult, Evaluation?) {
        let windows = TokenWindows(
            tokens, length: preset.recipe.contextLength, batchSize: configuration.batchSize, seed: configuration.seed)
        let trainer = Trainer<Model, TokenWindows.Batch>(
            model, preset.makeOptimizer(model, learningRate: configuration.learningRate),
            TrainerConfiguration(
                epochs: configuration.epochs, seed: configuration.seed, precision: configuration.precision,
                clipNorm: 1),
            system: name, run: run.folder
        ) { model, batch in
            let logits = model(batch.inputs).flattened(to: 1)  // (B · T, vocabulary)
            return (crossEntropy(logits, batch.targets.flattened()), [:])
        }
        trainer.schedule = Self.schedule(configuration.learningRate, steps: windows.batchCount * configuration.epochs)

        func evaluation(of model: Model) -> Evaluation {
            withPrecision(configuration.precision) { Evaluation(of: model, on: corpus, tokenizer, preset.recipe) }
        }
        var latest: Evaluation?
        let result = try run.fit(trainer, windows) { model in
            let measured = evaluation(of: model)
            latest = measured
            return measured.metrics
        }
        if result.outcome == .interrupted { return (result, nil) }
        // A resumed run may have been at its end already.
        return (result, latest ?? evaluation(of: model))
    }

    /// A rise over 200 steps, or a twentieth of few, then half a cosine down to a twentieth of the rate.
    private static func schedule(_ rate: Double, steps: Int) -> some Schedule {
        let rise = min(200, steps / 20)
        return WarmupSchedule(
            steps: rise, then: CosineSchedule(rate: rate, steps: max(1, steps - rise), minimum: rate / 20))
    }
}
