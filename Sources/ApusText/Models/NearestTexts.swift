import Foundation

/// Finds the text that is most like another: the cosine of word counts, rare words counting more (tf–idf).
///
/// Reference: Salton and Buckley, “Term-weighting approaches in automatic text retrieval”, 1988.
public struct NearestTexts: Sendable {
    /// For each word, the texts that have it and its weight there.
    private let postings: [String: [(text: Int, weight: Float)]]
    private let textCount: Int
    private let rarity: [String: Float]

    public init(_ texts: [[String]]) {
        textCount = texts.count
        var documents: [String: Int] = [:]
        for text in texts { for word in Set(text) { documents[word, default: 0] += 1 } }
        let count = Float(texts.count)
        let rarity = documents.mapValues { log((1 + count) / (1 + Float($0))) + 1 }
        var postings: [String: [(text: Int, weight: Float)]] = [:]
        for (number, text) in texts.enumerated() {
            for (word, weight) in Self.weights(text, rarity) {
                postings[word, default: []].append((number, weight))
            }
        }
        self.postings = postings
        self.rarity = rarity
    }

    /// The number of the likest text, the first of equals; nil where none has a word in common.
    public func callAsFunction(_ text: [String]) -> (number: Int, similarity: Float)? {
        var scores = [Float](repeating: 0, count: textCount)
        for (word, weight) in Self.weights(text, rarity) {
            for posting in postings[word] ?? [] { scores[posting.text] += weight * posting.weight }
        }
        guard let best = scores.indices.max(by: { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) }),
            scores[best] > 0
        else { return nil }
        return (best, scores[best])
    }

    /// Of norm 1, in the order of the words, so that sums come out the same each time.
    private static func weights(_ text: [String], _ rarity: [String: Float]) -> [(word: String, weight: Float)] {
        var counts: [String: Float] = [:]
        for word in text where rarity[word] != nil { counts[word, default: 0] += 1 }
        let weights = counts.sorted { $0.key < $1.key }.map { (word: $0.key, weight: $0.value * rarity[$0.key]!) }
        let norm = weights.reduce(0) { $0 + $1.weight * $1.weight }.squareRoot()
        return weights.map { ($0.word, $0.weight / norm) }
    }
}
