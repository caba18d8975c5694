import Apus
import Foundation

// MARK: Training

extension WordAnalogies {
    /// Trains a preset's vectors, makes the baseline's, asks both the questions, and writes the run's report; nil after an interruption.
    public func train(_ options: TrainOptions, output: any SystemOutput) throws -> RunEvent.Finished? {
        let configuration = try options.configuration {
            try Configuration(options, preset: preset(named: options.preset))
        }
        let data = try WordAnalogiesData(configuration, output: output)
        let questions = try WordQuestions(configuration.questions, output: output)
        let model = configuration.makeModel(data.vocabulary)
        let run = try TrainingRun(self, options, configuration: configuration, output: output)
        try data.vocabulary.write(to: run.folder.vocabularyURL)
        let result = try fit(model, configuration, data, questions, run)
        guard result.outcome != .interrupted else { return nil }

        let vectors = model.vectors(of: data.vocabulary)
        try vectors.write(to: run.folder.vectorsURL)
        let baseline = self.baseline(configuration, data)
        try baseline.write(to: run.folder.baselineURL, format: .binary)
        let evaluation = WordEvaluation(of: vectors, on: questions)
        let counted = WordEvaluation(of: baseline, on: questions)
        let report = try WordAnalogiesReport(
            card: card, configuration: configuration, data: data, trained: TrainedVectors(run.folder.url),
            summary: summary(of: model), evaluation: evaluation, baseline: counted, result: result)
        try report.write(to: run.folder)
        show(evaluation, beside: counted, to: output)
        return run.finished(evaluation.metrics, baseline: counted.metrics)
    }

    private func fit(
        _ model: WordModel, _ configuration: Configuration, _ data: WordAnalogiesData, _ questions: WordQuestions,
        _ run: TrainingRun
    ) throws -> TrainingResult {
        switch model {
        case .predictor(let predictor, let prediction, _):
            let step = WordPredictorStep(predictor, prediction, data.vocabulary, corpus: data.corpus)
            let batches = step.batches(size: configuration.batchSize)
            return try fit(predictor, step, batches, configuration, run, fallsTo: 0.01) { _ in
                WordEvaluation(of: model.vectors(of: data.vocabulary), on: questions).metrics
            }
        case .factors(let factors):
            let counts = CooccurrenceCounts(data.corpus, data.vocabulary, window: configuration.window)
            let step = CooccurrenceStep(
                factors, counts, saturation: configuration.saturation,
                shuffle: Generator(seed: configuration.seed, stream: 1))
            let batches = step.batches(size: configuration.batchSize, seed: configuration.seed)
            // AdaGrad lowers the rate itself.
            return try fit(factors, step, batches, configuration, run, fallsTo: 1) { _ in
                WordEvaluation(of: model.vectors(of: data.vocabulary), on: questions).metrics
            }
        }
    }

    private func fit<Model: Module>(
        _ model: Model, _ step: any TrainingStep<Model, Range<Int>>, _ batches: MadeBatches<Range<Int>>,
        _ configuration: Configuration, _ run: TrainingRun, fallsTo end: Double,
        evaluate: @escaping Trainer<Model, Range<Int>>.Evaluation
    ) throws -> TrainingResult {
        let trainer = Trainer(
            model, stepping: step, TrainerConfiguration(epochs: configuration.epochs, seed: configuration.seed),
            system: name, run: run.folder)
        trainer.schedule = LinearSchedule(
            rate: configuration.learningRate, start: 1, end: end,
            steps: max(1, batches.batchCount * configuration.epochs))
        return try run.fit(trainer, batches, evaluate: evaluate)
    }

    /// PPMI-SVD's vectors of the same text and vocabulary, in the settings that answer the most of its questions.
    private func baseline(_ configuration: Configuration, _ data: WordAnalogiesData) -> WordVectors {
        let counts = CooccurrenceCounts(data.corpus, data.vocabulary, window: 5)
        let matrix = PPMI.vectors(
            counts, vocabularySize: data.vocabulary.count, dimension: 100, contextExponent: 0.75,
            generator: Generator(seed: configuration.seed))
        return WordVectors(words: data.vocabulary.words, matrix: matrix)
    }
}
