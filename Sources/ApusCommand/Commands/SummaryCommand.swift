import Apus
import ApusGallery
import ArgumentParser

struct SummaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary", abstract: "Show a model's layers, shapes, parameters and operations.")

    @OptionGroup var system: SystemArgument
    @Option(help: "The model: `apus systems NAME` lists them.")
    var preset: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        let system = try system.system()
        let output = output.makeOutput()
        let summary = try system.summary(preset: preset)
        output.show(summary.description)
        output.show("FLOPs of one forward pass: \(Format.count(2 * summary.multiplyAdds))")
        output.emit("summary", summary)
        output.finish("summary", system: system.name)
    }
}
