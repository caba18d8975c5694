import ApusGraph
import Foundation

/// Philox4x32-10: a bijection of 128-bit counters, keyed by 64 bits, whose outputs pass for random.
///
/// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public enum Philox {
    /// The four random words of one counter, whose words are the low and high half of `counter`, `half`, and 0.
    public static func block(key: Int64, counter: UInt64, half: UInt32 = 0) -> [UInt32] {
        var (key0, key1) = (low(UInt64(bitPattern: key)), high(UInt64(bitPattern: key)))
        var words: [UInt32] = [low(counter), high(counter), half, 0]
        for _ in 0..<10 {
            let product0 = UInt64(0xD251_1F53) * UInt64(words[0])
            let product1 = UInt64(0xCD9E_8D57) * UInt64(words[2])
            words = [
                high(product1) ^ words[1] ^ key0, low(product1),
                high(product0) ^ words[3] ^ key1, low(product0),
            ]
            key0 &+= 0x9E37_79B9
            key1 &+= 0xBB67_AE85
        }
        return words
    }

    private static func low(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word) }
    private static func high(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
}

extension ReferenceTensor {
    /// Counter `c` gives elements `4c…4c + 3`, one from each word of its block. `float64` takes two words an element,
    /// so `4c` and `4c + 1` come from the block of half 0, and `4c + 2` and `4c + 3` from that of half 1.
    static func random(_ distribution: Distribution, _ type: TensorType, key: Int64) -> ReferenceTensor {
        let count = type.shape.elementCount
        let halves: Range<UInt32> = type.dtype == .float64 ? 0..<2 : 0..<1
        let blocks = (0..<(count + 3) / 4).flatMap { counter in
            halves.map { Philox.block(key: key, counter: UInt64(counter), half: $0) }
        }
        if distribution == .bits {
            let words = blocks.joined().prefix(count).map { Int64(Int32(bitPattern: $0)) }
            return ReferenceTensor(type, integers: words)
        }
        let integers = blocks.flatMap { type.dtype == .float64 ? fractions53($0) : fractions24($0) }
        let unit: Double = type.dtype == .float64 ? 0x1p-53 : 0x1p-24
        let values = distribution == .uniform ? integers.map { $0 * unit } : normals(integers, unit: unit)
        return ReferenceTensor(type, floats: Array(values.prefix(count)))
    }

    /// The upper 24 bits of each word.
    private static func fractions24(_ words: [UInt32]) -> [Double] { words.map { Double($0 >> 8) } }

    /// The upper 53 bits of each pair of words, the first word the lower half.
    private static func fractions53(_ words: [UInt32]) -> [Double] {
        [(words[0], words[1]), (words[2], words[3])].map { low, high in
            Double((UInt64(low) | UInt64(high) << 32) >> 11)
        }
    }

    /// Box and Muller's transform of pairs: `√(−2 ln u₁)` times the cosine and the sine of `2π u₂`, with u₁ in (0, 1]
    /// and u₂ in [0, 1).
    private static func normals(_ integers: [Double], unit: Double) -> [Double] {
        stride(from: 0, to: integers.count, by: 2).flatMap { index in
            let radius = (-2 * log((integers[index] + 1) * unit)).squareRoot()
            let angle = 2 * Double.pi * (integers[index + 1] * unit)
            return [radius * cos(angle), radius * sin(angle)]
        }
    }
}
