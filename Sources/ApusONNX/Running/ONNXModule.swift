@_exported import ApusNN
import Foundation

/// A model from another tool, as a module: it runs, and it can be trained further.
///
/// ```swift
/// let module = try ONNXModule(contentsOf: URL(fileURLWithPath: "classifier.onnx"))
/// let scores = try module(["images": images])["scores"]!
/// ```
/// Floating-point initializers are parameters under their names in the file, and running statistics of batch normalization are
/// buffers. Constants that say how to compute, such as limits, scales of a resizing or of a quantization, are neither. Some exporters
/// keep weights in Constant nodes: what such a node gives is a parameter where a layer takes it as its weight.
///
/// The module starts in evaluation mode. In training mode, batch normalization takes the batch's statistics and moves its running ones,
/// and dropout drops.
public final class ONNXModule: Module {
    private let program: ImportedGraph
    private let weights: [String: Parameter<Tensor>]
    private let statistics: [String: Buffer<Tensor>]
    private let constants: Constants

    /// Initializers that are not state. An object, so that a walk over the module does not look through them.
    private final class Constants {
        let values: [String: ONNXValue]
        init(_ values: [String: ONNXValue]) { self.values = values }
    }

    /// Reads a file and makes it ready to run.
    ///
    /// - Throws: `FileError`, or `ONNXError`, which lists every operator that Apus has not.
    public convenience init(contentsOf url: URL) throws { try self.init(ONNXModel(contentsOf: url)) }

    /// - Throws: `ONNXError` that lists every operator that Apus has not, with how often it appears.
    public init(_ model: ONNXModel) throws {
        let missing = model.unsupportedOperators
        guard missing.isEmpty else {
            let list = missing.sorted { $0.key < $1.key }.map { "\($0.key) × \($0.value)" }.joined(separator: ", ")
            throw ONNXError(
                .unsupportedOperators(missing), file: model.file,
                problem: "\(missing.count) operators are unknown here: \(list)", remedy: "export the model without them"
            )
        }
        program = ImportedGraph(model)
        let roles = model.graph.roles
        var weights: [String: Parameter<Tensor>] = [:]
        var statistics: [String: Buffer<Tensor>] = [:]
        var constants: [String: ONNXValue] = [:]
        for initializer in model.graph.constants {
            let (name, value) = (initializer.name, initializer.constant.value)
            switch (roles[name], value) {
            case (.weight, .tensor(let tensor)) where tensor.dtype.isFloatingPoint:
                weights[name] = Parameter(wrappedValue: tensor)
            case (.statistic, .tensor(let tensor)): statistics[name] = Buffer(wrappedValue: tensor)
            default: constants[name] = value
            }
        }
        self.weights = weights
        self.statistics = statistics
        self.constants = Constants(constants)
        super.init()
        eval()
    }

    /// Initializers are called what the file calls them.
    public override func stateName(of property: String) -> String {
        String(property.drop { $0 != "." }.dropFirst())
    }

    /// What the model takes.
    public var inputs: [ONNXValueInfo] { program.inputs }

    /// What the model gives.
    public var outputs: [ONNXValueInfo] { program.outputs }

    // MARK: Running

    /// Runs a model of tensors.
    ///
    /// - Throws: `ONNXError` where an input is missing, unknown or of the wrong type, where a node can't compute what it is asked for,
    ///   or where a result is no tensor.
    public func callAsFunction(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
        try run(inputs.mapValues(ONNXValue.tensor)).compactMapValues { value in
            switch value {
            case .tensor(let tensor): tensor
            case .absent: nil
            case .strings, .sequence: throw wrongInput("", "the model gives more than tensors", "call run")
            }
        }
    }

