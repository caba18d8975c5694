import Apus
import ApusGallery
import ArgumentParser
import Foundation

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Write named tensors in another format.",
        discussion: """
            Example:
              apus convert classifier.onnx weights.safetensors
              apus convert weights.safetensors weights.npz
              apus convert weights.safetensors classifier.onnx --into model.onnx
            From a model in ONNX's format come its parameters and statistics, under their names. Into one go the tensors of the same names,
            and the result is a model with these weights.
            """)

    @Argument(help: "What is read: .onnx, .safetensors, .npz or .npy.")
    var source: String
    @Argument(help: "What is written: .safetensors, .npz, .npy, or .onnx with --into.")
    var target: String
    @Option(help: "The model that takes the weights, a .onnx file.", completion: .file(extensions: ["onnx"]))
    var into: String?
    @Option(help: "Convert floating-point tensors to float32, float16, bfloat16 or float64.")
    var dtype: String?
    @OptionGroup var output: OutputOptions

    private static let formats = ["onnx", "safetensors", "npz", "npy"]

    func run() throws {
        let output = output.makeOutput()
        let target = URL(fileURLWithPath: target)
        var tensors = try read(URL(fileURLWithPath: source))
        if let dtype { tensors = try tensors.mapValues { try converted($0, to: dtype) } }
        try write(tensors, to: target)
        let size = tensors.values.reduce(0) { $0 + $1.elementCount }
        output.show("\(tensors.count) tensors, \(Format.count(size)) numbers → \(shortPath(target))")
        output.emit("converted", ConversionEvent(tensors: tensors.count, numbers: size, path: shortPath(target)))
        output.finish("convert")
    }

    private func read(_ url: URL) throws -> [String: Tensor] {
        switch url.pathExtension {
        case "onnx": try ONNXModule(contentsOf: url).stateDictionary()
        case "safetensors": try SafetensorsFile(contentsOf: url).tensors()
        case "npz": try NpzFile(contentsOf: url).tensors()
        case "npy": [url.deletingPathExtension().lastPathComponent: try Npy.read(contentsOf: url)]
        default: throw unknown(url)
        }
    }

    private func write(_ tensors: [String: Tensor], to url: URL) throws {
        switch url.pathExtension {
        case "safetensors": try SafetensorsFile.write(tensors, to: url)
        case "npz": try NpzFile.write(tensors, isCompressed: true, to: url)
        case "npy":
            guard let only = tensors.first?.value, tensors.count == 1 else {
                throw InputError(
                    source, "has \(tensors.count) tensors, and an npy file holds one",
                    remedy: "Write a .npz or .safetensors file")
            }
            try Npy.write(only, to: url)
        case "onnx":
            guard let into else {
                throw InputError(
                    target, "weights alone are no model",
                    remedy: "Name the model that takes them with --into model.onnx, or write one with `apus export`")
            }
            try ONNXModel.replaceWeights(of: URL(fileURLWithPath: into), with: tensors, to: url)
        default: throw unknown(url)
        }
    }

    private func converted(_ tensor: Tensor, to name: String) throws -> Tensor {
        guard let dtype = DType.allCases.first(where: { $0.description == name && $0.isFloatingPoint }) else {
            throw InputError(name, "is no floating-point dtype", remedy: "Choose float32, float16, bfloat16 or float64")
        }
        return tensor.dtype.isFloatingPoint ? tensor.cast(to: dtype) : tensor
    }

    private func unknown(_ url: URL) -> InputError {
        InputError(
            url.path, "\".\(url.pathExtension)\" is no format that is known here",
            remedy: "Choose one of .\(Self.formats.joined(separator: ", ."))")
    }
}

private struct ConversionEvent: Encodable, Sendable {
    let tensors: Int
    let numbers: Int
    let path: String
}
