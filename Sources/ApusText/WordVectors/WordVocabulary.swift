import ApusData
import Foundation

/// The words that have vectors, the most frequent first, with their counts. Equal counts are in alphabetical order.
public struct WordVocabulary: Hashable, Sendable {
    /// By falling count.
    public let words: [String]
    /// How often each occurs.
    public let counts: [Int]
    private let numbers: [String: Int]

    /// - Parameters:
    ///   - words: each once, the most frequent first.
    ///   - counts: of each.
    public init(words: [String], counts: [Int]) {
        precondition(words.count == counts.count, "WordVocabulary: \(words.count) words and \(counts.count) counts")
        self.words = words
        self.counts = counts
        numbers = Dictionary(zip(words, words.indices)) { first, _ in first }
    }

    /// The words that occur at least `minimumCount` times in a text.
    public init(_ corpus: WordCorpus, minimumCount: Int = 5) {
        let entries = zip(corpus.words, corpus.counts).filter { $0.1 >= minimumCount }.sorted { a, b in
            a.1 != b.1 ? a.1 > b.1 : a.0 < b.0
        }
        self.init(words: entries.map(\.0), counts: entries.map(\.1))
    }

    /// How many words there are.
    public var count: Int { words.count }
    /// All occurrences.
    public var total: Int { counts.reduce(0, +) }

    /// The number of a word; nil for one that isn't here.
    public subscript(_ word: String) -> Int? { numbers[word] }

    /// A text in this vocabulary's numbers, −1 after each sentence; other words are left out.
    package func encoded(_ corpus: WordCorpus) -> [Int32] {
        let translation = corpus.words.map { Int32(self[$0] ?? -1) }
        var result: [Int32] = []
        result.reserveCapacity(corpus.tokens.count)
        for token in corpus.tokens {
            if token < 0 {
                if let last = result.last, last >= 0 { result.append(-1) }
            } else if translation[Int(token)] >= 0 {
                result.append(translation[Int(token)])
            }
        }
        return result
    }

    /// How probably an occurrence of each word is kept: `min(1, √(t / f) + t / f)` for a word of frequency f.
    ///
    /// Reference: Mikolov, Sutskever, Chen, Corrado and Dean, “Distributed representations of words and phrases and their
    /// compositionality”, 2013, 2.3, in the form of their program and of gensim.
    public func keepProbabilities(threshold: Double) -> [Double] {
        let limit = threshold * Double(total)
        return counts.map { min(1, (limit / Double($0)).squareRoot() + limit / Double($0)) }
    }
}

extension WordVocabulary {
    /// Writes a line for each word: the word, a space, its count.
    public func write(to url: URL) throws {
        let text = zip(words, counts).map { "\($0) \($1)\n" }.joined()
        try writeFile(Data(text.utf8), to: url)
    }

    /// Reads what `write(to:)` wrote.
    ///
    /// - Throws: `DataError` naming file and line.
    public init(contentsOf url: URL) throws {
        var words: [String] = []
        var counts: [Int] = []
        for (index, line) in try plainText(contentsOf: url).split(separator: "\n").enumerated() {
            let cells = line.split(separator: " ")
            guard cells.count == 2, let count = Int(cells[1]), count >= 0 else {
                throw DataError(
                    .corrupt, "\(url.path), line \(index + 1)", "a word and its count are expected",
                    remedy: "Copy the file again from where the vectors come from")
            }
            words.append(String(cells[0]))
            counts.append(count)
        }
        self.init(words: words, counts: counts)
    }
}
