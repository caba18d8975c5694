import ApusNN

/// Nodes in an order in which they can run, and the values that are known before.
public struct ONNXGraph: Sendable {
    /// The name given by the exporter.
    public let name: String
    /// Every node behind those whose results it takes.
    public internal(set) var nodes: [ONNXNode]
    /// Constants, among them the weights, in the order of the file.
    public let initializers: [ONNXInitializer]
    /// What is given, without the initializers that are listed among the inputs too.
    public let inputs: [ONNXValueInfo]
    /// What is computed.
    public let outputs: [ONNXValueInfo]
    /// The types that the file declares for values inside.
    public let valueInfos: [ONNXValueInfo]
}

/// A named constant.
public struct ONNXInitializer: Sendable {
    /// The value's name in the graph.
    public let name: String
    /// The elements.
    public let constant: ONNXConstant
}

/// A tensor in a file, and the type that the file has for its elements.
public struct ONNXConstant: Sendable {
    /// A tensor, or strings.
    public let value: ONNXValue
    /// The file's type, which may be narrower than the tensor's dtype.
    public let elementType: ONNXElementType
}

/// A value's name and its declared type.
public struct ONNXValueInfo: Hashable, Sendable {
    /// The value's name in the graph.
    public let name: String
    /// What it is declared to be.
    public let type: ONNXType
}

/// An operator at its place in a graph.
public struct ONNXNode: Sendable {
    /// The name given by the exporter; it may be empty.
    public let name: String
    /// The operator: `Conv`.
    public let operatorType: String
    /// The operator's domain; empty for ONNX's own.
    public let domain: String
    /// Names of values; an empty one stands for an optional input that is absent.
    public let inputs: [String]
    /// Names of values; an empty one stands for an output that nobody wants.
    public let outputs: [String]
    /// Constants by name.
    public let attributes: [String: ONNXAttribute]

    /// The operator's name with its domain, if that isn't ONNX's own.
    public var qualifiedType: String { domain.isEmpty ? operatorType : "\(domain).\(operatorType)" }

    /// How messages call it.
    var place: String {
        let label = name.isEmpty ? outputs.first(where: { !$0.isEmpty }).map { "→ \"\($0)\"" } ?? "" : "\"\(name)\""
        return label.isEmpty ? "node \(qualifiedType)" : "node \(label) (\(qualifiedType))"
    }
}

/// A constant of a node.
public enum ONNXAttribute: Sendable {
    case float(Float)
    case integer(Int)
    case string(String)
    case tensor(ONNXConstant)
    case graph(ONNXGraph)
    case floats([Float])
    case integers([Int])
    case strings([String])
    case tensors([ONNXConstant])
    case graphs([ONNXGraph])
    /// A type, or types.
    case types([ONNXType])
    /// Inside a function: the attribute of this name of the node that calls it.
    case reference(String)
}

/// An operator that a model brings along, written with other operators.
public struct ONNXFunction: Sendable {
    /// The operator's domain.
    public let domain: String
    /// The operator's name.
    public let name: String
    /// Names of its inputs inside.
    public let inputs: [String]
    /// Names of its outputs inside.
    public let outputs: [String]
    /// Every node behind those whose results it takes.
    public let nodes: [ONNXNode]
    /// Values of attributes that a calling node leaves out.
    public let defaults: [String: ONNXAttribute]
    /// The operator sets that the nodes mean.
    public let operatorSets: [String: Int]
}

extension ONNXGraph {
    /// Names that nodes of this graph, and of graphs inside its nodes, use and no part of it defines.
    var freeNames: Set<String> {
        ApusONNX.freeNames(
            of: nodes, defined: inputs.map(\.name) + initializers.map(\.name), wanted: outputs.map(\.name))
    }
}

extension ONNXNode {
    /// Names of values that have to be there before the node runs.
    var dependencies: Set<String> {
        var names = Set(inputs)
        for attribute in attributes.values {
            switch attribute {
            case .graph(let graph): names.formUnion(graph.freeNames)
            case .graphs(let graphs): for graph in graphs { names.formUnion(graph.freeNames) }
            default: break
            }
        }
        names.remove("")
        return names
    }
}

private func freeNames(of nodes: [ONNXNode], defined: [String], wanted: [String]) -> Set<String> {
    var names = Set(wanted)
    for node in nodes { names.formUnion(node.dependencies) }
    names.subtract(defined)
    for node in nodes { names.subtract(node.outputs) }
    names.remove("")
    return names
}
