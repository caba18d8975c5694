import ApusNN

/// Two vectors for each word, one to predict with and one to be predicted by, so that `σ(u · v)` tells how probably the words are seen
/// together: skip-gram, CBOW, and both with subwords.
///
/// Reference: Mikolov, Chen, Corrado and Dean, “Efficient estimation of word representations in vector space”, 2013; Mikolov, Sutskever,
/// Chen, Corrado and Dean, “Distributed representations of words and phrases and their compositionality”, 2013.
public final class WordPredictor: Module {
    /// What predicts: `(words + buckets, d)`, uniform in ±1/2d at first.
    @Parameter public var inputs: Tensor
    /// What is predicted: words, or inner nodes of the tree. `(rows, d)`, zeros at first.
    @Parameter public var outputs: Tensor
    /// Whether the mean of several rows predicts (CBOW), rather than their sum (subwords).
    public let takesMean: Bool

    public init(inputCount: Int, outputCount: Int, dimension: Int, takesMean: Bool, generator: Generator = .current) {
        let bound = 0.5 / Double(dimension)
        inputs = Tensor.uniform([inputCount, dimension], low: -bound, high: bound, generator: generator)
        outputs = Tensor.zeros([outputCount, dimension])
        self.takesMean = takesMean
    }

    /// `−Σₖ log σ(±uₖ · v)`, where v is the mean or sum of the rows in `bag`, and the sign is + where the label is 1, − where it is 0.
    ///
    /// With negative sampling, the targets are the word that was seen, labelled 1, and words drawn at random, labelled 0; with the tree,
    /// the nodes on the way to the word, labelled by the turn that is taken there.
    ///
    /// This is what training means; `WordPredictorStep` computes its steps.
    ///
    /// - Parameters:
    ///   - bag: rows of `inputs`, (n)
    ///   - targets: rows of `outputs`, (k)
    ///   - labels: 0 or 1, (k)
    public func negativeLogLikelihood(bag: Tensor, targets: Tensor, labels: Tensor) -> Tensor {
        let rows = inputs.gathered(bag)  // (n, d)
        let v = takesMean ? rows.mean(axes: 0) : rows.sum(axes: 0)  // (d)
        let scores = matmul(outputs.gathered(targets), v)  // (k)
        return -(labels * logSigmoid(scores) + (1 - labels) * logSigmoid(-scores)).sum()
    }
}

/// Two vectors and biases for each word whose products are the logarithms of how often words are seen together: GloVe.
///
/// Reference: Pennington, Socher and Manning, “GloVe: global vectors for word representation”, 2014.
public final class CooccurrenceFactors: Module {
    /// w and w̃: `(words, d)`, uniform in ±1/2d at first.
    @Parameter public var words: Tensor
    @Parameter public var contexts: Tensor
    /// b and b̃: `(words)`.
    @Parameter public var wordBiases: Tensor
    @Parameter public var contextBiases: Tensor

    public init(count: Int, dimension: Int, generator: Generator = .current) {
        let bound = 0.5 / Double(dimension)
        words = Tensor.uniform([count, dimension], low: -bound, high: bound, generator: generator)
        contexts = Tensor.uniform([count, dimension], low: -bound, high: bound, generator: generator)
        wordBiases = Tensor.uniform([count], low: -bound, high: bound, generator: generator)
        contextBiases = Tensor.uniform([count], low: -bound, high: bound, generator: generator)
    }

    /// `½ Σ f(x) (wᵢ · w̃ⱼ + bᵢ + b̃ⱼ − log x)²` over pairs (i, j) that are seen together x times.
    ///
    /// - Parameters:
    ///   - i: the pairs' words, (n)
    ///   - j: their contexts, (n)
    ///   - logarithms: of the counts, (n)
    ///   - weights: f(x), (n)
    public func weightedSquares(_ i: Tensor, _ j: Tensor, logarithms: Tensor, weights: Tensor) -> Tensor {
        let products = (words.gathered(i) * contexts.gathered(j)).sum(axes: 1)  // (n)
        let errors = products + wordBiases.gathered(i) + contextBiases.gathered(j) - logarithms
        return 0.5 * (weights * square(errors)).sum()
    }

    /// `w + w̃`, which the reference uses.
    public var vectors: Tensor { words + contexts }
}
