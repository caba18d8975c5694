import Apus
import ApusBenchmarks
import ApusGallery
import ArgumentParser
import Foundation

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write one of the benchmark's models in ONNX's format.",
        discussion: """
            Example:
              apus export resnet50-b1 resnet50.onnx --weights resnet50.safetensors
            Models are called as in `apus bench`. Your own are written by exportONNX: docs/onnx.md.
            """)

    @Argument(help: "The model: a workload of the benchmark.", completion: .list(Self.names))
    var name: String
    @Argument(help: "The file to write, .onnx.", completion: .file(extensions: ["onnx"]))
    var file: String
    @Option(help: "Weights for the model, a .safetensors file; random ones otherwise.")
    var weights: String?
    @Option(help: "The version of ONNX's operators, 17 to 21.")
    var opset = ONNXExportOptions().operatorSet
    @Option(help: "An axis that may have any extent, INPUT:AXIS=NAME; may be given several times.")
    var dynamic: [String] = []
    @Option(
        help: "A folder for inputs and the output that the model gives for them, npy files.", completion: .directory)
    var sample: String?
    @OptionGroup var output: OutputOptions

    private static var names: [String] { Workloads.all.filter { $0 is any ExportableWorkload }.map(\.name) }

    func run() throws {
        let output = output.makeOutput()
        guard let workload = try? Workloads.named(name) as? any ExportableWorkload else {
            throw InputError.unknown("model", name, among: Self.names)
        }
        let sample = withSeed(0) { workload.sample() }
        if let weights {
            try sample.model.load(SafetensorsFile(contentsOf: URL(fileURLWithPath: weights)).tensors())
        }
        var options = ONNXExportOptions()
        options.operatorSet = opset
        options.dynamicAxes = try dynamicAxes()
        let export = try ONNXExport(
            sample.model, named: sample.inputs.map { (key: $0.name, value: $0.value) }, options: options
        ) { [sample($0)] }
        let url = URL(fileURLWithPath: file)
        try export.write(to: url)
        if let folder = self.sample { try save(sample, in: URL(fileURLWithPath: folder)) }
        output.show("\(name): \(export.nodeCount) nodes → \(shortPath(url))")
        output.emit("exported", ExportEvent(model: name, nodes: export.nodeCount, path: shortPath(url)))
        output.finish("export")
    }

    private func dynamicAxes() throws -> [String: [Int: String]] {
        var axes: [String: [Int: String]] = [:]
        for text in dynamic {
            let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
            let place = sides[0].split(separator: ":").map(String.init)
            guard sides.count == 2, place.count == 2, let axis = Int(place[1]) else {
                throw InputError(text, "is no axis", remedy: "Write --dynamic INPUT:AXIS=NAME, as x:0=batch")
            }
            axes[place[0], default: [:]][axis] = sides[1]
        }
        return axes
    }

    private func save(_ sample: ModelSample, in folder: URL) throws {
        let result = sample(sample.inputs.map(\.value))
        for (name, value) in sample.inputs {
            try Npy.write(value, to: folder.appendingPathComponent("\(name).npy"))
        }
        try Npy.write(result, to: folder.appendingPathComponent("output.npy"))
    }
}

private struct ExportEvent: Encodable, Sendable {
    let model: String
    let nodes: Int
    let path: String
}
