import ApusGallery
import ArgumentParser
import Foundation

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Use a trained model on your own files, folders or texts.")

    @OptionGroup var system: SystemArgument
    @OptionGroup var model: ModelOption
    @Argument(help: "Files or folders; texts as they are, where the system takes texts.", completion: .file())
    var inputs: [String]
    @OptionGroup var settings: SettingsOption
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var output: OutputOptions

    func run() throws {
        let system = try system.system()
        let output = output.makeOutput()
        threads.apply()
        let options = PredictOptions(
            model: try model.folder(for: system), inputs: inputs,
            settings: try settings.values(of: system, for: .prediction))
        let failureCount = try system.predict(options, output: output)
        output.finish("predict", system: system.name)
        if failureCount > 0 { throw ExitCode(1) }
    }
}
