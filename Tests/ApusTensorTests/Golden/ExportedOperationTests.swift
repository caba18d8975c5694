import ApusONNX
import ApusTensor
import ApusTestSupport
import Testing

import class Foundation.Bundle

/// A case of the goldens, and what its name means in its file.
struct ExportedCase: Sendable, CustomTestStringConvertible {
    let golden: GoldenCase
    let operation: GoldenOperation

    var testDescription: String { golden.name }

    /// What is written with operators that differ at infinity and in the sign of 0, and what is no function of tensors.
    private static let others: Set<String> = ["atan2 special values", "print"]

    static let all = Result {
        try of("tensor", goldenOperations) + of("operations", compositions)
    }

    private static func of(_ file: String, _ table: [String: GoldenOperation]) throws -> [ExportedCase] {
        try goldens(named: file, in: .module).compactMap { golden in
            guard let operation = table[golden.operation], others.isDisjoint(with: [golden.name, golden.operation])
            else { return nil }
            return ExportedCase(golden: golden, operation: operation)
        }
    }

    var inputs: [(key: String, value: Tensor)] { golden.inputs.enumerated().map { (key: "x\($0)", value: $1) } }

    /// The operation as a model; nil where ONNX has it not, and where the shape of a result depends on values.
    func exported(_ results: [String]) throws -> ONNXModel? {
        do {
            return try ONNXExport(named: inputs, outputs: results) { try operation(golden, $0) }.model()
        } catch is TensorError {
            return nil
        } catch let error as ONNXError {
            guard case .unsupportedOperators = error.kind else { throw error }
            return nil
        }
    }
}

/// Every operation of the goldens, written as an ONNX model and read again.
@Suite("Operations exported and imported")
struct ExportedOperationTests {
    @Test(arguments: try ExportedCase.all.get())
    func roundTrip(_ sample: ExportedCase) throws {
        let expected = try sample.operation(sample.golden, sample.golden.inputs)
        let results = expected.indices.map { "y\($0)" }
        guard let model = try sample.exported(results) else { return }
        let values = try ONNXModule(model)(Dictionary(uniqueKeysWithValues: sample.inputs.map { ($0.key, $0.value) }))
        for (name, value) in zip(results, expected) {
            let tolerance = Tolerance.rounding(of: value.dtype).scaled(by: 10)
            expectClose(try #require(values[name]), value, tolerance, "\(sample.golden.name), \(name)")
        }
    }

    @Test func nearlyAllOperationsAreExported() throws {
        let all = try ExportedCase.all.get()
        let count = try all.count { sample in
            try sample.exported(sample.golden.outputs.indices.map { "y\($0)" }) != nil
        }
        #expect(Double(count) > 0.9 * Double(all.count), "\(count) of \(all.count)")
    }
}
