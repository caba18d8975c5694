import ApusIO
import ApusNN
import Foundation

/// A case of ONNX's conformance suite: a model of one node, and what it gives for some inputs.
package struct ConformanceCase: Sendable {
    /// The folder's name, `test_gather_0`.
    package let name: String
    private let folder: URL

    package init(_ folder: URL) {
        self.folder = folder
        name = folder.lastPathComponent
    }

    /// The cases of a folder, by name.
    package static func all(in folder: URL) throws -> [ConformanceCase] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            throw FileError(path: folder.path, cause: "cannot be listed", remedy: "give the folder of the cases")
        }
        return names.sorted().map { ConformanceCase(folder.appendingPathComponent($0)) }
            .filter { FileManager.default.fileExists(atPath: $0.folder.appendingPathComponent("model.onnx").path) }
    }

    /// Whether the case is about behaviour in training. Such cases depend on the random numbers of one NumPy version, or are graphs of a
    /// training step; the suite counts them apart.
    package var isOfTraining: Bool { name.contains("training") }

    /// Runs the model on every data set.
    ///
    /// - Throws: whatever is wrong first: reading, running, or a result that differs.
    package func check() throws {
        let model = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx"))
        let module = try ONNXModule(model)
        var number = 0
        while true {
            let data = folder.appendingPathComponent("test_data_set_\(number)")
            guard FileManager.default.fileExists(atPath: data.path) else { break }
            try check(model, module, data)
            number += 1
        }
        guard number > 0 else { throw Difference("no data set") }
    }

    private func check(_ model: ONNXModel, _ module: ONNXModule, _ data: URL) throws {
        let inputs = try model.graph.inputs.enumerated().map { index, info in
            (info.name, try value(data.appendingPathComponent("input_\(index).pb"), info.type))
        }
        // Some cases give other shapes than their models declare.
        let results = try module.compute(Dictionary(inputs, uniquingKeysWith: { first, _ in first }))
        for (index, info) in model.graph.outputs.enumerated() {
            let expected = try value(data.appendingPathComponent("output_\(index).pb"), info.type)
            try withTensorErrors { try compare(results[info.name] ?? .absent, expected, info.name) }
        }
    }

    // MARK: Values in files

    private func value(_ url: URL, _ type: ONNXType) throws -> ONNXValue {
        let data = try Data(contentsOf: url)
        let reader = ModelReader(file: url.path, folder: nil)
        switch type {
        case .sequence: return try reader.value(ModelReader.message(SequenceProto.self, from: data, file: url.path))
        case .optional: return try reader.value(ModelReader.message(OptionalProto.self, from: data, file: url.path))
        case .tensor(let element, _):
            var proto = try ModelReader.message(TensorProto.self, from: data, file: url.path)
            // NumPy has no bfloat16: the suite's files hold the bits as uint16.
            if element == .bfloat16 { proto.dataType = ONNXElementType.bfloat16.rawValue }
            return try reader.constant(proto, at: "").value
        case .undeclared:
            return try reader.constant(ModelReader.message(TensorProto.self, from: data, file: url.path), at: "").value
        }
    }
}

extension ModelReader {
    fileprivate func value(_ proto: SequenceProto) throws -> ONNXValue {
        switch proto.elemType {
        case .sequence: return .sequence(try proto.sequenceValues.map(value))
        case .optional: return .sequence(try proto.optionalValues.map(value))
        default: return .sequence(try proto.tensorValues.map { try constant($0, at: "").value })
        }
    }

    fileprivate func value(_ proto: OptionalProto) throws -> ONNXValue {
        switch proto.elemType {
        case .tensor: return try constant(proto.tensorValue, at: "").value
        case .sequence: return try value(proto.sequenceValue)
        case .optional: return try value(proto.optionalValue)
        default: return .absent
        }
    }
}

// MARK: Comparison

/// A result that isn't the expected one.
private struct Difference: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Floats may differ by 1e-5 and a thousandth, everything else not at all.
private func compare(_ found: ONNXValue, _ expected: ONNXValue, _ place: String) throws {
    switch (found, expected) {
    case (.tensor(let found), .tensor(let expected)): try compare(found, expected, place)
    case (.strings(let found), .strings(let expected)):
        guard found == expected else { throw Difference("\(place): \(found), expected \(expected)") }
    case (.sequence(let found), .sequence(let expected)):
        guard found.count == expected.count else {
            throw Difference("\(place): \(found.count) values, expected \(expected.count)")
        }
        for (index, pair) in zip(found, expected).enumerated() { try compare(pair.0, pair.1, "\(place)[\(index)]") }
    case (.absent, .absent): return
    default: throw Difference("\(place): another kind of value than expected")
    }
}

private func compare(_ found: Tensor, _ expected: Tensor, _ place: String) throws {
    guard found.shape == expected.shape, found.dtype == expected.dtype else {
        throw Difference("\(place): \(found.node.type), expected \(expected.node.type)")
    }
    guard expected.dtype.isFloatingPoint else {
        let pairs = zip(found.elements(as: Int.self), expected.elements(as: Int.self)).enumerated()
        guard let worst = pairs.first(where: { $0.element.0 != $0.element.1 }) else { return }
        throw Difference("\(place): element \(worst.offset) is \(worst.element.0), expected \(worst.element.1)")
    }
    let pairs = zip(found.elements(as: Double.self), expected.elements(as: Double.self)).enumerated()
    let worst = pairs.first { _, pair in
        let (a, b) = pair
        let isEqual = a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-5 + 1e-3 * abs(b)
        return !isEqual
    }
    guard let worst else { return }
    throw Difference("\(place): element \(worst.offset) is \(worst.element.0), expected \(worst.element.1)")
}
