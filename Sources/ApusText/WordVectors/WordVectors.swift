import ApusTensor

/// Words and their vectors: what is near what, and arithmetic with meanings.
///
/// ```swift
/// let vectors = try WordVectors(contentsOf: url)
/// vectors.neighbours(of: vectors["king"]! - vectors["man"]! + vectors["woman"]!, excluding: ["king", "man", "woman"])
/// ```
public struct WordVectors: Sendable {
    /// The most frequent first, where that is known.
    public let words: [String]
    /// `(words, d)`, float32.
    public let matrix: Tensor
    /// The same, each of length 1; a vector of zeros stays one.
    public let units: Tensor
    private let numbers: [String: Int]

    /// - Parameters:
    ///   - words: each once.
    ///   - matrix: a row for each word.
    public init(words: [String], matrix: Tensor) {
        precondition(
            matrix.rank == 2 && matrix.shape[0] == words.count, "WordVectors: \(words.count) words for \(matrix.shape)")
        self.words = words
        self.matrix = matrix.cast(to: .float32).evaluated()
        units = self.matrix.normalized(axis: 1).evaluated()
        numbers = Dictionary(zip(words, words.indices)) { first, _ in first }
    }

    /// How many words there are.
    public var count: Int { words.count }
    /// How long a vector is.
    public var dimension: Int { matrix.shape[1] }

    /// The number of a word; nil for one that isn't here.
    public func index(of word: String) -> Int? { numbers[word] }

    /// The vector of a word, (d); nil for one that isn't here.
    public subscript(_ word: String) -> Tensor? { index(of: word).map { matrix[$0] } }

    /// The vector of a word, of length 1.
    public func unit(_ word: String) -> Tensor? { index(of: word).map { units[$0] } }

    /// The first words alone: of vectors sorted by frequency, the most frequent.
    public func prefix(_ count: Int) -> WordVectors {
        count >= self.count ? self : WordVectors(words: Array(words.prefix(count)), matrix: matrix[0..<count])
    }
}

// MARK: Nearness

extension WordVectors {
    /// A word and how near it is: the cosine of the angle, from −1 to 1.
    public struct Neighbour: Hashable, Sendable {
        /// A word of the vocabulary.
        public let word: String
        /// How near it is; more is nearer.
        public let similarity: Double

        public init(word: String, similarity: Double) {
            self.word = word
            self.similarity = similarity
        }
    }

    /// The words nearest to a vector, (d), the nearest first.
    public func neighbours(of vector: Tensor, count: Int = 10, excluding excluded: Set<String> = []) -> [Neighbour] {
        let similarities = matmul(units, vector.normalized(axis: 0))  // (words)
        return best(similarities.elements(as: Float.self), count: count, excluding: excluded)
    }

    /// The words nearest to a word; nil for one that isn't here.
    public func neighbours(of word: String, count: Int = 10) -> [Neighbour]? {
        unit(word).map { neighbours(of: $0, count: count, excluding: [word]) }
    }

    /// The cosine of the angle between two words' vectors; nil where one isn't here.
    public func similarity(_ first: String, _ second: String) -> Double? {
        guard let a = unit(first), let b = unit(second) else { return nil }
        return vecdot(a, b).item()
    }

    /// How words are compared with a question's three.
    public enum AnalogyMethod: String, CaseIterable, Codable, Sendable {
        /// `cos(d, b) − cos(d, a) + cos(d, c)` (Mikolov, Yih and Zweig 2013).
        case sum = "3cosadd"
        /// `cos(d, b) · cos(d, c) / (cos(d, a) + ε)`, cosines brought to 0 … 1 (Levy and Goldberg 2014).
        case product = "3cosmul"
    }

    /// “a is to b as c is to …”: the likeliest words, none of the three; nil where one of them isn't here.
    public func analogy(
        _ a: String, _ b: String, _ c: String, method: AnalogyMethod = .sum, count: Int = 10
    ) -> [Neighbour]? {
        guard let a = index(of: a), let b = index(of: b), let c = index(of: c) else { return nil }
        let scores = scores(ofAnalogies: [(a, b, c)], method)[0]
        return best(scores.elements(as: Float.self), count: count, excluding: [words[a], words[b], words[c]])
    }

    /// How well each word answers each question, by numbers of words. (questions, words)
    package func scores(ofAnalogies questions: [(a: Int, b: Int, c: Int)], _ method: AnalogyMethod) -> Tensor {
        func rows(_ number: ((a: Int, b: Int, c: Int)) -> Int) -> Tensor {
            units.gathered(Tensor(questions.map(number)))
        }
        let (a, b, c) = (rows(\.a), rows(\.b), rows(\.c))  // (questions, d)
        switch method {
        case .sum:
            return matmul((b - a + c).normalized(axis: 1), units.T)
        case .product:
            let shifted = [a, b, c].map { (matmul($0, units.T) + 1) / 2 }
            return shifted[1] * shifted[2] / (shifted[0] + 1e-6)
        }
    }

    private func best(_ scores: [Float], count: Int, excluding excluded: Set<String>) -> [Neighbour] {
        let hidden = Set(excluded.compactMap { index(of: $0) })
        let order = scores.indices.filter { !hidden.contains($0) && !scores[$0].isNaN }.sorted {
            scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1
        }
        return order.prefix(count).map { Neighbour(word: words[$0], similarity: Double(scores[$0])) }
    }
}
