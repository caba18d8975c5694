import ApusNN
import Foundation

/// Finds out how many bits a language model needs for each token of texts, `−log₂ p(token | what comes before)`.
///
/// A window moves along a text by half its length, so that every token but the first ones is predicted from half a window at least. The
/// first token of a text without context is charged as though all were equally likely.
public struct TextScorer<Model: LanguageModel> {
    private let model: Model
    private let windowLength: Int
    private let batchSize: Int

    /// A part of a text that is looked at once.
    private struct Window {
        let text: Int
        /// What the model reads, and what comes next at every place of that.
        let inputs: [Int]
        let targets: [Int]
        /// The places of the targets that count.
        let scored: Range<Int>
    }

    public init(_ model: Model, windowLength: Int, batchSize: Int) {
        precondition(windowLength >= 2 && batchSize >= 1, "TextScorer: batches of \(batchSize) × \(windowLength)")
        self.model = model
        self.windowLength = windowLength
        self.batchSize = batchSize
    }

    /// The bits of each token of each text, in order.
    ///
    /// - Parameter progress: is told how many windows are done, of how many.
    public func bits(of texts: [ScoredText], progress: (Int, Int) -> Void = { _, _ in }) -> [[Double]] {
        var bits = texts.map { [Double](repeating: 0, count: $0.tokens.count) }
        var places = texts.map { _ in 0 }
        for (index, text) in texts.enumerated() where text.context.isEmpty && !text.tokens.isEmpty {
            bits[index][0] = log2(Double(model.vocabularySize))
            places[index] = 1
        }
        let windows = texts.indices.flatMap { self.windows(of: texts[$0], number: $0) }
        let score = compile(model) { inputs, targets in
            let logits = model(inputs).flattened(to: 1)
            return crossEntropy(logits, targets.flattened(), reduction: .none)  // (B · T)
        }
        for start in stride(from: 0, to: windows.count, by: batchSize) {
            let batch = windows[start..<min(start + batchSize, windows.count)]
            let losses: [Float] = score(padded(batch.map(\.inputs)), padded(batch.map(\.targets))).elements()
            for (row, window) in batch.enumerated() {
                for place in window.scored {
                    bits[window.text][places[window.text]] = Double(losses[row * windowLength + place]) / log(2)
                    places[window.text] += 1
                }
            }
            progress(start + batch.count, windows.count)
        }
        return bits
    }

    private func windows(of text: ScoredText, number: Int) -> [Window] {
        let context = text.context.suffix(windowLength)
        let tokens = context + text.tokens
        return stride(from: max(context.count, 1), to: tokens.count, by: windowLength / 2).map { first in
            let end = min(first + windowLength / 2, tokens.count)
            let start = max(0, end - 1 - windowLength)
            return Window(
                text: number, inputs: Array(tokens.dropFirst(start).prefix(end - 1 - start)),
                targets: Array(tokens.dropFirst(start + 1).prefix(end - 1 - start)),
                scored: (first - start - 1)..<(end - start - 1))
        }
    }

    /// Rows of one length, and as many as a full batch has: `(batchSize, windowLength)`. What is added comes behind what counts, where a causal
    /// model doesn't look.
    private func padded(_ rows: [[Int]]) -> Tensor {
        let cells = rows.flatMap { $0 + [Int](repeating: 0, count: windowLength - $0.count) }
        let rest = (batchSize - rows.count) * windowLength
        return Tensor(cells + [Int](repeating: 0, count: rest), shape: [batchSize, windowLength])
    }
}
