import ApusGraph
import CKernels
import Foundation

/// The processor's backend: oneDNN for contractions, fused loops over `CKernels` for everything that touches memory.
///
/// A program goes through `Passes/` (legalize, simplify), is clustered into kernels (`Plan/Clustering.swift`), becomes steps on views of storages
/// (`Plan/Planner.swift`), and gets its memory (`Plan/Placement.swift`). `CPUPlan` runs the steps.
public final class CPUBackend: Backend {
    /// The backend that evaluates unless another is asked for; its options are the environment's.
    public static let shared = CPUBackend(options: .environment)
    /// `cpu`.
    public let name = "cpu"
    /// The passes that its programs go through.
    public let options: EngineOptions

    /// A backend with plans of its own. Threads are the whole process's: the options that ask last hold for all.
    public init(options: EngineOptions) {
        self.options = options
        if let count = options.threadCount { threadCount = count }
        if options.pinsThreads { apus_pin_threads() }
    }

    /// Whether matrix products and convolutions of bfloat16 run on the processor's own instructions.
    public static var hasBFloat16: Bool { OneDNN.hasBFloat16 }

    /// Threads that one evaluation may use. Set it before anything is evaluated: plans keep the count they were made with.
    public var threadCount: Int {
        get { Int(apus_thread_count()) }
        set { apus_set_thread_count(max(1, newValue)) }
    }

    /// Simplifies and legalizes a program and plans its kernels, steps and memory.
    public func prepare(_ program: Program) throws -> any Executable {
        let start = Profile.now()
        let legal = program.lowered(options)
        Diagnostics.debug(3, legal.description)
        var planner = Planner(legal, options, reusableInputs: program.reusableInputs)
        let plan = try planner.draft().finished(options)
        Diagnostics.debug(1, summary(program, plan, nanoseconds: Profile.now() - start))
        Diagnostics.debug(2, plan.description)
        // Who overwrites inputs trains, and has few that stay.
        guard options.runs(.keptValues), program.reusableInputs.isEmpty, legal.hasContractions else { return plan }
        return AdaptivePlan(plan) { [options] constants in
            var program = legal
            if options.runs(.epilogues) {
                program = legal.withFoldedScales(constants: legal.values(dependingOn: constants))
            }
            var planner = Planner(program, options, constants: constants)
            let draft = try planner.draft()
            guard let (once, rest, finite) = draft.split(constants: constants, types: legal.inputs) else {
                return nil
            }
            let plan = SplitPlan(once: once.finished(options), rest: rest.finished(options), finite: finite)
            Diagnostics.debug(2, "once \(plan.once.description)\nthen \(plan.rest.description)")
            return plan
        }
    }

    private func summary(_ program: Program, _ plan: CPUPlan, nanoseconds: UInt64) -> String {
        let figures = String(
            format: "arena %.1f MB, planned in %.1f ms", Double(plan.arenaSize) / 1e6, Double(nanoseconds) / 1e6)
        return "apus: plan of \(program.instructions.count) instructions: \(plan.steps.count) steps, \(figures)"
    }
}

extension Program {
    /// The program after the passes from graph to graph.
    func lowered(_ options: EngineOptions) -> Program {
        func simplified(_ program: Program) -> Program { options.runs(.simplify) ? program.simplified() : program }
        var result = simplified(self)
        if options.runs(.transposedProducts) { result = result.withTransposedProducts() }
        if options.runs(.castPlacement) { result = result.withCastsBesideArithmetic() }
        if options.runs(.fusion) && options.runs(.rowFusion) { result = result.withDecomposedSoftmax() }
        let unrollsAll = !options.runs(.recurrentKernels)
        return simplified(result.legalized().withUnrolledRecurrences(all: unrollsAll))
    }

    /// Whether it has operations whose weights are worth a layout of their own.
    fileprivate var hasContractions: Bool {
        instructions.contains {
            switch $0.operation {
            case .matmul, .convolution, .convolutionInputGradient, .convolutionWeightGradient: true
            default: false
            }
        }
    }
}
