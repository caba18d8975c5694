import Apus
import Foundation

// MARK: Training

extension MachineTranslation {
    /// Trains a preset, measures it beside both baselines, and writes the run's report; nil after an interruption.
    public func train(_ options: TrainOptions, output: any SystemOutput) throws -> RunEvent.Finished? {
        let configuration = try options.configuration {
            try Configuration(options, preset: preset(named: options.preset))
        }
        let texts = try configuration.texts(output: output)
        let run = try TrainingRun(self, options, configuration: configuration, output: output)
        let tokenizer =
            try configuration.tokenizer(storedIn: run.folder)
            ?? configuration.makeTokenizer(texts.training, in: run.folder)
        let model = try configuration.makeModel(tokenizer)
        let result = try fit(model, tokenizer, configuration, texts, run)
        guard result.outcome != .interrupted else { return nil }

        let evaluation = try evaluation(of: model, tokenizer, configuration, texts.test, output)
        let baselines = TranslationBaselines(texts, output: output)
        let report = MachineTranslationReport(
            card: card, configuration: configuration, texts: texts, tokenizer: tokenizer, evaluation: evaluation,
            baselines: baselines, result: result)
        try report.write(of: model, to: run.folder)
        show(evaluation, baselines, to: output)
        return run.finished(evaluation.metrics, baseline: baselines.best.metrics)
    }

    private func fit<Model: Translator>(
        _ model: Model, _ tokenizer: BytePairEncoding, _ configuration: Configuration, _ texts: ParallelText.Split,
        _ run: TrainingRun
    ) throws -> TrainingResult {
        let batches = PaddedPairs(texts.training, tokenizer, configuration)
        let held = PaddedPairs(texts.validation, tokenizer, configuration)
        let optimizer = AdamW(model, learningRate: configuration.learningRate, betas: (0.9, 0.98), weightDecay: 1e-4)
        let trainer = Trainer<Model, PaddedPairs.Batch>(
            model, optimizer,
            TrainerConfiguration(
                epochs: configuration.epochs, seed: configuration.seed, precision: configuration.precision, clipNorm: 1),
            system: name, run: run.folder
        ) { model, batch in
            (model.loss(batch, labelSmoothing: configuration.labelSmoothing), [:])
        }
        trainer.schedule = OneCycleSchedule(
            peak: configuration.learningRate, steps: max(2, batches.batchCount * configuration.epochs), upFraction: 0.15
        )
        return try run.fit(trainer, batches) { model in
            try withPrecision(configuration.precision) { try model.metrics(on: held) }
        }
    }

    func evaluation(
        of model: any Translator, _ tokenizer: BytePairEncoding, _ configuration: Configuration, _ text: ParallelText,
        _ output: any SystemOutput
    ) throws -> TranslationEvaluation {
        try withPrecision(configuration.precision) {
            let metrics = try model.metrics(on: PaddedPairs(text, tokenizer, configuration))
            let bar = output.progressBar("Translating", total: text.pairs.count, unit: "sentences")
            bar.start(at: 0)
            let writer = TranslationWriter(tokenizer: tokenizer, beam: BeamSearch())
            let found = writer.hypotheses(of: text.pairs.map(\.source), by: model) { bar.update(completed: $0) }
            bar.finish()
            return TranslationEvaluation(
                translations: found.map { writer.text($0.first?.tokens ?? []) }, text, metrics)
        }
    }
}

extension Translator {
    /// `−Σ log p(yₜ | y₍<t₎, x) / tokens`
    package func loss(_ batch: PaddedPairs.Batch, labelSmoothing: Double = 0) -> Tensor {
        let logits = self(batch.source, batch.target)  // (B, T, vocabulary)
        return crossEntropy(
            logits.flattened(from: 0, to: 1), batch.next.flattened(), ignoredIndex: SpecialToken.padding,
            labelSmoothing: labelSmoothing)
    }

    /// The loss a token and its perplexity.
    package func metrics(on pairs: PaddedPairs) throws -> [String: Double] {
        eval()
        var total = Mean()
        for (batch, _) in pairs.inOrder() {
            let count = (batch.next .!= SpecialToken.padding).sum().item(as: Int.self)
            total.update(loss(batch).item(), weight: Double(count))
        }
        return ["loss": total.value, "perplexity": exp(total.value)]
    }
}
