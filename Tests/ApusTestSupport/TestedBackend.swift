import ApusReference
import ApusTensor
import Testing

/// The backends that a test of values runs on.
public enum TestedBackend: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case cpu, reference

    public var testDescription: String { rawValue }

    /// Evaluates what `body` looks at on this backend.
    public func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        switch self {
        case .cpu: try body()
        case .reference: try Engine.withBackend(ReferenceBackend.shared, body)
        }
    }
}
