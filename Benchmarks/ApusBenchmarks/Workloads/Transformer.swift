import Apus

/// Self-attention of several heads, whose queries, keys and values come from one product (Vaswani et al. 2017).
///
/// - Input and output: `(B, T, width)`.
final class SelfAttention: Module {
    let qkv: Linear
    let projection: Linear
    let heads: Int
    let isCausal: Bool

    init(_ width: Int, heads: Int, isCausal: Bool, bias: Bool) {
        qkv = Linear(width, 3 * width, bias: bias)
        projection = Linear(width, width, bias: bias)
        self.heads = heads
        self.isCausal = isCausal
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let (q, k, v) = headsApart(x)
        return headsJoined(scaledDotProductAttention(q, k, v, isCausal: isCausal))
    }

    /// Attends to the tokens in the cache and to `x`, which is put behind them.
    func callAsFunction(_ x: Tensor, cache: inout KeyValueCache.Layer, at place: KeyValueCache.Place) -> Tensor {
        let (q, k, v) = headsApart(x)
        cache.keys = cache.keys.replacing(at: place.corner, with: k)  // (B, heads, capacity, width / heads)
        cache.values = cache.values.replacing(at: place.corner, with: v)
        return headsJoined(scaledDotProductAttention(q, cache.keys, cache.values, mask: place.mask))
    }

    /// `(B, T, width)` → three times `(B, heads, T, width / heads)`
    private func headsApart(_ x: Tensor) -> (q: Tensor, k: Tensor, v: Tensor) {
        let (batch, length, width) = (x.shape[0], x.shape[1], x.shape[2])
        let parts = qkv(x).chunked(3, axis: -1).map {
            $0.reshaped(batch, length, heads, width / heads).swappingAxes(1, 2)
        }
        return (parts[0], parts[1], parts[2])
    }

    /// `(B, heads, T, width / heads)` → `(B, T, width)`
    private func headsJoined(_ y: Tensor) -> Tensor { projection(y.swappingAxes(1, 2).flattened(from: 2)) }
}

/// Two products with a GELU between them, four times as wide inside.
final class FeedForward: Module {
    let fc1: Linear
    let fc2: Linear

    init(_ width: Int, bias: Bool) {
        fc1 = Linear(width, 4 * width, bias: bias)
        fc2 = Linear(4 * width, width, bias: bias)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { fc2(gelu(fc1(x))) }
}

/// Attention and a feed-forward network, each with a residual; norms stand before the parts, or behind the residuals.
final class TransformerBlock: Module {
    let norm1: LayerNorm
    let attention: SelfAttention
    let norm2: LayerNorm
    let mlp: FeedForward
    let isNormFirst: Bool

    init(
        _ width: Int, heads: Int, isCausal: Bool = false, isNormFirst: Bool = true, bias: Bool = true,
        epsilon: Double = 1e-5
    ) {
        norm1 = LayerNorm(width, epsilon: epsilon, bias: bias)
        attention = SelfAttention(width, heads: heads, isCausal: isCausal, bias: bias)
        norm2 = LayerNorm(width, epsilon: epsilon, bias: bias)
        mlp = FeedForward(width, bias: bias)
        self.isNormFirst = isNormFirst
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        if isNormFirst {
            let attended = x + attention(norm1(x))
            return attended + mlp(norm2(attended))
        }
        let attended = norm1(x + attention(x))
        return norm2(attended + mlp(attended))
    }

    /// With norms first, behind the tokens in a cache.
    func callAsFunction(_ x: Tensor, cache: inout KeyValueCache.Layer, at place: KeyValueCache.Place) -> Tensor {
        let attended = x + attention(norm1(x), cache: &cache, at: place)
        return attended + mlp(norm2(attended))
    }
}

/// The keys and values of the tokens seen so far, at a fixed length so that shapes don't change.
struct KeyValueCache {
    struct Layer {
        /// `(B, heads, capacity, width / heads)`
        var keys: Tensor
        /// `(B, heads, capacity, width / heads)`
        var values: Tensor
    }

    /// Where new tokens go, and what they see.
    struct Place {
        /// The tokens' positions: `(T)`.
        let positions: Tensor
        /// Where their keys and values start in a layer: `(4)`.
        let corner: Tensor
        /// Whether a token sees a place of the cache: `(T, capacity)`.
        let mask: Tensor
    }

    var layers: [Layer]
    /// The tokens seen so far.
    var count = 0

    /// An empty one.
    init(for model: GPT, batch: Int, capacity: Int) {
        let attention = model.blocks[0].attention
        let width = attention.projection.weight.shape[0]
        let empty = Tensor.zeros([batch, attention.heads, capacity, width / attention.heads]).evaluated()
        layers = Array(repeating: Layer(keys: empty, values: empty), count: model.blocks.count)
    }

    /// The place of the next tokens.
    func place(of tokens: Int) -> Place {
        let positions = Tensor.range(tokens) + Tensor(count)
        return Place(
            positions: positions, corner: Tensor([0, 0, count, 0]),
            mask: Tensor.range(layers[0].keys.shape[2]) .<= positions.expandingDims(1))
    }

    /// All tensors, to be evaluated with a step.
    var tensors: [Tensor] { layers.flatMap { [$0.keys, $0.values] } }
}
