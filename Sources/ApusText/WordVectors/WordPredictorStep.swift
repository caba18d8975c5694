import ApusNN
import ApusTrain
import CKernels
import Foundation

/// How words are predicted from words.
public struct WordPrediction: Codable, Hashable, Sendable {
    /// What predicts what.
    public enum Direction: String, Codable, Sendable {
        /// A word predicts each of those around it.
        case skipGram
        /// The words around a word predict it together (continuous bag of words).
        case cbow
    }

    /// How a softmax over all words is avoided.
    public enum Objective: Codable, Hashable, Sendable {
        /// The word that was seen among so many drawn with probabilities ∝ count^¾.
        case negativeSampling(Int)
        /// The turns on the way to it in a Huffman tree.
        case hierarchicalSoftmax
    }

    /// Skip-gram by default.
    public var direction: Direction
    /// 5 words drawn by default.
    public var objective: Objective
    /// How many words before and after may be looked at; 5 by default. Each place draws a reach from 1 to this, so that near words count more.
    public var window: Int
    /// Words more frequent than this are partly left out; nil for none. 10⁻³ by default.
    public var subsampling: Double?
    /// The parts that words are made of; nil for whole words.
    public var subwords: Subwords?

    public init(
        _ direction: Direction = .skipGram, _ objective: Objective = .negativeSampling(5), window: Int = 5,
        subsampling: Double? = 1e-3, subwords: Subwords? = nil
    ) {
        precondition(window > 0, "WordPrediction: a window of \(window)")
        self.direction = direction
        self.objective = objective
        self.window = window
        self.subsampling = subsampling
        self.subwords = subwords
    }
}

extension WordPredictor {
    /// The model of a vocabulary.
    public convenience init(
        _ prediction: WordPrediction, _ vocabulary: WordVocabulary, dimension: Int, generator: Generator = .current
    ) {
        let isTree = prediction.objective == .hierarchicalSoftmax
        self.init(
            inputCount: vocabulary.count + (prediction.subwords?.bucketCount ?? 0),
            outputCount: isTree ? max(1, vocabulary.count - 1) : vocabulary.count, dimension: dimension,
            takesMean: prediction.direction == .cbow, generator: generator)
    }

    /// The vectors of all words: their rows, or the sums of their parts' rows. (words, d)
    public func vectors(of vocabulary: WordVocabulary, _ subwords: Subwords?) -> Tensor {
        guard let subwords else { return inputs }
        let rows = WordRows(inputs)
        let (starts, parts) = subwords.rows(of: vocabulary)
        let result = WordRows(count: vocabulary.count, dimension: rows.dimension)
        for word in 0..<vocabulary.count {
            let target = result.memory + word * result.stride
            for part in starts[word]..<starts[word + 1] {
                let row = rows.memory + Int(parts[Int(part)]) * rows.stride
                for j in 0..<rows.dimension { target[j] += row[j] }
            }
        }
        return result.tensor
    }
}

/// Steps along the gradient of `WordPredictor.negativeLogLikelihood`, one for each place in the text, on all threads at once and without locks.
///
/// A batch is a range of the text. On one thread the same seed gives the same vectors; several threads' updates meet in no certain order.
///
/// Reference: Niu, Recht, Ré and Wright, “Hogwild!”, 2011.
public final class WordPredictorStep: TrainingStep {
    private let prediction: WordPrediction
    private let vocabulary: WordVocabulary
    private let tokens: [Int32]
    private var inputs: WordRows
    private var outputs: WordRows
    private let table: AliasTable
    private let tree: HuffmanTree?
    private let parts: (starts: [Int64], rows: [Int32])?
    private let keep: [UInt32]?
    private var isPublished = true

    /// - Parameter corpus: what is trained on; words that aren't in the vocabulary are left out.
    public convenience init(
        _ model: WordPredictor, _ prediction: WordPrediction, _ vocabulary: WordVocabulary, corpus: WordCorpus
    ) {
        self.init(model, prediction, vocabulary, tokens: vocabulary.encoded(corpus))
    }

    package init(_ model: WordPredictor, _ prediction: WordPrediction, _ vocabulary: WordVocabulary, tokens: [Int32]) {
        self.prediction = prediction
        self.vocabulary = vocabulary
        self.tokens = tokens
        inputs = WordRows(model.inputs)
        outputs = WordRows(model.outputs)
        table = AliasTable(weights: vocabulary.counts.map { pow(Double($0), 0.75) })
        tree = prediction.objective == .hierarchicalSoftmax ? HuffmanTree(counts: vocabulary.counts) : nil
        parts = prediction.subwords?.rows(of: vocabulary)
        keep = prediction.subsampling.map { threshold in
            vocabulary.keepProbabilities(threshold: threshold).map { UInt32(min($0 * 0x1p32, 0x1p32 - 1)) }
        }
    }

