import ApusTestSupport
import Testing

import struct Foundation.Data
import class Foundation.Bundle

private let cases = Result { try goldens(named: "tensor", in: .module) }

@Suite("Values and gradients as in PyTorch and NumPy")
struct GoldenTests {
    @Test(arguments: try cases.get()) func golden(_ golden: GoldenCase) throws {
        let operation = try #require(goldenOperations[golden.operation], "no operation \(golden.operation) is known")
        try golden.check { try operation(golden, $0) }
    }

    @Test func everyOperationHasAGolden() throws {
        let used = Set(try cases.get().map(\.operation))
        #expect(Set(goldenOperations.keys).subtracting(used).isEmpty)
        #expect(try cases.get().count >= 1000)
    }
}
