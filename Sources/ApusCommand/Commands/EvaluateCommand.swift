import ApusGallery
import ArgumentParser
import Foundation

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure a trained model on held-out data.")

    @OptionGroup var system: SystemArgument
    @OptionGroup var model: ModelOption
    @Option(help: "Other data of the same kind; the run's own by default.", completion: .directory)
    var data: String?
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var output: OutputOptions

    func run() throws {
        let system = try system.system()
        let output = output.makeOutput()
        threads.apply()
        let options = EvaluateOptions(
            model: try model.folder(for: system), data: data.map { URL(fileURLWithPath: $0) })
        output.finish(try system.evaluate(options, output: output))
    }
}
