import ApusGraph

/// The processor's backend.
public final class CPUBackend: Backend {
    public static let shared = CPUBackend()
    public let name = "cpu"
    public func prepare(_ program: Program) throws -> any Executable { fatalError() }
}
