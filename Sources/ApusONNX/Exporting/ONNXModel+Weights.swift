import ApusIO
import ApusNN
import Foundation
import SwiftProtobuf

extension ONNXModel {
    /// Writes a copy of a model with other weights, which have the names and shapes that the model's have.
    ///
    /// - Throws: `FileError`, `ONNXError` where the model can't be read, `StateError` that names every tensor that is missing, unexpected or
    ///   of another shape.
    public static func replaceWeights(of source: URL, with tensors: [String: Tensor], to target: URL) throws {
        let model = try ONNXModel(contentsOf: source)
        try ONNXModule(model).load(tensors)
        var proto = try ModelReader.message(
            ModelProto.self, from: Data(contentsOf: source, options: .mappedIfSafe), file: source.path)
        let known = Dictionary(
            model.graph.constants.map { ($0.name, $0.constant) }, uniquingKeysWith: { first, _ in first })
        for index in proto.graph.initializer.indices {
            let name = proto.graph.initializer[index].name
            try replace(&proto.graph.initializer[index], by: tensors[name], known[name], file: source.path)
        }
        for index in proto.graph.node.indices where proto.graph.node[index].opType == "Constant" {
            guard let name = proto.graph.node[index].output.first, let tensor = tensors[name] else { continue }
            for place in proto.graph.node[index].attribute.indices
            where proto.graph.node[index].attribute[place].name == "value" {
                try replace(&proto.graph.node[index].attribute[place].t, by: tensor, known[name], file: source.path)
            }
        }
        try AtomicFile.write(try proto.serializedData() as Data, to: target)
    }

    /// Puts elements into a message, or into it those that lie in another file: the copy stands alone.
    private static func replace(
        _ proto: inout TensorProto, by tensor: Tensor?, _ known: ONNXConstant?, file: String
    ) throws {
        guard tensor != nil || proto.dataLocation == .external, let known, case .tensor(let old) = known.value else {
            return
        }
        guard ONNXElementType(old.dtype) == known.elementType else {
            throw ONNXError(
                .unsupported, file: file, location: "initializer \"\(proto.name)\"",
                problem: "elements of type \(known.elementType) in another file",
                remedy: "save the model in one file first")
        }
        let value = (tensor ?? old).cast(to: old.dtype).evaluated()
        var copy = TensorProto()
        copy.name = proto.name
        copy.dims = proto.dims
        copy.dataType = proto.dataType
        copy.rawData = value.bytes
        proto = copy
    }
}

extension Tensor {
    /// The elements as files have them: dense, row-major, little-endian.
    var bytes: Data {
        let buffer = buffer
        return withExtendedLifetime(buffer) { Data(bytes: buffer.pointer, count: node.type.byteCount) }
    }
}
