import ApusGraph
import CKernels
import COneDNN
import Foundation

/// The processor's backend: oneDNN for contractions, fused loops over `CKernels` for everything that touches memory.
///
/// A program goes through `Passes/` (legalize, simplify), is clustered into kernels (`Plan/Clustering.swift`), becomes steps on views of storages
/// (`Plan/Planner.swift`), and gets its memory (`Plan/Placement.swift`). `CPUPlan` runs the steps.
public final class CPUBackend: Backend {
    /// The process's one CPU backend; it uses `$APUS_THREADS` threads where that is set.
    public static let shared = CPUBackend()
    /// `cpu`.
    public let name = "cpu"

    private init() {
        if let count = ProcessInfo.processInfo.environment["APUS_THREADS"].flatMap(Int.init) { threadCount = count }
    }

    /// Threads that one evaluation may use. Set it before anything is evaluated: plans keep the count they were made with.
    public var threadCount: Int {
        get { Int(apus_thread_count()) }
        set { apus_set_thread_count(max(1, newValue)) }
    }

    /// Simplifies and legalizes a program and plans its kernels, steps and memory.
    public func prepare(_ program: Program) throws -> any Executable {
        let legal = program.simplified().withTransposedProducts().legalized().simplified()
        Diagnostics.debug(3, legal.description)
        var planner = Planner(legal)
        let plan = try planner.plan()
        Diagnostics.debug(2, plan.description)
        return plan
    }
}
