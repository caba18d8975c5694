import Apus

/// One training of a system: its folder, who follows it, and what it ends with.
package struct TrainingRun {
    /// Where everything is kept.
    package let folder: RunFolder
    private let system: String
    private let resumes: Bool
    private let output: any SystemOutput

    /// Makes the run's folder, or takes up the one there.
    ///
    /// - Throws: `RunError` where there is another run already, or one of other settings; `FileError` where nothing can be written.
    package init(
        _ system: any System, _ options: TrainOptions, configuration: some Codable, output: any SystemOutput
    ) throws {
        folder =
            options.resumes
            ? try RunFolder.open(options.folder, system: system.name, configuration: configuration)
            : try RunFolder.create(at: options.folder, system: system.name, configuration: configuration)
        self.system = system.name
        resumes = options.resumes
        self.output = output
    }

    /// Trains to the end or to an interruption, before the eyes of all who follow.
    package func fit<Model, Batch>(
        _ trainer: Trainer<Model, Batch>, _ source: some BatchSource<Batch>,
        evaluate: Trainer<Model, Batch>.Evaluation? = nil
    ) throws -> TrainingResult {
        trainer.observers = output.observers
        defer { for case let display as ProgressDisplay in trainer.observers { display.finish() } }
        if resumes { try trainer.resume() }
        return try trainer.fit(source, evaluate: evaluate)
    }

    /// What the training ends with.
    package func finished(_ metrics: [String: Double], baseline: [String: Double]) -> RunEvent.Finished {
        RunEvent.Finished(
            system: system, metrics: metrics, baseline: baseline, seconds: output.seconds, run: folder.path)
    }
}
