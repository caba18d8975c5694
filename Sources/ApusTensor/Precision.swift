import ApusCPU

/// What matrix products and convolutions are computed in.
public enum Precision: String, Sendable, CaseIterable, Codable {
    case float32
    /// Operands rounded to bfloat16, sums in float32. Weights, gradients and everything else stay float32.
    case bfloat16

    @TaskLocal public static var current = Precision.float32

    /// Bfloat16 where the processor multiplies it by instructions of its own, about twice as fast as float32; else float32.
    public static var fastest: Precision { CPUBackend.hasBFloat16 ? .bfloat16 : .float32 }
}

/// Runs `body` with its contractions in `precision`.
public func withPrecision<Result>(_ precision: Precision, _ body: () throws -> Result) rethrows -> Result {
    try Precision.$current.withValue(precision, operation: body)
}
