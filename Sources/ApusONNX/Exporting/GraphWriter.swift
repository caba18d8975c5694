import ApusNN
import Foundation

/// A graph as it grows: nodes in order, and tensors that are known, all under names of their own.
struct GraphWriter {
    /// A tensor of the graph.
    struct Initializer {
        let name: String
        let tensor: Tensor
    }

    private(set) var nodes: [NodeProto] = []
    private(set) var initializers: [Initializer] = []
    private var taken: Set<String>
    private var counts: [String: Int] = [:]
    /// Small constants are there once.
    private var known: [Constant: String] = [:]

    private struct Constant: Hashable {
        let type: TensorType
        let bytes: Data
    }

    /// - Parameter reserved: names that nothing inside may have: those of inputs, outputs and weights.
    init(reserved: [String]) { taken = Set(reserved) }

    /// A name that nothing has yet.
    private mutating func unique(_ base: String) -> String {
        while true {
            let number = counts[base, default: 0]
            counts[base] = number + 1
            let name = number == 0 ? base : "\(base)_\(number)"
            if taken.insert(name).inserted { return name }
        }
    }

    /// Adds a node and gives the names of its results, which are called after the weights that it takes.
    mutating func add(
        _ type: String, _ inputs: [String], _ attributes: KeyValuePairs<String, AttributeValue>, outputs: Int = 1
    ) -> [String] {
        var node = NodeProto()
        node.opType = type
        node.input = inputs
        node.attribute = attributes.map { AttributeProto($0.key, $0.value) }
        node.name = unique(layer(of: inputs).map { "\($0)/\(type)" } ?? type)
        node.output = (0..<outputs).map { unique(outputs == 1 ? "\(node.name)_output" : "\(node.name)_output_\($0)") }
        nodes.append(node)
        return node.output
    }

    /// The path of the module whose weights a node takes: `layer1.0.conv1`.
    private func layer(of inputs: [String]) -> String? {
        inputs.first { weightNames.contains($0) && $0.contains(".") }.map { name in
            String(name[..<name.lastIndex(of: ".")!])
        }
    }
    private var weightNames: Set<String> = []

    /// Adds a weight under a name, which is made unique unless it was reserved.
    mutating func addWeight(_ tensor: Tensor, named name: String, isReserved: Bool) -> String {
        let name = isReserved ? name : unique(name)
        weightNames.insert(name)
        initializers.append(Initializer(name: name, tensor: tensor))
        return name
    }

    /// The name of a constant.
    mutating func constant(_ tensor: Tensor) -> String {
        let type = tensor.node.type
        guard type.byteCount <= 1 << 12 else { return add(tensor) }
        let key = Constant(type: type, bytes: tensor.bytes)
        if let name = known[key] { return name }
        let name = add(tensor)
        known[key] = name
        return name
    }

    private mutating func add(_ tensor: Tensor) -> String {
        let name = unique("constant")
        initializers.append(Initializer(name: name, tensor: tensor))
        return name
    }

    /// Drops what no result needs.
    mutating func keep(needed results: [String]) {
        var needed = Set(results)
        nodes = nodes.reversed().filter { node in
            let isNeeded = node.output.contains(where: needed.contains)
            if isNeeded { needed.formUnion(node.input) }
            return isNeeded
        }.reversed()
        initializers = initializers.filter { needed.contains($0.name) }
    }

    /// Gives values other names.
    mutating func rename(_ names: [String: String]) {
        for index in nodes.indices {
            nodes[index].input = nodes[index].input.map { names[$0] ?? $0 }
            nodes[index].output = nodes[index].output.map { names[$0] ?? $0 }
        }
    }
}

/// A node's constant.
enum AttributeValue {
    case int(Int)
    case ints([Int])
    case float(Double)
    case string(String)
    case strings([String])
    case graph(GraphProto)
}

extension AttributeProto {
    init(_ name: String, _ value: AttributeValue) {
        self.init()
        self.name = name
        switch value {
        case .int(let value): (type, i) = (.int, Int64(value))
        case .ints(let values): (type, ints) = (.ints, values.map(Int64.init))
        case .float(let value): (type, f) = (.float, Float(value))
        case .string(let value): (type, s) = (.string, Data(value.utf8))
        case .strings(let values): (type, strings) = (.strings, values.map { Data($0.utf8) })
        case .graph(let value): (type, g) = (.graph, value)
        }
    }
}
