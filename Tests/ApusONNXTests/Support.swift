import ApusONNX
import ApusTestSupport
import Foundation
import SwiftProtobuf
import Testing

// Models are built in memory from the messages that files hold.

func node(_ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [AttributeProto] = []) -> NodeProto {
    var node = NodeProto()
    node.opType = type
    node.input = inputs
    node.output = outputs
    node.attribute = attributes
    return node
}

func attribute(_ name: String, _ value: Int) -> AttributeProto {
    attribute(name, .int) { $0.i = Int64(value) }
}

func attribute(_ name: String, _ values: [Int]) -> AttributeProto {
    attribute(name, .ints) { $0.ints = values.map(Int64.init) }
}

func attribute(_ name: String, _ value: Float) -> AttributeProto { attribute(name, .float) { $0.f = value } }

func attribute(_ name: String, _ value: String) -> AttributeProto {
    attribute(name, .string) { $0.s = Data(value.utf8) }
}

func attribute(_ name: String, _ values: [Float]) -> AttributeProto { attribute(name, .floats) { $0.floats = values } }

func attribute(_ name: String, _ graph: GraphProto) -> AttributeProto { attribute(name, .graph) { $0.g = graph } }

private func attribute(
    _ name: String, _ type: AttributeProto.AttributeType, _ fill: (inout AttributeProto) -> Void
) -> AttributeProto {
    var attribute = AttributeProto()
    attribute.name = name
    attribute.type = type
    fill(&attribute)
    return attribute
}

/// A float32 tensor in raw bytes.
func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> TensorProto {
    var tensor = TensorProto()
    tensor.name = name
    tensor.dims = shape.map(Int64.init)
    tensor.dataType = ONNXElementType.float32.rawValue
    tensor.rawData = values.withUnsafeBytes { Data($0) }
    return tensor
}

/// An int64 vector, its elements as numbers.
func integers(_ name: String, _ values: [Int]) -> TensorProto {
    var tensor = TensorProto()
    tensor.name = name
    tensor.dims = [Int64(values.count)]
    tensor.dataType = ONNXElementType.int64.rawValue
    tensor.int64Data = values.map(Int64.init)
    return tensor
}

/// A declared value; extents of −1 are unknown.
func value(_ name: String, _ type: ONNXElementType = .float32, _ shape: [Int]? = nil) -> ValueInfoProto {
    var info = ValueInfoProto()
    info.name = name
    info.type.tensorType.elemType = type.rawValue
    if let shape {
        info.type.tensorType.shape.dim = shape.map { extent in
            var dimension = TensorShapeProto.Dimension()
            if extent >= 0 { dimension.dimValue = Int64(extent) } else { dimension.dimParam = "n" }
            return dimension
        }
    }
    return info
}

func graph(
    _ nodes: [NodeProto], inputs: [ValueInfoProto], outputs: [String], initializers: [TensorProto] = []
) -> GraphProto {
    var graph = GraphProto()
    graph.name = "test"
    graph.node = nodes
    graph.input = inputs
    graph.output = outputs.map { name in
        var info = ValueInfoProto()
        info.name = name
        return info
    }
    graph.initializer = initializers
    return graph
}

func model(_ graph: GraphProto, operatorSet: Int = 17) -> ModelProto {
    var model = ModelProto()
    model.irVersion = 8
    model.graph = graph
    var set = OperatorSetIdProto()
    set.version = Int64(operatorSet)
    model.opsetImport = [set]
    return model
}

/// What one node gives for tensors; constants are initializers of their names.
func run(
    _ type: String, _ inputs: [Tensor], constants: [TensorProto] = [], _ attributes: [AttributeProto] = [],
    operatorSet: Int, outputs: Int = 1
) throws -> [Tensor] {
    let names = inputs.indices.map { "x\($0)" }
    let results = (0..<outputs).map { "y\($0)" }
    let graph = graph(
        [node(type, names + constants.map(\.name), results, attributes)],
        inputs: zip(names, inputs).map { value($0, ONNXElementType($1.dtype)) }, outputs: results,
        initializers: constants)
    let module = try ONNXModule(ONNXModel(model(graph, operatorSet: operatorSet)))
    let values = try module(Dictionary(uniqueKeysWithValues: zip(names, inputs)))
    return results.map { values[$0]! }
}

/// Expects an error of a kind that mentions all of some words.
func expectONNXError<Result>(
    _ kind: ONNXError.Kind, mentioning words: String..., sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Result
) {
    do {
        _ = try body()
        Issue.record("no error", sourceLocation: sourceLocation)
    } catch let error as ONNXError {
        #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
        for word in words { #expect(error.description.contains(word), "\(error)", sourceLocation: sourceLocation) }
    } catch {
        Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
}
