import Synchronization

/// Byte-pair encoding over bytes: frequent sequences of bytes are one token, and no text is unknown.
///
/// ```swift
/// let tokenizer = BytePairEncoding(trainedOn: texts, vocabularySize: 2000, specialTokens: ["<pad>", "<s>", "</s>"])
/// let tokens = tokenizer.encode("It is a truth")
/// tokenizer.decode(tokens)                        // "It is a truth"
/// tokenizer.specialTokens["<pad>"]                // 0
/// ```
/// It is GPT-2's: its words (`WordSplitter`), its alphabet of bytes. `tokenizer.json` of Hugging Face is read and written.
///
/// References: Sennrich, Haddow and Birch, “Neural machine translation of rare words with subword units”, 2016; Radford et al., “Language
/// models are unsupervised multitask learners”, 2019.
public struct BytePairEncoding: Tokenizer {
    /// Tokens that no text is encoded to unless that is asked for, by their names. They stand for no text.
    public let specialTokens: [String: Int]
    /// Whether a text that begins with a word is encoded as though a space came before it.
    public let addsPrefixSpace: Bool

    /// Two neighbouring tokens.
    struct Pair: Hashable {
        let left: Int
        let right: Int
    }
    /// What two neighbours become.
    struct Merge {
        /// Lower ones are done first.
        let rank: Int
        let token: Int
    }

    /// What each token stands for. Those of special tokens are their names.
    let vocabulary: [[UInt8]]
    let merges: [Pair: Merge]
    private let byteTokens: [Int]
    private let isSpecial: [Bool]
    private let cache = WordCache()

    /// - Parameters:
    ///   - vocabulary: what each token stands for; every single byte is among them.
    ///   - merges: in the order in which they are done.
    init(
        vocabulary: [[UInt8]], merges: [(pair: Pair, token: Int)], specialTokens: [String: Int], addsPrefixSpace: Bool
    ) {
        self.vocabulary = vocabulary
        self.merges = Dictionary(
            merges.enumerated().map { ($1.pair, Merge(rank: $0, token: $1.token)) },
            uniquingKeysWith: { first, _ in first })
        self.specialTokens = specialTokens
        self.addsPrefixSpace = addsPrefixSpace
        var isSpecial = [Bool](repeating: false, count: vocabulary.count)
        for token in specialTokens.values { isSpecial[token] = true }
        self.isSpecial = isSpecial
        var byteTokens = [Int](repeating: 0, count: 256)
        for (token, bytes) in vocabulary.enumerated() where bytes.count == 1 && !isSpecial[token] {
            byteTokens[Int(bytes[0])] = token
        }
        self.byteTokens = byteTokens
    }

    public var vocabularySize: Int { vocabulary.count }

    public func bytes(of token: Int) -> [UInt8] {
        precondition(
            vocabulary.indices.contains(token), "BytePairEncoding: no token \(token) among \(vocabulary.count)")
        return isSpecial[token] ? [] : vocabulary[token]
    }

    /// The tokens of a text. Names of special tokens in it are text like any other.
    public func encode(_ text: String) -> [Int] {
        var tokens: [Int] = []
        encode(text, into: &tokens)
        return tokens
    }

    /// The tokens of a text in which names of special tokens stand for these; nothing that a stranger wrote should be read so.
    public func encode(recognizingSpecialTokens text: String) -> [Int] {
        // Where two begin at one place, the longer one is meant.
        let names = specialTokens.keys.sorted { ($0.utf8.count, $1) > ($1.utf8.count, $0) }
        var tokens: [Int] = []
        var (start, position) = (text.startIndex, text.startIndex)
        let scalars = text.unicodeScalars
        while position < text.endIndex {
            guard let name = names.first(where: { scalars[position...].starts(with: $0.unicodeScalars) }) else {
                position = scalars.index(after: position)
                continue
            }
            if start < position { encode(String(scalars[start..<position]), into: &tokens) }
            tokens.append(specialTokens[name]!)
            position = scalars.index(position, offsetBy: name.unicodeScalars.count)
            start = position
        }
        if start < text.endIndex { encode(String(scalars[start...]), into: &tokens) }
        return tokens
    }
}

// MARK: Words

extension BytePairEncoding {
    /// Words that were encoded before, with their tokens. The most frequent words of a language are nearly all of a text.
    private final class WordCache: Sendable {
        let words = Mutex<[[UInt8]: [Int]]>([:])
        static let capacity = 100_000
        /// Longer words hardly come again.
        static let longestWord = 32
    }

    private func encode(_ text: String, into tokens: inout [Int]) {
        let needsSpace = addsPrefixSpace && !(text.unicodeScalars.first?.properties.isWhitespace ?? true)
        var text = needsSpace ? " " + text : text
        cache.words.withLock { words in
            text.withUTF8 { bytes in
                var splitter = WordSplitter(bytes)
                while let word = splitter.next() {
                    if word.count > WordCache.longestWord {
                        tokens += merged(word.map { byteTokens[Int($0)] })
                        continue
                    }
                    let key = Array(word)
                    if let known = words[key] {
                        tokens += known
                        continue
                    }
                    let new = merged(key.map { byteTokens[Int($0)] })
                    if words.count >= WordCache.capacity { words.removeAll(keepingCapacity: true) }
                    words[key] = new
                    tokens += new
                }
            }
        }
    }

    /// A place in a word where a merge can be done.
    private struct Candidate {
        let merge: Merge
        let position: Int
        let pair: Pair

        static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
            (a.merge.rank, a.position) < (b.merge.rank, b.position)
        }
    }

    /// The tokens of a word, given those of its bytes: the merge of lowest rank is done first, from left to right.
    ///
    /// The word is a linked list and the places are in a queue, so that a long word costs n log n.
    private func merged(_ word: [Int]) -> [Int] {
        guard word.count > 1 else { return word }
        var tokens = word.map(Optional.init)
        var next = Array(1...word.count), previous = Array(-1..<(word.count - 1))
        func candidate(_ position: Int) -> Candidate? {
            guard position >= 0, next[position] < word.count else { return nil }
            let pair = Pair(left: tokens[position]!, right: tokens[next[position]]!)
            return merges[pair].map { Candidate(merge: $0, position: position, pair: pair) }
        }
        var queue = PriorityQueue(word.indices.compactMap(candidate), by: Candidate.precedes)
        while let first = queue.pop() {
            let left = first.position
            // Another merge may have taken one of the two.
            guard tokens[left] == first.pair.left, next[left] < word.count, tokens[next[left]] == first.pair.right
            else { continue }
            let right = next[left]
            tokens[left] = first.merge.token
            tokens[right] = nil
            next[left] = next[right]
            if next[left] < word.count { previous[next[left]] = left }
            if let new = candidate(previous[left]) { queue.push(new) }
            if let new = candidate(left) { queue.push(new) }
        }
        return tokens.compactMap { $0 }
    }
}
