import ApusData
import ApusNN
import ApusTrain
import CKernels
import Foundation

/// Steps of AdaGrad along the gradient of `CooccurrenceFactors.weightedSquares`, one for each pair, on all threads at once and without locks.
///
/// A batch is a range of the shuffled pairs. On one thread the same seed gives the same vectors.
public final class CooccurrenceStep: TrainingStep {
    private let pairs: [apus_word_pair]
    private let words: WordRows, contexts: WordRows, wordSquares: WordRows, contextSquares: WordRows
    private let wordBiases: WordRows, contextBiases: WordRows, wordBiasSquares: WordRows, contextBiasSquares: WordRows
    private var isPublished = true

    /// - Parameters:
    ///   - saturation: a pair counts in full from this many on, `x_max`; 100 in the reference.
    ///   - exponent: `f(x) = (x / saturation)^exponent` below.
    ///   - initialSquares: where AdaGrad's sums start.
    ///   - shuffle: the pairs' order; they are shuffled once.
    public init(
        _ model: CooccurrenceFactors, _ counts: CooccurrenceCounts, saturation: Double = 100, exponent: Double = 0.75,
        initialSquares: Double = 1, shuffle: Generator = .current
    ) {
        var generator = shuffle
        pairs = counts.entries.map { entry in
            let weight = min(1, pow(Double(entry.count) / saturation, exponent))
            return apus_word_pair(
                word: entry.word, context: entry.context, logarithm: log(entry.count), weight: Float(weight))
        }.shuffled(using: &generator)
        words = WordRows(model.words)
        contexts = WordRows(model.contexts)
        wordBiases = WordRows(model.wordBiases)
        contextBiases = WordRows(model.contextBiases)
        wordSquares = WordRows(Tensor.full(model.words.shape, initialSquares))
        contextSquares = WordRows(Tensor.full(model.contexts.shape, initialSquares))
        wordBiasSquares = WordRows(Tensor.full(model.wordBiases.shape, initialSquares))
        contextBiasSquares = WordRows(Tensor.full(model.contextBiases.shape, initialSquares))
    }

    /// The pairs in batches of `size`, in another order in each epoch.
    public func batches(size: Int = 50_000, seed: UInt64) -> MadeBatches<Range<Int>> {
        let count = (pairs.count + size - 1) / size
        let total = pairs.count
        return MadeBatches(count: count, examplesPerBatch: min(size, total)) { epoch, batch in
            var generator = Generator(seed: seed, stream: UInt64(epoch))
            let place = Array(0..<count).shuffled(using: &generator)[batch]
            return place * size..<min(total, (place + 1) * size)
        }
    }

    /// A pass over a range of the pairs.
    public func take(_ batch: Range<Int>, model: CooccurrenceFactors, learningRate: Double?) throws -> StepOutcome {
        isPublished = false
        let rate = Float(learningRate ?? 0.05)
        var kernel = apus_count_model()
        kernel.words = words.memory
        kernel.contexts = contexts.memory
        kernel.wordSquares = wordSquares.memory
        kernel.contextSquares = contextSquares.memory
        kernel.stride = words.stride
        kernel.wordBiases = wordBiases.memory
        kernel.contextBiases = contextBiases.memory
        kernel.wordBiasSquares = wordBiasSquares.memory
        kernel.contextBiasSquares = contextBiasSquares.memory
        let progress = pairs.withUnsafeBufferPointer {
            apus_count_train(&kernel, $0.baseAddress! + batch.lowerBound, batch.count, rate)
        }
        return StepOutcome(loss: progress.loss / Double(max(1, progress.predictions)))
    }

    private var parameters: [(rows: WordRows, squares: WordRows, name: String)] {
        [
            (words, wordSquares, "words"), (contexts, contextSquares, "contexts"),
            (wordBiases, wordBiasSquares, "word_biases"), (contextBiases, contextBiasSquares, "context_biases"),
        ]
    }

    public func publish(to model: CooccurrenceFactors) {
        if isPublished { return }
        model.words = words.tensor
        model.contexts = contexts.tensor
        model.wordBiases = wordBiases.tensor.squeezed(0)
        model.contextBiases = contextBiases.tensor.squeezed(0)
        isPublished = true
    }

    public func adopt(_ model: CooccurrenceFactors) {
        words.assign(model.words)
        contexts.assign(model.contexts)
        wordBiases.assign(model.wordBiases)
        contextBiases.assign(model.contextBiases)
        isPublished = true
    }

    /// AdaGrad's sums of squares.
    public func stateDictionary() -> StateDictionary {
        Dictionary(uniqueKeysWithValues: parameters.map { ("\($0.name).sum", $0.squares.tensor) })
    }

    public func load(_ state: StateDictionary) throws {
        for parameter in parameters {
            guard let sum = state["\(parameter.name).sum"],
                sum.elementCount == parameter.squares.count * parameter.squares.dimension
            else {
                throw DataError(
                    .mismatch, "the checkpoint", "it has no AdaGrad sums for \(parameter.name)",
                    remedy: "Resume a run of the same preset and settings")
            }
            parameter.squares.assign(sum)
        }
    }
}
