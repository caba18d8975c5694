import Apus

/// A language model of causal transformer blocks (Radford et al. 2019), arranged as in nanoGPT: the token embedding is the output
/// layer's weight too, and the GELU is exact.
final class GPT: Module, Layer {
    struct Configuration {
        var layers: Int
        var heads: Int
        var width: Int
        /// The longest sequence.
        var context: Int
        var vocabulary: Int
        /// Whether products and norms have biases.
        var bias: Bool

        /// nanoGPT's, for Shakespeare by characters.
        static let nano = Configuration(layers: 6, heads: 6, width: 384, context: 256, vocabulary: 65, bias: false)
        /// The smallest GPT-2, 124 million parameters.
        static let gpt2 = Configuration(layers: 12, heads: 12, width: 768, context: 1024, vocabulary: 50257, bias: true)
    }

    let tokens: Embedding
    let positions: Embedding
    let blocks: [TransformerBlock]
    let norm: LayerNorm

    init(_ configuration: Configuration) {
        let width = configuration.width
        tokens = Embedding(configuration.vocabulary, width)
        positions = Embedding(configuration.context, width)
        blocks = (0..<configuration.layers).map { _ in
            TransformerBlock(width, heads: configuration.heads, isCausal: true, bias: configuration.bias)
        }
        norm = LayerNorm(width, bias: configuration.bias)
    }

    /// Logits: `(B, T)` → `(B, T, vocabulary)`.
    func callAsFunction(_ indices: Tensor) -> Tensor {
        let x = tokens(indices) + positions(.range(indices.shape[1]))  // (B, T, width)
        return linear(norm(blocks.reduce(x) { $1($0) }), tokens.weight)
    }

    /// Logits of what follows the last of some tokens behind those in the cache: `(B, T)` → `(B, vocabulary)`.
    func callAsFunction(_ indices: Tensor, cache: inout KeyValueCache) -> Tensor {
        let length = indices.shape[1]
        let place = cache.place(of: length)
        var x = tokens(indices) + positions(place.positions)  // (B, T, width)
        for (index, block) in blocks.enumerated() { x = block(x, cache: &cache.layers[index], at: place) }
        cache.count += length
        return linear(norm(x.sliced(axis: 1, length - 1, 1).squeezed(1)), tokens.weight)
    }
}

/// nanoGPT's network for Shakespeare by characters: 8 sequences of 256.
func gpt(_ name: String, _ precision: Precision) -> TrainingWorkload<GPT> {
    languageModel(name, precision: precision, vocabulary: GPT.Configuration.nano.vocabulary, tokens: [8, 256]) {
        GPT(.nano)
    }
}
