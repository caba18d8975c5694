/// The parts of words: all their n-grams, hashed into buckets, so that words that look alike share what is learned, and a word that
/// was never seen has a vector.
///
/// Reference: Bojanowski, Grave, Joulin and Mikolov, “Enriching word vectors with subword information”, 2017.
public struct Subwords: Codable, Hashable, Sendable {
    /// The shortest n-grams; 3 by default.
    public var minimumLength: Int
    /// The longest n-grams; 6 by default.
    public var maximumLength: Int
    /// How many vectors all n-grams share; 2,000,000 in the reference.
    public var bucketCount: Int

    public init(minimumLength: Int = 3, maximumLength: Int = 6, bucketCount: Int = 2_000_000) {
        precondition(
            minimumLength > 0 && maximumLength >= minimumLength && bucketCount > 0, "Subwords: \(minimumLength)")
        self.minimumLength = minimumLength
        self.maximumLength = maximumLength
        self.bucketCount = bucketCount
    }

    /// The n-grams of `<word>`, whose signs mark where it begins and ends, without the marks alone.
    public func nGrams(of word: String) -> [String] {
        let letters = Array("<\(word)>".unicodeScalars)
        return letters.indices.flatMap { start -> [String] in
            let longest = min(maximumLength, letters.count - start)
            guard longest >= minimumLength else { return [] }
            return (minimumLength...longest).compactMap { length in
                if length == 1, start == 0 || start + 1 == letters.count { return nil }
                return String(String.UnicodeScalarView(letters[start..<start + length]))
            }
        }
    }

    /// The buckets of a word's n-grams, by the reference's hash: FNV-1a with 32 bits, bytes taken with their signs.
    public func buckets(of word: String) -> [Int] { nGrams(of: word).map { Int(Self.hash($0)) % bucketCount } }

    static func hash(_ text: String) -> UInt32 {
        text.utf8.reduce(2_166_136_261) { hash, byte in
            (hash ^ UInt32(bitPattern: Int32(Int8(bitPattern: byte)))) &* 16_777_619
        }
    }

    /// The rows of the vectors that make up each word's: its own, then its n-grams', which lie behind all words.
    package func rows(of vocabulary: WordVocabulary) -> (starts: [Int64], rows: [Int32]) {
        var starts: [Int64] = [0]
        var rows: [Int32] = []
        for (number, word) in vocabulary.words.enumerated() {
            rows.append(Int32(number))
            rows += buckets(of: word).map { Int32(vocabulary.count + $0) }
            starts.append(Int64(rows.count))
        }
        return (starts, rows)
    }
}
