import Apus
import Foundation

// MARK: Training

extension GAN {
    /// Trains the classifier that judges, a preset and the autoencoder beside it, and writes the run's report; nil after an interruption.
    public func train(_ options: TrainOptions, output: any SystemOutput) throws -> RunEvent.Finished? {
        let (configuration, pictures) = try begin(options, output)
        let preset = try self.preset(named: configuration.preset)
        let model = configuration.makeModel(preset)
        let run = try TrainingRun(self, options, configuration: configuration, output: output)
        let judge = try trainedJudge(configuration, pictures, run.folder, output)
        let reference = try Reference(judge, pictures)
        let (result, measured) = try fit(model, preset, configuration, pictures, reference, run)
        guard let evaluation = measured else { return nil }

        let baseline = try trainedBaseline(preset, configuration, pictures, run.folder, output)
        let other = Evaluation(of: baseline.decoder, beside: reference, seed: configuration.seed)
        let report = GANReport(
            card: card, configuration: configuration, pictures: pictures, model: model, baseline: baseline,
            reference: reference, evaluation: evaluation, baselineEvaluation: other, result: result)
        try report.write(to: run.folder)
        output.show(Self.table(evaluation, other).rendered())
        return run.finished(evaluation.metrics, baseline: other.metrics)
    }

    /// The run's settings, stored or new, and its data.
    private func begin(_ options: TrainOptions, _ output: any SystemOutput) throws -> (Configuration, LabelledPictures)
    {
        if options.resumes {
            let configuration: Configuration = try RunFolder.open(options.folder).configuration()
            return (configuration, try configuration.pictures(output: output))
        }
        let preset = try self.preset(named: options.preset)
        let pictures = try preset.pictures(at: options.data, output: output)
        let configuration = Configuration(options, preset: preset, pictures: pictures)
        return (configuration, pictures.normalized(configuration.preparation.normalization))
    }

    /// Trains the game to its end, and measures the averaged generator; nil after an interruption.
    private func fit(
        _ model: Adversaries, _ preset: Preset, _ configuration: Configuration, _ pictures: LabelledPictures,
        _ reference: Reference, _ run: TrainingRun
    ) throws -> (TrainingResult, Evaluation?) {
        let recipe = preset.recipe
        let loader = try DataLoader(
            pictures.train, batchSize: configuration.batchSize * recipe.criticSteps, seed: configuration.seed,
            dropsLast: true)
        let steps = loader.batchCount * configuration.epochs
        let step = Step(
            model, recipe, learningRate: configuration.learningRate, averageDecay: Self.averageDecay(steps: steps),
            classCount: configuration.classNames.count)
        let trainer = Trainer<Adversaries, ImageBatch>(
            model, stepping: step,
            TrainerConfiguration(
                epochs: configuration.epochs, seed: configuration.seed, precision: configuration.precision),
            system: name, run: run.folder)
        trainer.callbacks = [
            Film(configuration, step, noiseSize: model.averaged.noise, steps: steps, in: run.folder)
        ]

        func evaluation(of model: Adversaries) -> Evaluation {
            Evaluation(of: model.averaged, beside: reference, seed: configuration.seed)
        }
        var latest: Evaluation?
        let result = try run.fit(trainer, loader) { model in
            let measured = evaluation(of: model)
            latest = measured
            if let warning = measured.variety.warning {
                trainer.observers.forEach { $0.receive(.warning(warning)) }
            }
            return measured.metrics
        }
        if result.outcome == .interrupted { return (result, nil) }
        // A resumed run may have been at its end already.
        return (result, latest ?? evaluation(of: model))
    }

    /// An average whose weights are half as old as a twentieth of the training.
    package static func averageDecay(steps: Int) -> Double { pow(0.5, 1 / max(1, 0.05 * Double(steps))) }

    // MARK: Beside the game

    /// The run's classifier, trained where there is none yet.
    private func trainedJudge(
        _ configuration: Configuration, _ pictures: LabelledPictures, _ folder: RunFolder, _ output: any SystemOutput
    ) throws -> Judge {
        let url = Self.judgeURL(in: folder)
        if FileManager.default.fileExists(atPath: url.path) { return try Judge(configuration, in: folder) }
        let judge = Judge(configuration)
        try Self.following("Training the classifier", output) { progress in
            try withPrecision(configuration.precision) {
                try judge.fit(pictures.train, seed: configuration.seed, progress: progress)
            }
        }
        try SafetensorsFile.write(judge.classifier.stateDictionary(), to: url)
        return judge
    }

    /// The baseline, which sees each picture half as often as the game does: it is good sooner, and gets little better.
    private func trainedBaseline(
        _ preset: Preset, _ configuration: Configuration, _ pictures: LabelledPictures, _ folder: RunFolder,
        _ output: any SystemOutput
    ) throws -> VariationalAutoencoder {
        let baseline = configuration.makeBaseline(preset)
        try Self.following("Training the autoencoder", output) { progress in
            try withPrecision(configuration.precision) {
                try baseline.fit(
                    pictures.train, epochs: configuration.baselineEpochs, batchSize: configuration.batchSize,
                    seed: configuration.seed, progress: progress)
            }
        }
        try SafetensorsFile.write(baseline.stateDictionary(), to: Self.baselineURL(in: folder))
        return baseline
    }

    /// Shows a bar over the steps of some work.
    private static func following(
        _ label: String, _ output: any SystemOutput, _ work: (_ progress: (Int, Int) -> Void) throws -> Void
    ) rethrows {
        let bar = output.progressBar(label, total: nil, unit: "steps")
        bar.start(at: 0)
        defer { bar.finish() }
        try work { done, all in
            bar.total = all
            bar.update(completed: done)
        }
    }
}

extension GAN.Preset {
    /// The pictures in a folder, or the default data where nil, of a size that the preset can make.
    ///
    /// - Throws: `InputError` where it can't make their size.
    func pictures(at folder: URL?, output: any SystemOutput) throws -> LabelledPictures {
        var pictures = try LabelledPictures.located(at: folder, output: output)
        if self == .dcgan64 {
            let format = PictureFormat(channels: pictures.format.channels, height: 64, width: 64)
            if pictures.format != format {
                // Only folders of pictures are brought to another size.
                pictures = try LabelledPictures.located(at: folder, format: format, output: output)
            }
            guard pictures.format == format else {
                throw InputError(
                    folder?.path ?? pictures.name, "its pictures are \(pictures.format), and dcgan64 makes 64×64",
                    remedy: "Give a folder of picture files, or use another --preset")
            }
        }
        let smallest = 1 << size.widths.count
        guard min(pictures.format.height, pictures.format.width) >= smallest else {
            throw InputError(
                folder?.path ?? pictures.name, "pictures of \(pictures.format) are too small for \(rawValue)",
                remedy: "Give pictures of at least \(smallest) pixels a side")
        }
        return pictures
    }
}
