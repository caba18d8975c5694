import Apus
import Foundation

extension RunFolder {
    /// `vocabulary.txt`: the words that have vectors, with their counts.
    var vocabularyURL: URL { url.appendingPathComponent("vocabulary.txt") }
    /// `vectors.txt`: the words' vectors in word2vec's format.
    var vectorsURL: URL { url.appendingPathComponent("vectors.txt") }
    /// `baseline.bin`: PPMI-SVD's vectors in word2vec's binary format.
    var baselineURL: URL { url.appendingPathComponent("baseline.bin") }
}

/// What a run trained, ready for use.
struct TrainedVectors {
    let folder: RunFolder
    let configuration: WordAnalogies.Configuration
    let vectors: WordVectors
    private let model: WordModel

    /// - Throws: `RunError`, `DataError` or `FileError` naming what is missing or damaged, `InputError` where the files don't go together.
    init(_ url: URL) throws {
        folder = try RunFolder.open(url)
        configuration = try folder.configuration()
        let vocabulary = try WordVocabulary(contentsOf: folder.vocabularyURL)
        model = configuration.makeModel(vocabulary)
        try model.module.load(folder, architecture: "\(configuration.preset.rawValue) of \(vocabulary.count) words")
        vectors = model.vectors(of: vocabulary)
    }

    /// An expression and the words nearest to its value.
    struct Answer: Codable, Sendable {
        struct Neighbour: Codable, Sendable {
            var word: String
            var similarity: Double
        }
        var input: String
        /// Words that aren't in the vocabulary, whose vectors were made of their parts.
        var madeOfParts: [String]
        var neighbours: [Neighbour]

        var table: TextTable {
            let note = madeOfParts.isEmpty ? "" : " (\(madeOfParts.joined(separator: ", ")): made of parts)"
            var table = TextTable(header: ["", input + note, "Similarity"], [.right, .left, .right])
            for (place, neighbour) in neighbours.enumerated() {
                table.append("\(place + 1)", neighbour.word, String(format: "%.3f", neighbour.similarity))
            }
            return table
        }
    }

    /// The words nearest to an expression's value, its own words aside. Vectors count with length 1, as in the reference.
    ///
    /// - Throws: `InputError` for what is no expression, and for an unknown word, with the nearest known ones.
    func answer(_ text: String, count: Int, method: WordVectors.AnalogyMethod) throws -> Answer {
        guard let expression = WordExpression(text) else {
            throw InputError(
                text, "is no expression of words",
                remedy: "Write words with + and - between them, as in king - man + woman")
        }
        var own: Set<String> = []
        var made: [String] = []
        let terms = try expression.terms.map { term in
            let found = try self.term(term.word)
            if let word = found.known { own.insert(word) } else { made.append(term.word) }
            return (sign: term.sign, known: found.known, unit: found.unit)
        }
        let neighbours: [WordVectors.Neighbour]
        if method == .product, let (a, b, c) = analogy(terms.map { ($0.sign, $0.known) }) {
            neighbours = vectors.analogy(a, b, c, method: .product, count: count) ?? []
        } else {
            let sum = terms.dropFirst().reduce(terms[0].unit * terms[0].sign) { $0 + $1.unit * $1.sign }
            neighbours = vectors.neighbours(of: sum, count: count, excluding: own)
        }
        return Answer(
            input: expression.description, madeOfParts: made,
            neighbours: neighbours.map { .init(word: $0.word, similarity: $0.similarity) })
    }

    /// “a is to b as c is to …” of three known words, two of them positive: `b - a + c`.
    private func analogy(_ terms: [(sign: Double, known: String?)]) -> (a: String, b: String, c: String)? {
        let plus = terms.filter { $0.sign > 0 }.compactMap(\.known)
        let minus = terms.filter { $0.sign < 0 }.compactMap(\.known)
        return terms.count == 3 && plus.count == 2 && minus.count == 1 ? (minus[0], plus[0], plus[1]) : nil
    }

    /// A word's vector of length 1: its own, that of the word in small letters, or one made of its parts.
    private func term(_ word: String) throws -> (known: String?, unit: Tensor) {
        for known in [word, word.lowercased()] { if let unit = vectors.unit(known) { return (known, unit) } }
        if case .predictor(let predictor, let prediction, _) = model, let subwords = prediction.subwords {
            let rows = subwords.buckets(of: word.lowercased()).map { vectors.count + $0 }
            if !rows.isEmpty {
                return (nil, predictor.inputs.gathered(Tensor(rows)).sum(axes: 0).normalized(axis: 0).evaluated())
            }
        }
        let near = vectors.words.map { (word: $0, distance: editDistance(word.lowercased(), $0)) }
            .sorted { ($0.distance, $0.word.count) < ($1.distance, $1.word.count) }
        throw InputError(
            word, "the text had no such word, or too rarely",
            remedy:
                "Near are \(near.prefix(3).map(\.word).joined(separator: ", ")); \(Format.count(vectors.count)) words are known"
        )
    }
}
