import ApusTensor
import ApusTestSupport
import Testing

import class Foundation.Bundle

private let cases = Result { try compositionGoldens() }

/// Of all scripts that make goldens of compositions.
func compositionGoldens() throws -> [GoldenCase] {
    try ["operations", "linalg", "special"].flatMap { try goldens(named: $0, in: .module) }
}

/// Operations that are compositions of others.
@Suite("Compositions as in PyTorch, NumPy and SciPy")
struct CompositionTests {
    @Test(arguments: try cases.get(), TestedBackend.allCases)
    func golden(_ golden: GoldenCase, on backend: TestedBackend) throws {
        let operation = try #require(compositions[golden.operation], "no operation \(golden.operation) is known")
        try backend.run { try golden.check { try operation(golden, $0) } }
    }

    /// PyTorch's gradients of cases in float64 agree with central differences too, so that a mistake of both would be seen.
    @Test(arguments: try cases.get().filter(\.isDifferentiated))
    func gradient(_ golden: GoldenCase) throws {
        let operation = try #require(compositions[golden.operation])
        let places = golden.gradients.indices.filter { golden.gradients[$0] != nil }
        checkGradients(at: places.map { golden.inputs[$0] }, golden.name) { variables in
            var inputs = golden.inputs
            for (place, variable) in zip(places, variables) { inputs[place] = variable }
            let outputs = try! operation(golden, inputs).filter(\.dtype.isFloatingPoint)
            return outputs.count == 1 ? outputs[0] : concatenate(outputs.map { $0.flattened() })
        }
    }

    /// Constants and series inside of a composition don't change the dtype.
    @Test(arguments: try cases.get().filter { $0.name.hasSuffix("float32") }, [DType.bfloat16, .float16])
    func keepsNarrowFloats(_ golden: GoldenCase, _ dtype: DType) throws {
        let operation = try #require(compositions[golden.operation])
        let outputs = try operation(golden, golden.inputs.map { $0.dtype == .float32 ? $0.cast(to: dtype) : $0 })
        evaluate(outputs)
        #expect(outputs.map(\.dtype) == golden.outputs.map { $0.dtype == .float32 ? dtype : $0.dtype })
        #expect(outputs.map(\.shape) == golden.outputs.map(\.shape))
    }

    @Test func everyOperationHasAGolden() throws {
        let used = Set(try cases.get().map(\.operation))
        #expect(Set(compositions.keys) == used)
        #expect(try cases.get().count >= 2000)
    }
}

extension GoldenCase {
    /// Whether its gradients are worth central differences: in float64, and away from kinks. Boxes of `roiAlign` have none.
    fileprivate var isDifferentiated: Bool {
        !gradients.isEmpty && operation != "roiAlign" && inputs.contains { $0.dtype == .float64 && $0.elementCount > 0 }
            && !name.contains("ties")
    }
}
