import Apus
import Foundation

/// Writes translations with a model, many sentences at a time.
struct TranslationWriter {
    let tokenizer: BytePairEncoding
    var beam: BeamSearch

    /// Sentences times hypotheses that are written side by side.
    private static let rows = 256

    /// The best translations of each sentence, best first.
    ///
    /// - Parameter progress: told how many sentences are done.
    func hypotheses(
        of sentences: [String], by model: any Translator, progress: (Int) -> Void = { _ in }
    ) -> [[BeamSearch.Hypothesis]] {
        let sources = sentences.map { tokenizer.encode($0) + [SpecialToken.end] }
        // Sentences of one length side by side end at about the same time.
        let order = sources.indices.sorted { (sources[$0].count, $0) < (sources[$1].count, $1) }
        var found = [[BeamSearch.Hypothesis]](repeating: [], count: sentences.count)
        var done = 0
        let count = max(1, Self.rows / beam.width)
        for first in stride(from: 0, to: order.count, by: count) {
            let members = order[first..<min(first + count, order.count)]
            for (member, best) in zip(members, translated(members.map { sources[$0] }, by: model)) {
                found[member] = best
            }
            done += members.count
            progress(done)
        }
        return found
    }

    /// The text of a translation. The first word's token brings the space before it along.
    func text(_ tokens: [Int]) -> String { tokenizer.decode(tokens).trimmingCharacters(in: .whitespaces) }

    private func translated(_ sources: [[Int]], by model: some Translator) -> [[BeamSearch.Hypothesis]] {
        let source = paddedRows(sources)  // (B, S)
        var search = beam
        // A translation may be half again as long as its source.
        search.limit = min(beam.limit, source.shape[1] * 3 / 2 + 8)
        let reading = model.read(source, limit: search.limit).repeated(search.width)  // B · width = R rows
        return search(sources.count, begin: SpecialToken.begin, end: SpecialToken.end) { tokens, origins, position in
            if position > 0 { reading.reorder(Tensor(origins)) }
            let logits = model.step(Tensor(tokens), at: Tensor(position), reading)  // (R, vocabulary)
            let (values, indices) = logSoftmax(logits).topK(search.candidateCount)
            evaluate([values, indices] + reading.written.parts.map(\.wrappedValue))
            let (numbers, choices): ([Float], [Int]) = (values.elements(), indices.elements())
            return tokens.indices.map { row in
                let places = (row * search.candidateCount)..<((row + 1) * search.candidateCount)
                return places.map { (token: choices[$0], logProbability: Double(numbers[$0])) }
            }
        }
    }

    /// What each token of a translation was made from.
    func alignment(of sentence: String, _ translation: [Int], by model: any Translator) -> TranslationAlignment {
        let (source, target) = (tokenizer.encode(sentence) + [SpecialToken.end], translation + [SpecialToken.end])
        let weights = model.alignment(
            Tensor(source, shape: [1, source.count]),
            Tensor([SpecialToken.begin] + translation, shape: [1, target.count]))
        let values: [Float] = weights.elements()
        return TranslationAlignment(
            source: pieces(source), target: pieces(target),
            weights: target.indices.map { row in
                values[(row * source.count)..<((row + 1) * source.count)].map(Double.init)
            })
    }

    /// Tokens as people can read them.
    private func pieces(_ tokens: [Int]) -> [String] {
        tokens.map { $0 == SpecialToken.end ? "∎" : tokenizer.decode([$0]) }
    }
}

/// How much each token of a translation looks at each of its source.
struct TranslationAlignment {
    let source: [String]
    let target: [String]
    /// `weights[target][source]`, rows of sum 1.
    let weights: [[Double]]

    func heatMap(_ title: String) -> HeatMap {
        HeatMap(
            title, values: weights, rowLabels: target, columnLabels: source, rowTitle: "Translation",
            columnTitle: "Source", limit: 1)
    }
}
