import ApusTensor
import ApusTestSupport
import Foundation
import Testing

/// The cases that `Goldens/parity.py` drew into the folder which `APUS_PARITY` names: `make parity`.
@Suite("Parity with PyTorch")
struct ParityTests {
    private static let folder = ProcessInfo.processInfo.environment["APUS_PARITY"].map { URL(filePath: $0) }

    @Test(.enabled(if: folder != nil)) func operations() throws {
        checkParity(of: "operations", try goldens(named: "parity", in: Self.folder!)) { golden in
            let operation = try #require(
                goldenOperations[golden.operation] ?? compositions[golden.operation],
                "no operation \(golden.operation) is known")
            return try golden.mismatches { try operation(golden, zip($0, golden["views"].list).map(Self.seen)) }
        }
    }

    /// An input read backward, transposed or with steps, as the case says.
    private static func seen(_ x: Tensor, _ view: GoldenValue) -> Tensor {
        guard case .object(let movement) = view, let (kind, axes) = movement.first else { return x }
        switch kind {
        case "reversed": return x.reversed(axes: axes.ints)
        case "transposed": return x.T
        default: return x[.ellipsis, .range(by: 2)]
        }
    }
}
