import Apus

/// What people look at after a training.
struct ImageClassificationReport {
    let card: SystemCard
    let configuration: ImageClassification.Configuration
    let pictures: LabelledPictures
    let summary: Summary
    let evaluation: ClassifierEvaluation
    let linear: ClassifierEvaluation
    let result: TrainingResult

    /// - Throws: `FileError` where it can't be written.
    func write(to folder: RunFolder) throws {
        var report = Report(title: card.title, subtitle: "\(configuration.preset) on \(pictures.name)")
        report.headline = headline
        report.sections = [
            .metrics(evaluation.metrics, baseline: linear.metrics, baselineName: "Linear baseline"),
            .learningCurves(try MetricsLog.read(folder.metricsURL), baseline: linear.metrics),
            .confusionMatrix(evaluation.confusion, classes: pictures.classNames),
            try PictureGallery(evaluation: evaluation, pictures: pictures.test).section(),
            .model(summary), .data(pictures.facts(source: configuration.data ?? card.defaultData)),
        ]
        report.sections += .provenance(of: result, seed: configuration.seed, settings: settings)
        try report.write(to: folder.reportURL)
    }

    private var headline: [Report.Figure] {
        let (accuracy, other) = (evaluation.confusion.accuracy, linear.confusion.accuracy)
        return [
            .init(
                "Accuracy", Format.percent(accuracy), note: "linear baseline \(Format.percent(other))",
                verdict: accuracy > other ? .good : .bad),
            .init("Parameters", Format.count(summary.parameterCount)),
            .training(result),
        ]
    }

    private var settings: [(name: String, value: String)] {
        [
            (name: "Preset", value: configuration.preset),
            (name: "Epochs", value: "\(configuration.epochs)"),
            (name: "Batch size", value: "\(configuration.batchSize)"),
            (name: "Highest learning rate", value: "\(configuration.learningRate)"),
            (name: "Precision", value: configuration.precision.rawValue),
        ]
    }
}