    /// Runs a model of one input and one output.
    ///
    /// - Throws: `ONNXError`, as for inputs by name.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        guard inputs.count == 1, outputs.count == 1, let input = inputs.first, let output = outputs.first else {
            throw wrongInput(
                "", "the model has \(inputs.count) inputs and \(outputs.count) outputs, not one of each",
                "give the inputs by name")
        }
        guard let result = try self([input.name: x])[output.name] else {
            throw wrongInput("output \"\(output.name)\"", "the model gave no value", "call run")
        }
        return result
    }

    /// Runs a model on values of any kind.
    ///
    /// - Throws: `ONNXError` where an input is missing, unknown or of the wrong type, or where a node can't compute what it is asked for.
    public func run(_ values: [String: ONNXValue]) throws -> [String: ONNXValue] {
        try check(values)
        return try compute(values)
    }

    /// The same for values that needn't be what the model declares.
    package func compute(_ values: [String: ONNXValue]) throws -> [String: ONNXValue] {
        let scope = Scope(constants.values.merging(values) { _, given in given })
        for (name, slot) in weights { scope[name] = .tensor(slot.wrappedValue) }
        for (name, slot) in statistics { scope[name] = .tensor(slot.wrappedValue) }
        let context = RunContext(program, isTraining: isTraining)
        try context.run(program.nodes, in: scope, operatorSets: program.operatorSets)
        for (name, value) in context.statistics { statistics[name]?.wrappedValue = stopGradient(value) }
        var results: [String: ONNXValue] = [:]
        for output in outputs { results[output.name] = scope[output.name] }
        return results
    }

    private func wrongInput(_ location: String, _ problem: String, _ remedy: String) -> ONNXError {
        ONNXError(.wrongInput, file: program.file, location: location, problem: problem, remedy: remedy)
    }

    private func check(_ values: [String: ONNXValue]) throws {
        let declared = inputs.map { "\($0.name): \($0.type)" }.joined(separator: ", ")
        let known = Set(inputs.map(\.name))
        if let name = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw wrongInput("input \"\(name)\"", "the model has no such input", "it takes \(declared)")
        }
        for input in inputs {
            guard let value = values[input.name] else {
                if case .optional = input.type { continue }
                throw wrongInput("input \"\(input.name)\"", "it is missing", "the model takes \(declared)")
            }
            guard case .tensor(let tensor) = value, case .tensor(let element, let shape) = input.type else { continue }
            let fits = shape.map { tensor.shape.fits($0) } ?? true
            guard fits, element?.dtype.map({ $0 == tensor.dtype }) ?? true else {
                throw wrongInput(
                    "input \"\(input.name)\"", "\(tensor.dtype)\(tensor.shape) was given",
                    "the model takes \(input.type)")
            }
        }
    }
}

extension Shape {
    /// Whether this shape is one of those that a declaration allows.
    fileprivate func fits(_ declared: [ONNXExtent]) -> Bool {
        guard rank == declared.count else { return false }
        return zip(self, declared).allSatisfy { extent, allowed in
            if case .fixed(let expected) = allowed { extent == expected } else { true }
        }
    }
}

/// What an initializer is to the network.
private enum InitializerRole {
    /// Trained.
    case weight
    /// Moved by batch normalization.
    case statistic
    /// Says how to compute.
    case setting
}

extension ONNXGraph {
    /// For each operator, the inputs that are no weights though they are floats.
    private static let settings: [String: Set<Int>] = [
        "Clip": [1, 2], "Dropout": [1], "Pad": [2], "Resize": [1, 2], "Upsample": [1], "OneHot": [2],
        "Range": [0, 1, 2],
        "QuantizeLinear": [1, 2], "DequantizeLinear": [1, 2], "QLinearConv": [1, 4, 6], "QLinearMatMul": [1, 4, 6],
        "NonMaxSuppression": [3, 4], "RoiAlign": [1],
    ]

    /// Layers, whose inputs but for the first are weights also where a Constant node gives them.
    private static let layers: Set<String> = [
        "Conv", "ConvTranspose", "Gemm", "MatMul", "PRelu", "BatchNormalization", "InstanceNormalization",
        "LayerNormalization", "GroupNormalization", "RNN", "GRU", "LSTM",
    ]

    /// Every tensor that is known before the graph runs: initializers, and what Constant nodes give.
    public var constants: [ONNXInitializer] {
        initializers
            + nodes.compactMap { node in
                guard let constant = node.constantTensor, let name = node.outputs.first else { return nil }
                return ONNXInitializer(name: name, constant: constant)
            }
    }

    /// The role of each known tensor by where it is used: a weight if one of its uses is a weight's.
    fileprivate var roles: [String: InitializerRole] {
        let inNodes = Set(nodes.filter { $0.constantTensor != nil }.flatMap(\.outputs))
        var roles: [String: InitializerRole] = [:]
        for node in allNodes {
            for (index, name) in node.inputs.enumerated() where !name.isEmpty && roles[name] != .weight {
                if node.operatorType == "BatchNormalization", index >= 3 {
                    roles[name] = .statistic
                } else {
                    let isSetting = Self.settings[node.operatorType]?.contains(index) == true
                    let isWeight = !inNodes.contains(name) || (index > 0 && Self.layers.contains(node.operatorType))
                    roles[name] = isWeight && !isSetting ? .weight : .setting
                }
            }
        }
        return roles
    }
}