    /// The text in batches of at least `size` words, whole sentences where these aren't longer.
    public func batches(size: Int = 20_000) -> MadeBatches<Range<Int>> {
        var starts = [0]
        for (place, token) in tokens.enumerated() where token < 0 {
            if place + 1 - starts[starts.count - 1] >= size { starts.append(place + 1) }
        }
        if starts[starts.count - 1] == tokens.count { starts.removeLast() }
        let ends = starts.dropFirst() + [tokens.count]
        let ranges = zip(starts, ends).map { $0..<$1 }
        let words = tokens.count { $0 >= 0 }
        return MadeBatches(count: ranges.count, examplesPerBatch: words / max(1, ranges.count)) { _, batch in
            ranges[batch]
        }
    }

    /// A pass over a range of the text.
    public func take(_ batch: Range<Int>, model: WordPredictor, learningRate: Double?) throws -> StepOutcome {
        isPublished = false
        let rate = Float(learningRate ?? 0.025)
        let seed = Generator.current.next()
        let progress = withKernelModel(takesMean: model.takesMean) { kernel in
            tokens.withUnsafeBufferPointer { tokens in
                withUnsafePointer(to: kernel) {
                    apus_word_train($0, tokens.baseAddress! + batch.lowerBound, batch.count, rate, seed)
                }
            }
        }
        return StepOutcome(loss: progress.predictions == 0 ? 0 : progress.loss / Double(progress.predictions))
    }

    public func publish(to model: WordPredictor) {
        if isPublished { return }
        model.inputs = inputs.tensor
        model.outputs = outputs.tensor
        isPublished = true
    }

    public func adopt(_ model: WordPredictor) {
        inputs.assign(model.inputs)
        outputs.assign(model.outputs)
        isPublished = true
    }

    /// One step for given rows, labels and learning rate, and its loss.
    package func step(bag: [Int32], targets: [Int32], labels: [Float], takesMean: Bool, learningRate: Float) -> Double {
        isPublished = false
        return withKernelModel(takesMean: takesMean) { kernel in
            withUnsafePointer(to: kernel) {
                Double(apus_word_step($0, bag, bag.count, targets, labels, targets.count, learningRate))
            }
        }
    }

    private func withKernelModel<Result>(takesMean: Bool, _ body: (apus_word_model) -> Result) -> Result {
        var kernel = apus_word_model()
        kernel.inputs = inputs.memory
        kernel.outputs = outputs.memory
        kernel.stride = inputs.stride
        kernel.wordCount = vocabulary.count
        kernel.window = prediction.window
        kernel.isCBOW = prediction.direction == .cbow ? 1 : 0
        kernel.takesMean = takesMean ? 1 : 0
        kernel.mostRows = parts.map { zip($0.starts, $0.starts.dropFirst()).map { Int($1 - $0) }.max() ?? 1 } ?? 1
        if case .negativeSampling(let count) = prediction.objective { kernel.negatives = count }
        kernel.longestPath = tree?.longestPath ?? 0
        return withAddresses(of: parts?.starts, parts?.rows, tree?.starts, tree?.nodes) { starts, rows, paths, nodes in
            kernel.inputStarts = starts
            kernel.inputRows = rows
            kernel.pathStarts = paths
            kernel.pathNodes = nodes
            return withAddresses(of: tree?.labels, keep, table.thresholds, table.aliases) {
                labels, keep, thresholds, aliases in
                kernel.pathLabels = labels
                kernel.keep = keep
                kernel.aliasThresholds = thresholds
                kernel.aliases = aliases
                return body(kernel)
            }
        }
    }
}

/// The addresses of four arrays while `body` runs; nil for those that aren't there.
private func withAddresses<A, B, C, D, Result>(
    of a: [A]?, _ b: [B]?, _ c: [C]?, _ d: [D]?,
    _ body: (UnsafePointer<A>?, UnsafePointer<B>?, UnsafePointer<C>?, UnsafePointer<D>?) -> Result
) -> Result {
    func address<Element, R>(_ array: [Element]?, _ body: (UnsafePointer<Element>?) -> R) -> R {
        guard let array else { return body(nil) }
        return array.withUnsafeBufferPointer { body($0.baseAddress) }
    }
    return address(a) { a in address(b) { b in address(c) { c in address(d) { d in body(a, b, c, d) } } } }
}
