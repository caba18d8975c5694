import ApusIO
import ApusNN
import Foundation
import SwiftProtobuf

/// How a model is written.
public struct ONNXExportOptions: Sendable {
    /// The version of ONNX's operators: 17 to 21. Runtimes know those up to the one of their day.
    public var operatorSet = 18
    /// Axes that may have any extent when the model runs, by input: `["tokens": [0: "batch", 1: "time"]]`.
    public var dynamicAxes: [String: [Int: String]] = [:]
    /// The bytes of weights from which they go into a file of their own beside the model. A file of ONNX's format ends at 2 GiB.
    public var externalDataThreshold = 1 << 30

    public init() {}
}

/// A function of tensors as an ONNX model.
///
/// ```swift
/// try model.exportONNX(to: url, input: images)
///
/// try ONNXExport(bert, inputs: ["tokens": tokens, "segments": segments], outputs: ["features"]) { x in
///     [bert(x[0], segments: x[1])]
/// }.write(to: url)
/// ```
/// The function is traced: called once, on inputs without values. What it reads beside its arguments is written down as it is then; the
/// parameters and buffers of a module, which is in evaluation mode meanwhile, under their names. Several operations become one operator
/// where ONNX has one for them: layer and batch normalization, convolutions with a bias, LSTM. `docs/onnx.md` has the table.
///
/// Reference: <https://onnx.ai/onnx/operators>
public struct ONNXExport {
    /// The model as the format has it; its weights are apart.
    private let skeleton: ModelProto
    private let weights: [GraphWriter.Initializer]
    private let options: ONNXExportOptions

    /// How many nodes the model has.
    public var nodeCount: Int { skeleton.graph.node.count }

    /// Traces a function.
    ///
    /// - Parameters:
    ///   - module: what the function's weights belong to.
    ///   - inputs: names, and tensors of the shapes and dtypes that are meant; their values don't matter.
    ///   - outputs: names of the results in their order.
    /// - Throws: `ONNXError` that lists every operation for which ONNX has no operator, `TensorError` where the function makes a mistake,
    ///   or looks at a value that depends on an input.
    public init(
        _ module: Module? = nil, inputs: KeyValuePairs<String, Tensor>, outputs: [String] = ["output"],
        options: ONNXExportOptions = ONNXExportOptions(), function: ([Tensor]) throws -> [Tensor]
    ) throws {
        try self.init(module, named: inputs.map { $0 }, outputs: outputs, options: options, function: function)
    }

    /// The same for inputs whose names aren't written in the source.
    package init(
        _ module: Module? = nil, named inputs: [(key: String, value: Tensor)], outputs: [String] = ["output"],
        options: ONNXExportOptions = ONNXExportOptions(), function: ([Tensor]) throws -> [Tensor]
    ) throws {
        try Self.check(inputs.map(\.key), outputs, options)
        let state = (module?.namedParameters.map { ($0.name, $0.slot as Slot) } ?? []) + (module?.namedBuffers ?? [])
        evaluate(state.compactMap(\.1.tensor))
        let names = Dictionary(
            state.map { (ObjectIdentifier($0.1.tensor!.node), $0.0) }, uniquingKeysWith: { first, _ in first })
        func trace(_ types: [TensorType]) throws -> TracedProgram {
            try TracedProgram(of: types) { try function($0.map { Tensor($0) }).map(\.node) }
        }
        func traced(_ types: [TensorType]) throws -> TracedProgram {
            try module?.evaluating { try trace(types) } ?? trace(types)
        }

        let signature = ExportSignature(inputs.map { ($0.key, $0.value.node.type) }, options.dynamicAxes)
        let traces = try signature.variants.map(traced)
        guard traces[0].program.outputs.count == outputs.count else {
            throw ONNXError(
                .wrongInput, file: "ONNX export",
                problem: "the function gives \(traces[0].program.outputs.count) results",
                remedy: "give as many names of outputs: \(outputs)")
        }
        let source = try ExportedProgram(traces, signature, stateNames: names)
        let exporter = GraphExporter(source, operatorSet: options.operatorSet)
        (skeleton, weights) = try exporter.model(inputs: inputs.map(\.key), outputs: outputs)
        self.options = options
    }

