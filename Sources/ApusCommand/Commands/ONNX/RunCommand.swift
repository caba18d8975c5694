import Apus
import ApusGallery
import ArgumentParser
import Foundation

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run an ONNX model on arrays in npy files.",
        discussion: """
            Example:
              apus run classifier.onnx --input images=images.npy --output results
            `apus inspect` shows a model's inputs. A model of one input takes --input images.npy too.
            """)

    @Argument(help: "The model, a .onnx file.", completion: .file(extensions: ["onnx"]))
    var file: String
    @Option(help: "NAME=FILE.npy, once for each input.")
    var input: [String]
    @Option(name: .customLong("output"), help: "A folder for the results, one npy file each.", completion: .directory)
    var folder: String?
    @Option(name: .customLong("repeat"), help: "Run so many times more, and show the median time.")
    var repetitions = 0
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var output: OutputOptions

    func run() throws {
        let output = output.makeOutput()
        threads.apply()
        let module = try ONNXModule(contentsOf: URL(fileURLWithPath: file))
        let results = try compute(module, inputs(of: module))
        for info in module.outputs {
            guard let result = results[info.name] else { continue }
            let path = try save(result, as: info.name)
            output.show("\(info.name): \(result.dtype)\(result.shape)\(path.map { " → \($0)" } ?? "")")
            if path == nil { output.show("\(result)") }
            output.emit(
                "result",
                ResultEvent(name: info.name, dtype: result.dtype.description, shape: result.shape, path: path))
        }
        if repetitions > 0 {
            let seconds = try medianTime(module)
            output.show(String(format: "%.3f ms", seconds * 1000))
            output.emit("time", TimeEvent(seconds: seconds, repetitions: repetitions))
        }
        output.finish("run")
    }

    private func inputs(of module: ONNXModule) throws -> [String: Tensor] {
        Dictionary(try input.map { try array($0, of: module) }, uniquingKeysWith: { $1 })
    }

    private func compute(_ module: ONNXModule, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
        // A wrong index is found only when values are computed.
        try withTensorErrors {
            let results = try module(inputs)
            evaluate(results.values)
            return results
        }
    }

    /// Two copies of the inputs take turns: what depends on none of them is kept, as it is for a user with new ones every time.
    private func medianTime(_ module: ONNXModule) throws -> Double {
        let copies = try [inputs(of: module), inputs(of: module)]
        let times = try (0..<repetitions).map { number in
            let start = ContinuousClock.now
            _ = try compute(module, copies[number % 2])
            return (ContinuousClock.now - start) / .seconds(1)
        }
        return times.sorted()[times.count / 2]
    }

    private func array(_ argument: String, of module: ONNXModule) throws -> (name: String, value: Tensor) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        if parts.count == 2 { return (parts[0], try Npy.read(contentsOf: URL(fileURLWithPath: parts[1]))) }
        guard let only = module.inputs.first, module.inputs.count == 1 else {
            throw InputError(
                argument, "the model has \(module.inputs.count) inputs",
                remedy: "Name the one that is meant: NAME=FILE.npy")
        }
        return (only.name, try Npy.read(contentsOf: URL(fileURLWithPath: argument)))
    }

    /// The file that a result was written to, if a folder was asked for.
    private func save(_ result: Tensor, as name: String) throws -> String? {
        guard let folder else { return nil }
        let url = URL(fileURLWithPath: folder)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw InputError(folder, "the folder can't be made", remedy: "Give an --output that can be written")
        }
        // Names of values may hold slashes.
        let file = url.appendingPathComponent(name.map { $0 == "/" ? "_" : "\($0)" }.joined() + ".npy")
        try Npy.write(result, to: file)
        return shortPath(file)
    }
}

private struct TimeEvent: Encodable, Sendable {
    let seconds: Double
    let repetitions: Int
}

private struct ResultEvent: Encodable, Sendable {
    let name: String
    let dtype: String
    let shape: Shape
    let path: String?
}
