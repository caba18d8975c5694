/// What a machine can do at best, all of its threads together.
public struct Roofline: Sendable {
    /// Floating-point operations a second in float32.
    public var float32: Double
    /// The same in bfloat16.
    public var bfloat16: Double
    /// Bytes a second to and from memory.
    public var bytesPerSecond: Double

    public init(float32: Double, bfloat16: Double, bytesPerSecond: Double) {
        self.float32 = float32
        self.bfloat16 = bfloat16
        self.bytesPerSecond = bytesPerSecond
    }

    /// Floating-point operations a second in a dtype. Half as many float64 as float32 fit a register.
    public func flopsPerSecond(_ dtype: DType) -> Double {
        switch dtype {
        case .bfloat16: bfloat16
        case .float64: float32 / 2
        default: float32
        }
    }

    /// The roofline: seconds that no implementation can be faster than, `max(FLOPs / peak, bytes / bandwidth)`.
    ///
    /// A kernel whose operands are still in cache moves no bytes through memory, and may take less.
    /// Williams, Waterman, Patterson: *Roofline: an insightful visual performance model for multicore architectures* (2009).
    public func leastSeconds(_ cost: KernelCost) -> Double {
        max(Double(cost.flops) / flopsPerSecond(cost.dtype), Double(cost.bytes) / bytesPerSecond)
    }
}
