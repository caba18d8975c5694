import ApusNN

/// A model's graph with what running it looks up.
final class ImportedGraph: Sendable {
    let file: String
    let inputs: [ONNXValueInfo]
    let outputs: [ONNXValueInfo]
    /// The nodes to run: all but constants, which are known before.
    let nodes: [ONNXNode]
    let operatorSets: [String: Int]
    let functions: [OperatorKey: ONNXFunction]
    /// The file's element types of values, as far as they are known before the graph runs. They matter to the operators that
    /// round to a narrow integer type, or wrap around in it.
    let elementTypes: [String: ONNXElementType]

    init(_ model: ONNXModel) {
        file = model.file
        inputs = model.graph.inputs
        outputs = model.graph.outputs
        nodes = model.graph.nodes.filter { $0.constantTensor == nil }
        operatorSets = model.operatorSets
        functions = Dictionary(model.functions.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var types: [String: ONNXElementType] = [:]
        model.graph.collectElementTypes(into: &types)
        elementTypes = types
    }
}

extension ONNXGraph {
    fileprivate func collectElementTypes(into types: inout [String: ONNXElementType]) {
        for initializer in initializers { types[initializer.name] = initializer.constant.elementType }
        for info in inputs + valueInfos + outputs {
            if case .tensor(let element?, _) = info.type { types[info.name] = element }
        }
        for node in nodes {
            if let output = node.outputs.first, types[output] == nil { types[output] = node.elementType(types) }
            for graph in node.graphs { graph.collectElementTypes(into: &types) }
        }
    }
}

extension ONNXNode {
    /// The tensor of a node that is nothing but its value.
    var constantTensor: ONNXConstant? {
        guard key == OperatorKey(domain: "", name: "Constant"), case .tensor(let constant)? = attributes["value"] else {
            return nil
        }
        return constant
    }

    /// Operators whose first result has the elements of their first input.
    private static let keepingElements: Set<String> = [
        "Identity", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "Concat", "Gather",
        "Pad",
        "Expand", "Tile", "MaxPool", "Clip", "DepthToSpace", "SpaceToDepth", "BitShift", "Max", "Min",
    ]

    /// The element type of the first result, as far as it follows from the node.
    fileprivate func elementType(_ types: [String: ONNXElementType]) -> ONNXElementType? {
        switch operatorType {
        case "Constant": return constantTensor?.elementType
        case "Cast":
            guard case .integer(let number)? = attributes["to"] else { return nil }
            return Int32(exactly: number).flatMap(ONNXElementType.init(rawValue:))
        case "QuantizeLinear": return inputs.count > 2 ? types[inputs[2]] : .uint8
        case "QLinearConv", "QLinearMatMul": return inputs.count > 7 ? types[inputs[7]] : nil
        case "DynamicQuantizeLinear": return .uint8
        default:
            guard Self.keepingElements.contains(operatorType), let input = inputs.first else { return nil }
            return types[input]
        }
    }
}
