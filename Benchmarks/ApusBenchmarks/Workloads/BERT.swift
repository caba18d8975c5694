import Apus

/// An encoder of transformer blocks with norms behind the residuals (Devlin et al. 2019): BERT-base.
final class BERT: Module {
    let tokens: Embedding
    let positions: Embedding
    let segments: Embedding
    let norm: LayerNorm
    let blocks: [TransformerBlock]
    let pooler: Linear

    init(layers: Int = 12, heads: Int = 12, width: Int = 768, context: Int = 512, vocabulary: Int = 30522) {
        tokens = Embedding(vocabulary, width)
        positions = Embedding(context, width)
        segments = Embedding(2, width)
        norm = LayerNorm(width, epsilon: 1e-12)
        blocks = (0..<layers).map { _ in TransformerBlock(width, heads: heads, isNormFirst: false, epsilon: 1e-12) }
        pooler = Linear(width, width)
    }

    /// The first token's features, for classification: `(B, T)` of tokens and of segments → `(B, width)`.
    func callAsFunction(_ indices: Tensor, segments types: Tensor) -> Tensor {
        let x = norm(tokens(indices) + segments(types) + positions(.range(indices.shape[1])))  // (B, T, width)
        return tanh(pooler(blocks.reduce(x) { $1($0) }[.all, 0]))
    }
}

let bertBase = InferenceWorkload(
    "bert-base", items: (128, "tokens"),
    inputs: ["tokens": .integers([1, 128], below: 30522), "segments": .integers([1, 128], below: 2)],
    model: { BERT() }
) { $0($1["tokens"]!, segments: $1["segments"]!) }
