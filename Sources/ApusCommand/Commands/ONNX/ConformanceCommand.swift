import Apus
import ApusGallery
import ArgumentParser
import Foundation

struct ConformanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance", abstract: "Run ONNX's conformance cases and list those that fail.",
        discussion: """
            The cases come from the catalogue (`apus data fetch onnx-cases`) unless a folder of them is given. A case fails where a float
            differs by more than 1e-5 and a thousandth, or anything else at all. Cases of training are counted apart.
            """)

    @Argument(help: "A folder of cases, each with a model.onnx and its data.", completion: .directory)
    var folder: String?
    @Option(help: "Only cases whose name contains this.")
    var only: String?
    @Option(help: "The share of cases, in percent, below which the command fails.")
    var atLeast = 97.0
    @OptionGroup var output: OutputOptions

    func run() throws {
        let output = output.makeOutput()
        let root = try folder.map { URL(fileURLWithPath: $0) } ?? fetchedCases(output)
        let cases = try ConformanceCase.all(in: root).filter { only.map($0.name.contains) ?? true }
        let training = check(cases.filter(\.isOfTraining), output)
        let counted = cases.filter { !$0.isOfTraining }
        let passed = check(counted, output)
        output.show("training mode, not counted: \(training) of \(cases.count - counted.count) passed")
        output.emit("conformance", ConformanceEvent(passed: passed, total: counted.count))
        output.finish("conformance")
        output.show("conformance: \(passed) of \(counted.count) passed")
        if Double(passed) < Double(counted.count) * atLeast / 100 { throw ExitCode(1) }
    }

    private func fetchedCases(_ output: CommandOutput) throws -> URL {
        let progress = FetchProgress("onnx-cases", output: output)
        return try DataCatalogue.standard.located("onnx-cases", progress: progress.receive).appendingPathComponent(
            "node")
    }

    /// How many pass; the others are shown with what is wrong.
    private func check(_ cases: [ConformanceCase], _ output: CommandOutput) -> Int {
        cases.count { conformanceCase in
            do {
                try conformanceCase.check()
                return true
            } catch {
                output.show("\(conformanceCase.name): \(error)")
                output.emit("failure", FailedCase(name: conformanceCase.name, reason: "\(error)"))
                return false
            }
        }
    }
}

private struct ConformanceEvent: Encodable, Sendable {
    let passed: Int
    let total: Int
}

private struct FailedCase: Encodable, Sendable {
    let name: String
    let reason: String
}
