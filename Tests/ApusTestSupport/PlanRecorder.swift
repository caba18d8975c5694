import ApusCPU
import ApusGraph
import Foundation
import Synchronization

/// The processor's backend, with a record of the plans that it made.
public final class PlanRecorder: Backend {
    public let name = "recorder"
    private let backend: CPUBackend
    private let plans = Mutex<[String]>([])

    public init(options: EngineOptions = EngineOptions()) { backend = CPUBackend(options: options) }

    public func prepare(_ program: Program) throws -> any Executable {
        let executable = try backend.prepare(program)
        plans.withLock { $0.append(String(describing: executable)) }
        return executable
    }

    /// The steps of all plans so far, one line each.
    public var steps: [String] {
        plans.withLock { plans in
            plans.flatMap { $0.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) } }
        }
    }

    /// The steps of the plans that `body` needs.
    public static func steps(_ body: () throws -> Void) rethrows -> [String] {
        let recorder = PlanRecorder()
        try Engine.withBackend(recorder, body)
        return recorder.steps
    }
}
