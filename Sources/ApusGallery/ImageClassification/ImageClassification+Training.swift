import Apus
import Foundation

// MARK: Training

extension ImageClassification {
    /// Trains a preset and the linear baseline, and writes the run's report; nil after an interruption.
    public func train(_ options: TrainOptions, output: any SystemOutput) throws -> RunEvent.Finished? {
        let (configuration, pictures) = try begin(options, output)
        let model = try configuration.makeModel()
        let run = try TrainingRun(self, options, configuration: configuration, output: output)
        let (result, evaluation) = try fit(model, configuration, pictures, run)
        guard result.outcome != .interrupted else { return nil }

        let baseline = try LinearBaseline(trainedOn: pictures.train, seed: configuration.seed)
        try baseline.save(to: LinearBaseline.url(in: run.folder.url))
        let linear = try ClassifierEvaluation(of: baseline.model, on: pictures.test)
        let report = ImageClassificationReport(
            card: card, configuration: configuration, pictures: pictures, summary: summary(of: model, configuration),
            evaluation: evaluation, linear: linear, result: result)
        try report.write(to: run.folder)

        show(evaluation, beside: linear, of: pictures, to: output)
        output.emit("classes", evaluation.classEvent(pictures.classNames))
        return run.finished(evaluation.metrics, baseline: linear.metrics)
    }

    /// The run's settings, stored or new, and its data.
    private func begin(_ options: TrainOptions, _ output: any SystemOutput) throws -> (Configuration, LabelledPictures)
    {
        if options.resumes {
            let configuration: Configuration = try RunFolder.open(options.folder).configuration()
            return (configuration, try configuration.pictures(output: output))
        }
        let preset = try self.preset(named: options.preset)
        let pictures = try LabelledPictures.located(at: options.data, output: output)
        let configuration = Configuration(options, preset: preset, pictures: pictures)
        return (configuration, pictures.normalized(configuration.preparation.normalization))
    }

    /// Trains the model to its end or interruption, and measures it.
    private func fit<Model: Layer>(
        _ model: Model, _ configuration: Configuration, _ pictures: LabelledPictures, _ run: TrainingRun
    ) throws -> (TrainingResult, ClassifierEvaluation) {
        let preset = try self.preset(named: configuration.preset)
        let loader = try DataLoader(
            pictures.train, batchSize: configuration.batchSize, seed: configuration.seed, dropsLast: true)
        let trainer = Trainer<Model, ImageBatch>(
            model, preset.makeOptimizer(model, learningRate: configuration.learningRate),
            TrainerConfiguration(
                epochs: configuration.epochs, seed: configuration.seed, precision: configuration.precision),
            system: name, run: run.folder
        ) { model, batch in
            let logits = model(configuration.augmentation(batch.images))
            return (crossEntropy(logits, batch.labels, labelSmoothing: configuration.labelSmoothing), [:])
        }
        trainer.schedule = OneCycleSchedule(
            peak: configuration.learningRate, steps: max(2, loader.batchCount * configuration.epochs), upFraction: 0.25)

        var evaluation: ClassifierEvaluation?
        let result = try run.fit(trainer, loader) { model in
            let latest = try configuration.evaluation(of: model, on: pictures.test)
            evaluation = latest
            return latest.metrics
        }
        // A resumed run may have been at its end already.
        return (result, try evaluation ?? configuration.evaluation(of: model, on: pictures.test))
    }

    private func summary<Model: Layer>(of model: Model, _ configuration: Configuration) -> Summary {
        Apus.summary(model, inputShape: configuration.preparation.format.batchShape(1))
    }
}

extension ImageClassification.Configuration {
    func evaluation(
        of model: any Layer, on pictures: Subset<ImageDataset>, progress: (Int) -> Void = { _ in }
    ) throws -> ClassifierEvaluation {
        try withPrecision(precision) { try ClassifierEvaluation(of: model, on: pictures, progress: progress) }
    }
}
