/// Numbers pairs of numbers in the order in which they are first seen: an open-addressing hash table.
///
/// An n-gram is the pair of its first n − 1 tokens, as a number, and the last one; so a chain of such tables numbers n-grams exactly.
struct PairTable {
    private var keys: [UInt64]
    private var values: [Int32]
    private var mask: Int
    /// How many pairs there are; they are numbered 0 ..< count.
    private(set) var count = 0

    private static let empty = UInt64.max

    init() {
        mask = 1023
        keys = [UInt64](repeating: Self.empty, count: mask + 1)
        values = [Int32](repeating: 0, count: mask + 1)
    }

    /// The number of a pair; nil where it is unknown.
    func number(_ first: Int, _ second: Int) -> Int? {
        let key = Self.key(first, second)
        let place = place(of: key)
        return keys[place] == key ? Int(values[place]) : nil
    }

    /// The number of a pair, which is `count` as it was before where it is new.
    mutating func insert(_ first: Int, _ second: Int) -> Int {
        let key = Self.key(first, second)
        var place = place(of: key)
        if keys[place] == key { return Int(values[place]) }
        if count * 2 > mask {
            grow()
            place = self.place(of: key)
        }
        keys[place] = key
        values[place] = Int32(count)
        count += 1
        return count - 1
    }

    /// Calls `body` with each pair and its number, in no particular order.
    func forEach(_ body: (_ first: Int, _ second: Int, _ number: Int) -> Void) {
        for (key, value) in zip(keys, values) where key != Self.empty {
            body(Int(key >> 32), Int(key & 0xFFFF_FFFF), Int(value))
        }
    }

    private static func key(_ first: Int, _ second: Int) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    /// Where a key is, or where it would go.
    private func place(of key: UInt64) -> Int {
        // The multiplier is 2⁶⁴ divided by the golden ratio (Knuth 1973): neighbours are thrown far apart.
        var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 24) & mask
        while keys[place] != key, keys[place] != Self.empty { place = (place + 1) & mask }
        return place
    }

    private mutating func grow() {
        let (oldKeys, oldValues) = (keys, values)
        mask = 2 * (mask + 1) - 1
        keys = [UInt64](repeating: Self.empty, count: mask + 1)
        values = [Int32](repeating: 0, count: mask + 1)
        for (key, value) in zip(oldKeys, oldValues) where key != Self.empty {
            let place = place(of: key)
            keys[place] = key
            values[place] = value
        }
    }
}
