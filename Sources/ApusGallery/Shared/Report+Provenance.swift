import Apus

extension Report.Figure {
    /// How long a training took.
    static func training(_ result: TrainingResult) -> Self {
        .init("Training", Format.duration(result.seconds), note: "\(result.epochs) epochs")
    }
}

extension [Report.Section] {
    /// What every system's page ends with: the machine, and how to do it again.
    static func provenance(
        of result: TrainingResult, seed: UInt64, settings: [(name: String, value: String)]
    ) -> [Report.Section] {
        [
            .machine(.current()),
            .reproduction(
                commandLine: CommandLine.arguments.joined(separator: " "), seed: seed, seconds: result.seconds,
                settings: settings),
        ]
    }
}
