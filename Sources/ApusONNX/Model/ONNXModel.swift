import ApusIO
import ApusNN
import Foundation

/// A model in ONNX's format, read and checked, not yet made to run.
///
/// ```swift
/// let model = try ONNXModel(contentsOf: URL(fileURLWithPath: "resnet18.onnx"))
/// let module = try ONNXModule(model)
/// let outputs = try module(["input": images])
/// ```
/// Names are unique, every value that a node takes is computed before, and every tensor has the bytes that its shape takes.
///
/// Reference: <https://onnx.ai/onnx/repo-docs/IR.html>
public struct ONNXModel: Sendable {
    /// The newest version of ONNX's operators whose meaning is known here.
    public static let newestOperatorSet = 21

    /// The file's path, or the name given to data in memory.
    public let file: String
    /// The nodes, constants, inputs and outputs.
    public let graph: ONNXGraph
    /// The version of each set of operators, by domain; ONNX's own is empty.
    public let operatorSets: [String: Int]
    /// Operators that the model brings along.
    public let functions: [ONNXFunction]
    /// The version of the format.
    public let formatVersion: Int
    /// The program that wrote the file, and its version.
    public let producer: String
    /// What the exporter says of the model.
    public let metadata: [String: String]

    /// Reads a file. Elements in other files are mapped into memory where they lie.
    ///
    /// - Throws: `FileError` if it can't be read, `ONNXError` if it is damaged, breaks ONNX's rules or holds types that Apus has not.
    public init(contentsOf url: URL) throws {
        let bytes = try FileBytes(mapping: url)
        let data = bytes.bytes.baseAddress.map {
            Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: $0), count: bytes.count,
                deallocator: .custom { _, _ in withExtendedLifetime(bytes) {} })
        }
        let folder = url.standardizedFileURL.deletingLastPathComponent()
        try self.init(data ?? Data(), reader: ModelReader(file: url.path, folder: folder))
    }

    /// Reads data in memory, which messages call `name`.
    ///
    /// - Throws: `ONNXError`, as for a file.
    public init(_ data: Data, name: String = "ONNX data") throws {
        try self.init(data, reader: ModelReader(file: name, folder: nil))
    }

    private init(_ data: Data, reader: ModelReader) throws {
        try self.init(ModelReader.message(ModelProto.self, from: data, file: reader.file), reader: reader)
    }

    /// A model that was built in memory.
    package init(_ proto: ModelProto, name: String = "ONNX model") throws {
        try self.init(proto, reader: ModelReader(file: name, folder: nil))
    }

    private init(_ proto: ModelProto, reader: ModelReader) throws {
        guard proto.hasGraph else {
            throw ONNXError(.damaged, file: reader.file, problem: "there is no graph", remedy: ModelReader.damaged)
        }
        file = reader.file
        operatorSets = try reader.operatorSets(proto.opsetImport, "")
        functions = try proto.functions.map(reader.function)
        graph = try reader.graph(proto.graph, in: "graph \"\(proto.graph.name)\"")
        formatVersion = Int(proto.irVersion)
        producer = [proto.producerName, proto.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
        metadata = Dictionary(proto.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        try requireFiniteFunctions()
    }

    /// A function that calls itself would never end.
    private func requireFiniteFunctions() throws {
        let known = Dictionary(functions.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var finished: Set<OperatorKey> = []
        var open: Set<OperatorKey> = []
        func visit(_ function: ONNXFunction) throws {
            guard !finished.contains(function.key) else { return }
            guard open.insert(function.key).inserted else {
                throw ONNXError(
                    .invalidGraph, file: file, location: "function \"\(function.name)\"", problem: "it calls itself",
                    remedy: ModelReader.invalid)
            }
            for node in function.nodes {
                for inner in node.withInnerNodes { if let called = known[inner.key] { try visit(called) } }
            }
            open.remove(function.key)
            finished.insert(function.key)
        }
        for function in functions { try visit(function) }
    }
}

/// What an operator is known by.
struct OperatorKey: Hashable, Sendable {
    let domain: String
    let name: String
}

extension ONNXFunction {
    var key: OperatorKey { OperatorKey(domain: domain, name: name) }
}

extension ONNXNode {
    var key: OperatorKey { OperatorKey(domain: domain, name: operatorType) }

    /// The graphs among its attributes.
    var graphs: [ONNXGraph] {
        attributes.values.flatMap { attribute -> [ONNXGraph] in
            switch attribute {
            case .graph(let graph): [graph]
            case .graphs(let graphs): graphs
            default: []
            }
        }
    }

    /// This node and all in the graphs inside it.
    var withInnerNodes: [ONNXNode] { [self] + graphs.flatMap(\.allNodes) }
}

extension ONNXGraph {
    /// The nodes, also of the graphs inside nodes.
    var allNodes: [ONNXNode] { nodes.flatMap(\.withInnerNodes) }
}

extension ONNXModel {
    /// How often each operator appears, also in graphs inside nodes and in functions.
    public var operatorCounts: [String: Int] {
        (graph.nodes + functions.flatMap(\.nodes)).flatMap(\.withInnerNodes).reduce(into: [:]) { counts, node in
            counts[node.qualifiedType, default: 0] += 1
        }
    }

    /// Operators that Apus has not, and how often they appear.
    public var unsupportedOperators: [String: Int] {
        let brought = Set(functions.map(\.key))
        return (graph.nodes + functions.flatMap(\.nodes)).flatMap(\.withInnerNodes).reduce(into: [:]) { counts, node in
            if !brought.contains(node.key), OperatorTable.standard[node.key] == nil {
                counts[node.qualifiedType, default: 0] += 1
            }
        }
    }
}
