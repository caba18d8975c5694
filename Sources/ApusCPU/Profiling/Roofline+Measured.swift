import ApusGraph
import CKernels

extension Roofline {
    /// This machine's with the engine's threads, measured at the first use.
    public static let measured = measure()

    /// Measures this machine with the engine's threads, which takes some tenths of a second: loops of float32
    /// multiply–adds and of bfloat16 products in registers, and a large copy.
    public static func measure() -> Roofline {
        let float32 = rate(apus_peak_multiply_adds)
        let bfloat16 = max(float32, rate(apus_peak_bfloat16))
        return Roofline(float32: float32, bfloat16: bfloat16, bytesPerSecond: copyRate())
    }

    /// Operations a second of a loop, which gives their number.
    private static func rate(_ loop: (_ turns: Int) -> Int) -> Double {
        best(of: 12) { loop(1 << 20) }
    }

    /// Bytes read and written a second.
    private static func copyRate() -> Double {
        let count = 128 << 20  // beyond every cache
        let (from, to) = (Buffer(byteCount: count), Buffer(byteCount: count))
        from.pointer.initializeMemory(as: UInt8.self, repeating: 1, count: count)
        return best(of: 10) {
            apus_peak_copy(to.pointer, from.pointer, count)
            return 2 * count
        }
    }

    /// What `work` counts in a second. The most of several tries, as other programs can only make one slower.
    private static func best(of tries: Int, _ work: () -> Int) -> Double {
        let rates = (0..<tries).map { _ in
            let start = Profile.now()
            let amount = work()
            return Double(amount) / (Double(Profile.now() - start) * 1e-9)
        }
        return rates.max()!
    }
}
