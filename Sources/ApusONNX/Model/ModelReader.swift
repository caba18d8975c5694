import ApusIO
import ApusNN
import Foundation
import SwiftProtobuf

/// Turns a file's messages into a graph whose names and sizes hold.
struct ModelReader {
    /// What messages call the file.
    let file: String
    /// Where elements in other files may lie; nil for data in memory, which can't refer to files.
    let folder: URL?

    static let damaged = "the file is damaged; export or fetch it again"
    static let invalid = "the exporter made a model that breaks ONNX's rules; check it with onnx.checker"

    /// Graphs inside of graphs, and types inside of types, that a file may have.
    static let maximumDepth = 64

    /// A message of a type. Memory stays within a small multiple of the bytes: lengths are checked against what follows them.
    static func message<Message: SwiftProtobuf.Message>(
        _ type: Message.Type, from data: Data, file: String
    ) throws -> Message {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = maximumDepth
        options.discardUnknownFields = true
        do {
            return try Message(serializedBytes: data, options: options)
        } catch BinaryDecodingError.messageDepthLimit {
            throw ONNXError(
                .damaged, file: file, problem: "messages are nested deeper than \(maximumDepth) levels", remedy: damaged
            )
        } catch {
            throw ONNXError(.damaged, file: file, problem: "the bytes are no ONNX message", remedy: damaged)
        }
    }

    func failure(_ kind: ONNXError.Kind, _ location: String, _ problem: String, _ remedy: String) -> ONNXError {
        ONNXError(kind, file: file, location: location, problem: problem, remedy: remedy)
    }

    // MARK: Model

    func operatorSets(_ imports: [OperatorSetIdProto], _ location: String) throws -> [String: Int] {
        var sets: [String: Int] = [:]
        for entry in imports {
            let domain = canonical(entry.domain)
            guard let version = Int(exactly: entry.version), version > 0 else {
                throw failure(.invalidGraph, location, "version \(entry.version) of an operator set", Self.invalid)
            }
            sets[domain] = max(version, sets[domain] ?? 0)
        }
        if let version = sets[""], version > ONNXModel.newestOperatorSet {
            throw failure(
                .unsupported, location,
                "operator set \(version), and the newest that Apus knows is \(ONNXModel.newestOperatorSet)",
                "export the model with opset \(ONNXModel.newestOperatorSet) or older")
        }
        return sets
    }

