import ApusTensor
import Testing

/// Compares drawn cases with what PyTorch gave, prints what differs and a line that `make parity` counts.
public func checkParity<Case: CustomTestStringConvertible>(
    of what: String, _ cases: [Case], _ mismatches: (Case) throws -> [String]
) {
    var passed = 0
    for golden in cases {
        let found: [String]
        do {
            found = try withTensorErrors { try mismatches(golden) }
        } catch {
            found = ["\(golden.testDescription): \(error)"]
        }
        if found.isEmpty { passed += 1 }
        for mismatch in found { print("failed: \(mismatch)") }
    }
    print("parity of \(what): \(passed) of \(cases.count) passed")
    #expect(passed == cases.count)
}
