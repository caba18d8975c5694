import Apus

/// Word vectors from neighbouring words, told apart from drawn ones (Mikolov et al. 2013): skip-gram with negative sampling.
final class SkipGram: Module {
    let centers: Embedding
    let contexts: Embedding

    init(vocabulary: Int, width: Int) {
        centers = Embedding(vocabulary, width)
        contexts = Embedding(vocabulary, width)
    }

    /// `−log σ(u·v) − Σ log σ(−uₙ·v)`, the mean over the batch.
    ///
    /// - Parameters: `center (B)`, `context (B)` a word near it, `negatives (B, N)` drawn ones.
    func loss(center: Tensor, context: Tensor, negatives: Tensor) -> Tensor {
        let v = centers(center)  // (B, width)
        let positive = (contexts(context) * v).sum(axes: -1)  // (B)
        let negative = matmul(contexts(negatives), v.expandingDims(-1)).squeezed(-1)  // (B, N)
        return -(logSigmoid(positive) + logSigmoid(-negative).sum(axes: -1)).mean()
    }
}

/// 1,024 pairs of 30,000 words, each against 5 drawn words.
let word2vec = TrainingWorkload(
    "word2vec", items: (1024, "pairs"), isSparse: true,
    inputs: [
        "center": .integers([1024], below: 30_000), "context": .integers([1024], below: 30_000),
        "negatives": .integers([1024, 5], below: 30_000),
    ],
    model: { SkipGram(vocabulary: 30_000, width: 100) }
) { $0.loss(center: $1["center"]!, context: $1["context"]!, negatives: $1["negatives"]!) }