    /// ONNX's own domain has two names.
    private func canonical(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

    func function(_ proto: FunctionProto) throws -> ONNXFunction {
        let location = "function \"\(proto.name)\""
        let nodes = try proto.node.map { try node($0, in: location) }
        try requireUnique(proto.input + nodes.flatMap(\.outputs), location)
        let sorted = try NodeOrder(nodes, known: Set(proto.input), location: location, reader: self).sorted()
        try requireDefined(proto.output, by: Set(proto.input + nodes.flatMap(\.outputs)), location)
        return ONNXFunction(
            domain: canonical(proto.domain), name: proto.name, inputs: proto.input, outputs: proto.output,
            nodes: sorted,
            defaults: try attributes(proto.attributeProto, location),
            operatorSets: try operatorSets(proto.opsetImport, location))
    }

    // MARK: Graph

    /// - Parameter outer: names that the surrounding graphs define.
    func graph(_ proto: GraphProto, in place: String, outer: Set<String> = []) throws -> ONNXGraph {
        let initializers = try proto.initializer.map { tensor in
            guard !tensor.name.isEmpty else {
                throw failure(.invalidGraph, place, "an initializer without a name", Self.invalid)
            }
            return ONNXInitializer(
                name: tensor.name, constant: try constant(tensor, at: "initializer \"\(tensor.name)\""))
        }
        let constants = Set(initializers.map(\.name))
        let inputs = try proto.input.map { try valueInfo($0, in: place) }
        let given = inputs.filter { !constants.contains($0.name) }
        let nodes = try proto.node.map { try node($0, in: place) }

        try requireUnique(inputs.map(\.name), place)
        try requireUnique(initializers.map(\.name), place)
        let produced = nodes.flatMap(\.outputs).filter { !$0.isEmpty }
        try requireUnique(given.map(\.name) + constants.sorted() + produced, place)

        let known = outer.union(constants).union(given.map(\.name))
        let sorted = try NodeOrder(nodes, known: known, location: place, reader: self).sorted()
        let outputs = try proto.output.map { try valueInfo($0, in: place) }
        try requireDefined(outputs.map(\.name), by: known.union(produced), place)
        return ONNXGraph(
            name: proto.name, nodes: sorted, initializers: initializers, inputs: given, outputs: outputs,
            valueInfos: try proto.valueInfo.map { try valueInfo($0, in: place) })
    }

    private func requireUnique(_ names: [String], _ place: String) throws {
        var seen: Set<String> = []
        for name in names where !name.isEmpty && !seen.insert(name).inserted {
            throw failure(.invalidGraph, place, "the name \"\(name)\" is given to two values", Self.invalid)
        }
    }

    private func requireDefined(_ outputs: [String], by names: Set<String>, _ place: String) throws {
        for name in outputs where !names.contains(name) {
            throw failure(.invalidGraph, place, "the output \"\(name)\" is computed by no node", Self.invalid)
        }
    }

    private func valueInfo(_ proto: ValueInfoProto, in place: String) throws -> ONNXValueInfo {
        guard !proto.name.isEmpty else {
            throw failure(.invalidGraph, place, "an input or output without a name", Self.invalid)
        }
        return ONNXValueInfo(name: proto.name, type: try type(proto.type, "value \"\(proto.name)\""))
    }

    func type(_ proto: TypeProto, _ location: String) throws -> ONNXType {
        switch proto.value {
        case .tensorType(let tensor):
            let element = tensor.elemType == 0 ? nil : try elementType(tensor.elemType, location)
            guard tensor.hasShape else { return .tensor(element, shape: nil) }
            return .tensor(element, shape: try tensor.shape.dim.map { try extent($0, location) })
        case .sequenceType(let sequence): return .sequence(try type(sequence.elemType, location))
        case .optionalType(let optional): return .optional(try type(optional.elemType, location))
        case nil: return .undeclared
        }
    }

    private func extent(_ dimension: TensorShapeProto.Dimension, _ location: String) throws -> ONNXExtent {
        switch dimension.value {
        case .dimValue(let extent):
            // Exporters write −1, and some 0, for an extent that they don't know.
            return extent < 0 ? .unknown : .fixed(Int(extent))
        case .dimParam(let name): return name.isEmpty ? .unknown : .named(name)
        case nil: return .unknown
        }
    }

    func elementType(_ number: Int32, _ location: String) throws -> ONNXElementType {
        guard let type = ONNXElementType(rawValue: number) else {
            throw failure(
                .unsupported, location, "elements of type \(number)",
                "Apus reads types 1 to 16; export the model with another")
        }
        return type
    }

    // MARK: Nodes

    private func node(_ proto: NodeProto, in place: String) throws -> ONNXNode {
        guard !proto.opType.isEmpty else {
            throw failure(.invalidGraph, place, "a node without an operator", Self.invalid)
        }
        let location = proto.name.isEmpty ? "node \(proto.opType)" : "node \"\(proto.name)\" (\(proto.opType))"
        return ONNXNode(
            name: proto.name, operatorType: proto.opType, domain: canonical(proto.domain), inputs: proto.input,
            outputs: proto.output, attributes: try attributes(proto.attribute, location))
    }

    private func attributes(_ protos: [AttributeProto], _ location: String) throws -> [String: ONNXAttribute] {
        var attributes: [String: ONNXAttribute] = [:]
        for proto in protos {
            guard !proto.name.isEmpty else {
                throw failure(.invalidGraph, location, "an attribute without a name", Self.invalid)
            }
            let place = "\(location), attribute \"\(proto.name)\""
            guard attributes.updateValue(try attribute(proto, place), forKey: proto.name) == nil else {
                throw failure(.invalidGraph, place, "given twice", Self.invalid)
            }
        }
        return attributes
    }

    private func attribute(_ proto: AttributeProto, _ location: String) throws -> ONNXAttribute {
        if !proto.refAttrName.isEmpty { return .reference(proto.refAttrName) }
        switch proto.type == .undefined ? guessedType(of: proto) : proto.type {
        case .float: return .float(proto.f)
        case .int: return .integer(Int(proto.i))
        case .string: return .string(String(decoding: proto.s, as: UTF8.self))
        case .tensor: return .tensor(try constant(proto.t, at: location))
        case .graph: return .graph(try innerGraph(proto.g, location))
        case .floats: return .floats(proto.floats)
        case .ints: return .integers(proto.ints.map(Int.init))
        case .strings: return .strings(proto.strings.map { String(decoding: $0, as: UTF8.self) })
        case .tensors: return .tensors(try proto.tensors.map { try constant($0, at: location) })
        case .graphs: return .graphs(try proto.graphs.map { try innerGraph($0, location) })
        case .typeProto: return .types([try type(proto.tp, location)])
        case .typeProtos: return .types(try proto.typeProtos.map { try type($0, location) })
        case .sparseTensor, .sparseTensors:
            throw failure(.unsupported, location, "a sparse tensor", "export the model with dense tensors")
        case .undefined, .UNRECOGNIZED:
            throw failure(.damaged, location, "an attribute of no known type", Self.damaged)
        }
    }

    /// Files of the first versions don't tell an attribute's type.
    private func guessedType(of proto: AttributeProto) -> AttributeProto.AttributeType {
        if proto.hasT { return .tensor }
        if proto.hasG { return .graph }
        if !proto.floats.isEmpty { return .floats }
        if !proto.ints.isEmpty { return .ints }
        if !proto.strings.isEmpty { return .strings }
        if !proto.s.isEmpty { return .string }
        return proto.f != 0 ? .float : .int
    }

    /// The graph inside a node: what it takes from outside is checked where the node stands.
    private func innerGraph(_ proto: GraphProto, _ location: String) throws -> ONNXGraph {
        let place = "\(location), graph \"\(proto.name)\""
        return try graph(proto, in: place, outer: namesFromOutside(of: proto))
    }

    /// Names that a graph uses and does not define.
    private func namesFromOutside(of proto: GraphProto) -> Set<String> {
        var used = Set(proto.output.map(\.name))
        for node in proto.node {
            used.formUnion(node.input)
            for attribute in node.attribute {
                if attribute.hasG { used.formUnion(namesFromOutside(of: attribute.g)) }
                for graph in attribute.graphs { used.formUnion(namesFromOutside(of: graph)) }
            }
        }
        used.subtract(proto.node.flatMap(\.output))
        used.subtract(proto.input.map(\.name))
        used.subtract(proto.initializer.map(\.name))
        return used
    }
}
