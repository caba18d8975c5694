/// What a kernel must do at least: its arithmetic, and the bytes that it has to read and write once.
public struct KernelCost: Hashable, Sendable {
    /// Floating-point operations: two for a multiply–add, one for any other function of an element.
    public var flops: Int
    /// Bytes of all operands, a repeated one counted once.
    public var bytesRead: Int
    /// Bytes of all results.
    public var bytesWritten: Int
    /// What the arithmetic is done on; it decides the peak to compare with.
    public var dtype: DType

    public init(flops: Int = 0, bytesRead: Int = 0, bytesWritten: Int = 0, dtype: DType = .float32) {
        self.flops = flops
        self.bytesRead = bytesRead
        self.bytesWritten = bytesWritten
        self.dtype = dtype
    }

    /// Bytes read and written.
    public var bytes: Int { bytesRead + bytesWritten }
}
