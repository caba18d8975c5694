import ApusTensor
import Foundation
import Testing

/// One case of a golden file: an operation by name, its attributes and inputs, and what PyTorch or NumPy gave for it.
public struct GoldenCase: Sendable, CustomTestStringConvertible {
    public let name: String
    public let operation: String
    public let attributes: GoldenValue
    public let inputs: [Tensor]
    public let outputs: [Tensor]
    /// The gradient by each input of `Σ cotangent(like: output) · output`, nil for an input without one; empty where no gradient is checked.
    public let gradients: [Tensor?]
    public let tolerance: Tolerance?

    public var testDescription: String { name }

    public subscript(attribute: String) -> GoldenValue { attributes[attribute] }

    /// Runs the case's operation forward and backward and expects the recorded results.
    public func check(_ function: ([Tensor]) throws -> [Tensor]) throws {
        for mismatch in try mismatches(function) { Issue.record(Comment(rawValue: mismatch)) }
    }

    /// Runs the case's operation forward and backward: what differs from the recorded results.
    public func mismatches(_ function: ([Tensor]) throws -> [Tensor]) throws -> [String] {
        let results = try function(inputs)
        guard results.count == outputs.count else {
            return ["\(name): \(results.count) outputs, expected \(outputs.count)"]
        }
        var mismatches: [String] = []
        for (number, (result, output)) in zip(results, outputs).enumerated() {
            if let difference = difference(result, output, output.dtype.isFloatingPoint ? tolerance : nil) {
                mismatches.append("\(name), output \(number): \(difference)")
            }
        }
        guard !gradients.isEmpty else { return mismatches }
        let places = gradients.indices.filter { gradients[$0] != nil }
        let (_, found) = try vectorJacobianProduct(at: places.map { inputs[$0] }) { variables in
            var arguments = inputs
            for (place, variable) in zip(places, variables) { arguments[place] = variable }
            return try function(arguments).filter(\.dtype.isFloatingPoint)
        } with: {
            $0.map(cotangent(like:))
        }
        for (place, gradient) in zip(places, found) {
            let limit = tolerance ?? Tolerance.rounding(of: inputs[place].dtype).scaled(by: 2)
            if let difference = difference(gradient, gradients[place]!, limit) {
                mismatches.append("\(name), gradient by input \(place): \(difference)")
            }
        }
        return mismatches
    }
}

/// An attribute of a case, as JSON.
public enum GoldenValue: Sendable, Decodable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case list([GoldenValue])
    case object([String: GoldenValue])

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .int(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([GoldenValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: GoldenValue].self))
        }
    }

    public subscript(key: String) -> GoldenValue {
        if case .object(let object) = self { object[key] ?? .null } else { .null }
    }

    public var optionalInt: Int? { if case .int(let value) = self { value } else { nil } }

    public var int: Int { optionalInt! }
    public var ints: [Int] { list.map(\.int) }
    public var bool: Bool {
        if case .bool(let value) = self { value } else { preconditionFailure("\(self) is no bool") }
    }
    public var list: [GoldenValue] {
        if case .list(let value) = self { value } else { preconditionFailure("\(self) is no list") }
    }

    public var optionalDouble: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    public var double: Double { optionalDouble! }

    public var string: String {
        if case .string(let value) = self { value } else { preconditionFailure("\(self) is no string") }
    }

    public var dtype: DType { DType.allCases.first { $0.description == string }! }
}

/// Reads the cases of `NAME.json` and `NAME.bin` in the folder `Goldens` of a test bundle.
public func goldens(named name: String, in bundle: Bundle) throws -> [GoldenCase] {
    try goldens(named: name, in: try #require(bundle.resourceURL).appending(path: "Goldens"))
}

/// Reads the cases of `NAME.json` and `NAME.bin` in a folder.
public func goldens(named name: String, in folder: URL) throws -> [GoldenCase] {
    struct Reference: Decodable {
        let type: TensorType
        let offset: Int

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            let dtype = GoldenValue.string(try container.decode(String.self)).dtype
            type = TensorType(try container.decode(Shape.self), dtype)
            offset = try container.decode(Int.self)
        }
    }
    struct Record: Decodable {
        let name: String
        let operation: String
        let attributes: GoldenValue?
        let inputs: [Reference]
        let outputs: [Reference]
        let gradients: [Reference?]?
        let tolerance: Double?
    }
    func file(_ suffix: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: "\(name).\(suffix)"))
    }
    let data = try file("bin")
    let records = try JSONDecoder().decode([Record].self, from: try file("json"))
    func tensor(_ reference: Reference) -> Tensor {
        let bytes = [UInt8](data[reference.offset..<(reference.offset + reference.type.byteCount)])
        return Tensor(Node(Buffer(copying: bytes), type: reference.type))
    }
    return records.map { record in
        GoldenCase(
            name: record.name, operation: record.operation, attributes: record.attributes ?? .null,
            inputs: record.inputs.map(tensor), outputs: record.outputs.map(tensor),
            gradients: record.gradients?.map { $0.map(tensor) } ?? [],
            tolerance: record.tolerance.map { Tolerance(relative: $0, absolute: $0) })
    }
}
