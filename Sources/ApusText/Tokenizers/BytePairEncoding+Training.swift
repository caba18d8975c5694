extension BytePairEncoding {
    /// A vocabulary for texts: the bytes, then, again and again, the most frequent pair of neighbours as one more token.
    ///
    /// Tokens are numbered as Hugging Face's trainer does: special ones first, then the bytes in the order of their characters, then
    /// the merges. Of equally frequent pairs the one with the smaller tokens is merged.
    ///
    /// - Parameters:
    ///   - vocabularySize: tokens at most, special ones included; at least the special ones and the 256 bytes.
    ///   - minimumCount: rarer pairs are left apart.
    public init(
        trainedOn texts: some Sequence<String>, vocabularySize: Int, specialTokens names: [String] = [],
        minimumCount: Int = 2, addsPrefixSpace: Bool = false
    ) {
        precondition(
            vocabularySize >= names.count + 256,
            "BytePairEncoding: a vocabulary of \(vocabularySize) for 256 bytes and \(names.count) special tokens")
        precondition(Set(names).count == names.count, "BytePairEncoding: a special token is there twice: \(names)")
        let vocabulary = names.map { Array($0.utf8) } + ByteAlphabet.bytesInOrder.map { [$0] }
        var trainer = Trainer(wordCounts(of: texts, addsPrefixSpace), vocabulary, firstByte: names.count)
        trainer.train(vocabularySize: vocabularySize, minimumCount: max(1, minimumCount))
        self.init(
            vocabulary: trainer.vocabulary, merges: trainer.merges,
            specialTokens: Dictionary(uniqueKeysWithValues: zip(names, 0...)), addsPrefixSpace: addsPrefixSpace)
    }
}

/// How often each word is in the texts.
private func wordCounts(of texts: some Sequence<String>, _ addsPrefixSpace: Bool) -> [[UInt8]: Int] {
    var counts: [[UInt8]: Int] = [:]
    for var text in texts {
        if addsPrefixSpace, !(text.unicodeScalars.first?.properties.isWhitespace ?? true) { text = " " + text }
        text.withUTF8 { bytes in
            var splitter = WordSplitter(bytes)
            while let word = splitter.next() { counts[Array(word), default: 0] += 1 }
        }
    }
    return counts
}

extension BytePairEncoding {
    /// Words are counted once, and a merge looks only at the words that have its pair.
    private struct Trainer {
        private struct Word {
            var tokens: [Int]
            let count: Int
        }
        private struct Statistics {
            var count = 0
            /// Words that have had the pair.
            var words: [Int] = []
        }
        /// A pair with its count at the time, which may have become less.
        private struct Entry {
            let count: Int
            let pair: Pair

            static func precedes(_ a: Entry, _ b: Entry) -> Bool {
                (-a.count, a.pair.left, a.pair.right) < (-b.count, b.pair.left, b.pair.right)
            }
        }

        private(set) var vocabulary: [[UInt8]]
        private(set) var merges: [(pair: Pair, token: Int)] = []
        private var words: [Word]
        private var pairs: [Pair: Statistics] = [:]
        /// Two merges may spell the same token.
        private var tokens: [[UInt8]: Int]

        init(_ counts: [[UInt8]: Int], _ vocabulary: [[UInt8]], firstByte: Int) {
            self.vocabulary = vocabulary
            let byteTokens = vocabulary[firstByte...]
            tokens = Dictionary(uniqueKeysWithValues: zip(byteTokens, byteTokens.indices))
            words = counts.map { [tokens] word, count in Word(tokens: word.map { tokens[[$0]]! }, count: count) }
            for (index, word) in words.enumerated() {
                for pair in zip(word.tokens, word.tokens.dropFirst()) { add(pair, word.count, index) }
            }
        }

        mutating func train(vocabularySize: Int, minimumCount: Int) {
            var queue = PriorityQueue(pairs.map { Entry(count: $1.count, pair: $0) }, by: Entry.precedes)
            while vocabulary.count < vocabularySize, let first = queue.pop() {
                let count = pairs[first.pair]!.count
                guard first.count == count else {
                    if count > 0 { queue.push(Entry(count: count, pair: first.pair)) }
                    continue
                }
                guard count >= minimumCount else { break }
                for pair in merge(first.pair) { queue.push(Entry(count: pairs[pair]!.count, pair: pair)) }
            }
        }

        /// Makes a pair a token.
        ///
        /// - Returns: the pairs that have become more frequent.
        private mutating func merge(_ pair: Pair) -> Set<Pair> {
            let bytes = vocabulary[pair.left] + vocabulary[pair.right]
            let token = tokens[bytes] ?? vocabulary.count
            if token == vocabulary.count {
                vocabulary.append(bytes)
                tokens[bytes] = token
            }
            merges.append((pair, token))
            var grown: Set<Pair> = []
            for index in pairs.updateValue(Statistics(), forKey: pair)!.words { merge(pair, token, in: index, &grown) }
            pairs[pair]!.count = 0
            return grown
        }

        private mutating func merge(_ pair: Pair, _ token: Int, in index: Int, _ grown: inout Set<Pair>) {
            let count = words[index].count
            // The word is taken out, so that it is changed in place.
            var word: [Int] = []
            swap(&word, &words[index].tokens)
            defer { words[index].tokens = word }
            var (read, written) = (0, 0)
            while read < word.count {
                guard read + 1 < word.count, word[read] == pair.left, word[read + 1] == pair.right else {
                    word[written] = word[read]
                    (read, written) = (read + 1, written + 1)
                    continue
                }
                if written > 0 {
                    pairs[Pair(left: word[written - 1], right: pair.left)]?.count -= count
                    grown.insert(add((word[written - 1], token), count, index))
                }
                if read + 2 < word.count {
                    pairs[Pair(left: pair.right, right: word[read + 2])]?.count -= count
                    grown.insert(add((token, word[read + 2]), count, index))
                }
                word[written] = token
                (read, written) = (read + 2, written + 1)
            }
            word.removeLast(word.count - written)
        }

        @discardableResult
        private mutating func add(_ pair: (Int, Int), _ count: Int, _ index: Int) -> Pair {
            let pair = Pair(left: pair.0, right: pair.1)
            pairs[pair, default: Statistics()].count += count
            if pairs[pair]!.words.last != index { pairs[pair]!.words.append(index) }
            return pair
        }
    }
}
