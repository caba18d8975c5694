import Apus
import ApusGallery
import ArgumentParser
import Foundation

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train a system, measure it on held-out data, and write a report.",
        discussion: """
            With no options it trains the default preset on the default data, which is fetched the first time.
            Ctrl-C saves and stops; --resume goes on where it stopped, to the same result.
            """)

    @OptionGroup var system: SystemArgument
    @Option(help: "The data's folder or file; `apus systems NAME` tells the formats.", completion: .directory)
    var data: String?
    @Option(help: "The model: `apus systems NAME` lists them.")
    var preset: String?
    @Option(help: "Passes over the training data.")
    var epochs: Int?
    @Option(help: "Examples a step.")
    var batchSize: Int?
    @Option(help: "The highest learning rate of the schedule.")
    var learningRate: Double?
    @Option(help: "Determines initial weights, order and augmentation.")
    var seed: UInt64?
    @Option(help: "What contractions are computed in: \(PrecisionName.list); the preset says where none is given.")
    var precision: PrecisionName?
    @OptionGroup var settings: SettingsOption
    @OptionGroup var threads: ThreadsOption
    @Option(help: "The new run's folder; runs/NAME-1, -2 … by default.", completion: .directory)
    var out: String?
    @Option(help: "The folder of a run to go on with, under its own settings.", completion: .directory)
    var resume: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let epochs, epochs < 1 { throw ValidationError("--epochs \(epochs): at least 1 is needed.") }
        if let batchSize, batchSize < 1 { throw ValidationError("--batch-size \(batchSize): at least 1 is needed.") }
        if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
            throw ValidationError("--learning-rate \(learningRate): a positive number is needed.")
        }
        guard resume != nil else { return }
        let given: [(String, Bool)] = [
            ("--data", data != nil), ("--preset", preset != nil), ("--epochs", epochs != nil),
            ("--batch-size", batchSize != nil), ("--learning-rate", learningRate != nil), ("--seed", seed != nil),
            ("--precision", precision != nil), ("--out", out != nil), ("--set", !settings.given.isEmpty),
        ]
        let conflicts = given.filter(\.1).map(\.0)
        if !conflicts.isEmpty {
            throw ValidationError(
                "--resume goes on under the run's own settings: leave out \(conflicts.joined(separator: ", ")).")
        }
    }

    func run() throws {
        let system = try system.system()
        let output = output.makeOutput()
        threads.apply()
        guard let finished = try system.train(options(for: system), output: output) else { throw ExitCode(130) }
        if let run = finished.run { showNextSteps(URL(fileURLWithPath: run), system, output) }
        output.finish(finished)
    }

    private func showNextSteps(_ run: URL, _ system: any System, _ output: CommandOutput) {
        output.show("\nReport  \(shortPath(run.appendingPathComponent("report.html")))")
        output.show("Use it  apus predict \(system.name) --model \(shortPath(run)) INPUT…")
    }

    private func options(for system: any System) throws -> TrainOptions {
        if let resume {
            var options = TrainOptions(folder: try ModelOption.parse(["--model", resume]).folder(for: system))
            options.resumes = true
            return options
        }
        var options = TrainOptions(
            folder: out.map { URL(fileURLWithPath: $0) } ?? newRunFolder(of: system.name),
            settings: try settings.values(of: system, for: .training))
        options.data = data.map { URL(fileURLWithPath: $0) }
        options.preset = preset
        options.epochs = epochs
        options.batchSize = batchSize
        options.learningRate = learningRate
        options.seed = seed ?? 0
        options.precision = precision?.precision
        return options
    }
}

/// How the command line calls what contractions are computed in.
enum PrecisionName: String, ExpressibleByArgument, CaseIterable {
    case f32
    case bf16

    static var list: String { allCases.map(\.rawValue).joined(separator: " or ") }

    var precision: Precision { self == .f32 ? .float32 : .bfloat16 }
}