    private static func check(_ inputs: [String], _ outputs: [String], _ options: ONNXExportOptions) throws {
        func wrong(_ problem: String, _ remedy: String) -> ONNXError {
            ONNXError(.wrongInput, file: "ONNX export", problem: problem, remedy: remedy)
        }
        let names = inputs + outputs
        guard Set(names).count == names.count, !names.contains("") else {
            throw wrong("the names \(names) of inputs and outputs", "give each a name of its own")
        }
        let sets = 17...ONNXModel.newestOperatorSet
        guard sets.contains(options.operatorSet) else {
            throw wrong("operator set \(options.operatorSet)", "choose one of \(sets.lowerBound) to \(sets.upperBound)")
        }
        if let stranger = options.dynamicAxes.keys.sorted().first(where: { !inputs.contains($0) }) {
            throw wrong("dynamic axes of \"\(stranger)\", which is no input", "the inputs are \(inputs)")
        }
    }

    // MARK: Writing

    /// Writes the model; weights of more than `externalDataThreshold` bytes go to a second file, `NAME.data`, which has to stay beside it.
    ///
    /// - Throws: `FileError` where a file can't be written.
    public func write(to url: URL) throws {
        guard byteCount > options.externalDataThreshold else { return try AtomicFile.write(try data(), to: url) }
        let beside = url.appendingPathExtension("data")
        var model = skeleton
        model.graph.initializer = try AtomicFile.write(to: beside) { file in
            try weights.map { weight in
                try file.write([UInt8](repeating: 0, count: -file.position & 63))
                return try weight.external(in: file, named: beside.lastPathComponent)
            }
        }
        try AtomicFile.write(try model.serializedData() as Data, to: url)
    }

    /// The model in one piece, as a file has it.
    ///
    /// - Throws: `ONNXError` where it would have more than the format's 2 GiB.
    public func data() throws -> Data {
        guard byteCount < Int(Int32.max) - (1 << 24) else {
            throw ONNXError(
                .unsupported, file: "ONNX export",
                problem: "\(byteCount) bytes of weights in one message, which ends at 2 GiB",
                remedy: "write the model to a file")
        }
        return try proto.serializedData()
    }

    /// The model as it is read again.
    public func model() throws -> ONNXModel { try ONNXModel(proto) }

    /// The whole model in memory.
    package var proto: ModelProto {
        var model = skeleton
        model.graph.initializer = weights.map(\.proto)
        return model
    }

    private var byteCount: Int { weights.reduce(0) { $0 + $1.tensor.node.type.byteCount } }
}

extension Layer {
    /// Writes the layer's call on inputs like `input` as an ONNX model: `input` → `output`.
    ///
    /// - Throws: `ONNXError` that lists every operation for which ONNX has no operator, `FileError`.
    public func exportONNX(to url: URL, input: Tensor, options: ONNXExportOptions = ONNXExportOptions()) throws {
        try ONNXExport(self, inputs: ["input": input], options: options) { [self($0[0])] }.write(to: url)
    }
}

extension GraphWriter.Initializer {
    /// With its elements inside.
    fileprivate var proto: TensorProto {
        var proto = header
        proto.rawData = tensor.bytes
        return proto
    }

    /// With its elements at the end of another file.
    fileprivate func external(in file: OutputFile, named name: String) throws -> TensorProto {
        var proto = header
        proto.dataLocation = .external
        let entries = [
            ("location", name), ("offset", String(file.position)), ("length", String(tensor.node.type.byteCount)),
        ]
        proto.externalData = entries.map { key, value in
            var entry = StringStringEntryProto()
            (entry.key, entry.value) = (key, value)
            return entry
        }
        try file.write(tensor)
        return proto
    }

    private var header: TensorProto {
        var proto = TensorProto()
        proto.name = name
        proto.dims = tensor.shape.map(Int64.init)
        proto.dataType = ONNXElementType(tensor.dtype).rawValue
        return proto
    }
}
