/// How often words are seen together: pairs within a window, a pair at distance d counting 1/d.
///
/// Reference: Pennington, Socher and Manning, “GloVe”, 2014, section 3.
public struct CooccurrenceCounts: Sendable {
    /// A word, a word near it, and their count.
    public struct Entry: Hashable, Sendable {
        /// Numbers in the vocabulary.
        public var word: Int32, context: Int32
        /// More than 0.
        public var count: Float
    }

    /// Every pair that was seen, both ways round, by word and then by context.
    public let entries: [Entry]

    /// - Parameters:
    ///   - window: how many words before and after are looked at.
    ///   - weighting: what a pair at distance d counts; 1/d by default.
    public init(
        _ corpus: WordCorpus, _ vocabulary: WordVocabulary, window: Int,
        weighting: (_ distance: Int) -> Float = { 1 / Float($0) }
    ) {
        self.init(
            tokens: vocabulary.encoded(corpus), vocabularySize: vocabulary.count, window: window, weighting: weighting)
    }

    package init(tokens: [Int32], vocabularySize: Int, window: Int, weighting: (_ distance: Int) -> Float) {
        precondition(window > 0, "CooccurrenceCounts: a window of \(window)")
        let weights = (0...window).map { $0 == 0 ? 0 : weighting($0) }
        var counter = PairCounter()
        tokens.withUnsafeBufferPointer { tokens in
            var start = 0
            for place in tokens.indices {
                let word = tokens[place]
                if word < 0 { start = place + 1 }
                var before = place - 1
                while word >= 0, before >= max(start, place - window) {
                    // A pair is counted once, the smaller number first, and doubled at the end.
                    let other = tokens[before]
                    counter.add(min(word, other), max(word, other), weights[place - before])
                    before -= 1
                }
            }
        }
        var entries: [Entry] = []
        counter.forEach { first, second, count in
            // A word near itself is seen from both places.
            entries.append(Entry(word: first, context: second, count: first == second ? 2 * count : count))
            if first != second { entries.append(Entry(word: second, context: first, count: count)) }
        }
        entries.sort { ($0.word, $0.context) < ($1.word, $1.context) }
        self.entries = entries
    }
}

/// A table from pairs to sums, by open addressing: there are millions of them, and each is met often.
private struct PairCounter {
    private var keys = [UInt64](repeating: .max, count: 1 << 16)
    private var sums = [Float](repeating: 0, count: 1 << 16)
    private var filled = 0

    mutating func add(_ first: Int32, _ second: Int32, _ amount: Float) {
        if filled * 2 > keys.count { grow() }
        let key = UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
        let place = place(of: key)
        if keys[place] == .max {
            keys[place] = key
            filled += 1
        }
        sums[place] += amount
    }

    private func place(of key: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) & (keys.count - 1)
        while keys[place] != key, keys[place] != .max { place = (place + 1) & (keys.count - 1) }
        return place
    }

    private mutating func grow() {
        let (oldKeys, oldSums) = (keys, sums)
        keys = [UInt64](repeating: .max, count: 2 * oldKeys.count)
        sums = [Float](repeating: 0, count: 2 * oldKeys.count)
        for (key, sum) in zip(oldKeys, oldSums) where key != .max {
            let place = place(of: key)
            keys[place] = key
            sums[place] = sum
        }
    }

    func forEach(_ body: (Int32, Int32, Float) -> Void) {
        for (key, sum) in zip(keys, sums) where key != .max {
            body(Int32(bitPattern: UInt32(key >> 32)), Int32(bitPattern: UInt32(truncatingIfNeeded: key)), sum)
        }
    }
}
