import ApusGraph
import CKernels

extension Roofline {
    /// This machine's with the engine's threads, measured at the first use, which takes some tenths of a second:
    /// a loop of multiply–adds in registers, a large copy, and for bfloat16 a large matrix product.
    public static let measured: Roofline = {
        let float32 = multiplyAddRate()
        let bfloat16 = OneDNN.hasBFloat16 ? max(float32, productRate()) : float32
        return Roofline(float32: float32, bfloat16: bfloat16, bytesPerSecond: copyRate())
    }()

    /// The most of several tries, as other programs can only make one slower.
    private static func best(of tries: Int, _ amount: Double, _ body: () -> Void) -> Double {
        let seconds = (0..<tries).map { _ in
            let start = Profile.now()
            body()
            return Double(Profile.now() - start) * 1e-9
        }
        return amount / seconds.min()!
    }

    private static func multiplyAddRate() -> Double {
        let turns = 1 << 20
        return best(of: 8, Double(apus_peak_multiply_adds(turns))) { _ = apus_peak_multiply_adds(turns) }
    }

    /// Bytes read and written.
    private static func copyRate() -> Double {
        let count = 64 << 20  // beyond every cache
        let (from, to) = (Buffer(byteCount: count), Buffer(byteCount: count))
        from.pointer.initializeMemory(as: UInt8.self, repeating: 1, count: count)
        return best(of: 5, Double(2 * count)) { apus_peak_copy(to.pointer, from.pointer, count) }
    }

    private static func productRate() -> Double {
        let extent = 1024
        let type = TensorType([extent, extent], .bfloat16)
        let product = Program(
            inputs: [type, type], instructions: [.init(.matmul, [0, 1], type)], outputs: [2])
        let zeros = Buffer(byteCount: type.byteCount)
        zeros.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: zeros.byteCount)
        guard let plan = try? CPUBackend.shared.prepare(product) else { return 0 }
        return best(of: 8, Double(2 * extent * extent * extent)) { _ = try? plan.run([zeros, zeros]) }
    }
}
