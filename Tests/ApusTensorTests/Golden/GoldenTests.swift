import ApusTestSupport
import Testing

import class Foundation.Bundle

private let cases = Result { try goldens(named: "tensor", in: .module) }

@Suite("Values and gradients as in PyTorch and NumPy")
struct GoldenTests {
    @Test(arguments: try cases.get(), TestedBackend.allCases)
    func golden(_ golden: GoldenCase, on backend: TestedBackend) throws {
        let operation = try #require(goldenOperations[golden.operation], "no operation \(golden.operation) is known")
        try backend.run { try golden.check { try operation(golden, $0) } }
    }

    @Test func everyOperationHasAGolden() throws {
        let used = Set(try cases.get().map(\.operation))
        #expect(Set(goldenOperations.keys).subtracting(used).isEmpty)
        #expect(try cases.get().count >= 1000)
    }
}
