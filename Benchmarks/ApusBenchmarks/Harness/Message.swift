/// What the benchmark asks of a contestant's process: one JSON object a line on its standard input.
package struct Request: Codable, Equatable {
    enum Action: String, Codable {
        /// Write the initial state dictionary and inputs to `path`.
        case state
        /// Read them from `path` (or make some where there is none), run the first steps, and write an inference's
        /// output to `output`.
        case prepare
        /// Run `steps` steps.
        case run
        /// Run `steps` steps and tell where their time went; only Apus is asked.
        case profile
    }

    let action: Action
    var workload: String?
    var path: String?
    var output: String?
    var steps: Int?
}

/// A contestant's answer: one JSON object a line on its standard output.
package struct Reply: Codable, Equatable {
    /// Once, when the process begins: what it is.
    var version: String?
    /// What went wrong.
    var error: String?
    /// Why this contestant does not take part, which is no mistake.
    var unsupported: String?
    /// The losses of the first steps.
    var losses: [Double]?
    /// Seconds of the first step, with everything that happens once.
    var firstStep: Double?
    /// Seconds of all steps that were asked for.
    var seconds: Double?
    /// Pages that these steps faulted in.
    package var faults: Int?
    /// How often they asked the system for memory of tensors; only Apus tells.
    package var allocations: Int?
    /// Plans that they made; only Apus tells.
    package var plansMade: Int?
    /// The share of a profile's time that went into making graphs and everything else outside of the engine.
    var graphShare: Double?
    /// The share of a profile's time that went into tracing and plan look-up.
    var tracingShare: Double?
    /// The most memory that the process has had, in bytes, since it was told to prepare.
    var peakBytes: Int?

    private enum CodingKeys: String, CodingKey {
        case version, error, unsupported, losses, seconds, faults, allocations
        case plansMade = "plans_made"
        case graphShare = "graph_share"
        case tracingShare = "tracing_share"
        case firstStep = "first_step"
        case peakBytes = "peak_bytes"
    }
}
