import Foundation

/// How the engine may run programs: which passes it takes, and its threads.
///
/// A pass makes programs faster, never right: with any of them switched off the results are the same but for rounding.
public struct EngineOptions: Hashable, Sendable {
    /// A pass that can be switched off, by the name that `APUS_DISABLE` knows it by (docs/environment.md lists them).
    public enum Pass: String, CaseIterable, Hashable, Sendable {
        /// Equal instructions computed once, identities looked through, dead instructions dropped.
        case simplify
        /// The transpose of a matrix product computed as a product itself.
        case transposedProducts = "transposed-products"
        /// Casts to and from 16-bit floats beside the arithmetic that makes or reads a value.
        case castPlacement = "cast-placement"
        /// Pointwise instructions and reductions gathered into regions; without it each is a kernel of its own.
        case fusion
        /// Reductions of rows used again in the region that makes them: a softmax or a layer norm in one pass over memory.
        case rowFusion = "row-fusion"
        /// Pointwise values computed again where they are read, if that moves less memory than to store them.
        case rematerialization
        /// Attention as one operation that keeps no matrix of weights; a matter of tracing, so only the environment switches it.
        case attention
        /// Activations blocked by 16 channels between convolutions, where that pays; without it they are channels-last.
        case blockedActivations = "blocked-activations"
        /// Bias, scale, residual sum and ReLU computed with the convolution that they follow.
        case epilogues
        /// Winograd's algorithm for 3×3 convolutions.
        case winograd
        /// Convolutions of many channels on few pixels as products of matrices.
        case windows
        /// What depends on inputs that stay the same is computed once and kept beside them.
        case keptValues = "kept-values"
        /// Recurrent sequences run by a kernel of their own; without it they are unrolled.
        case recurrentKernels = "recurrent-kernels"
        /// Steps run early where that frees memory.
        case scheduling
        /// Results written over operands that die.
        case donation
        /// Places in the arena used again; without it each storage has its own.
        case placementReuse = "placement-reuse"
    }

    /// The passes that are switched off.
    public var disabled: Set<Pass>
    /// Threads of one evaluation; nil for what OpenMP offers.
    public var threadCount: Int?
    /// Whether each of the engine's threads stays on one processor.
    public var pinsThreads: Bool

    public init(disabled: Set<Pass> = [], threadCount: Int? = nil, pinsThreads: Bool = false) {
        self.disabled = disabled
        self.threadCount = threadCount
        self.pinsThreads = pinsThreads
    }

    /// The options of the process: `APUS_DISABLE`, `APUS_THREADS` and `APUS_PIN`, read once.
    public static let environment = EngineOptions(environment: ProcessInfo.processInfo.environment)

    /// Whether a pass runs.
    public func runs(_ pass: Pass) -> Bool { !disabled.contains(pass) }

    /// Reads the variables; what they say and nobody understands is handed to `warn`.
    package init(environment: [String: String], warn: (String) -> Void = Diagnostics.warn) {
        self.init()
        let names = (environment["APUS_DISABLE"] ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        for name in names where !name.isEmpty {
            if name == "all" {
                disabled = Set(Pass.allCases)
            } else if let pass = Pass(rawValue: name) {
                disabled.insert(pass)
            } else {
                let known = Pass.allCases.map(\.rawValue).joined(separator: ", ")
                warn("APUS_DISABLE: there is no pass \(name); there are \(known), and all")
            }
        }
        if let threads = environment["APUS_THREADS"] {
            threadCount = Int(threads).flatMap { $0 > 0 ? $0 : nil }
            if threadCount == nil { warn("APUS_THREADS: \(threads) is no number of threads") }
        }
        pinsThreads = environment["APUS_PIN"] == "1"
    }
}
