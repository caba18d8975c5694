import ApusNN

/// The keys and values of one layer for the tokens seen so far, in tensors of a fixed length of which the end isn't used yet.
public struct KeyValues {
    /// `(B, heads, capacity, width / heads)`
    let keys: Module.Buffer<Tensor>
    /// `(B, heads, capacity, width / heads)`
    let values: Module.Buffer<Tensor>
    /// Where new tokens go.
    let place: Place

    /// Where some tokens stand, and what they see.
    public struct Place {
        /// `(T)`
        public let positions: Tensor
        /// Where their keys and values start in the tensors: `(4)`.
        let corner: Tensor
        /// Whether a token sees a place: `(T, capacity)`.
        let mask: Tensor

        /// - Parameters:
        ///   - start: the position of the first token, `()`.
        ///   - capacity: how many tokens the tensors have room for.
        public init(of count: Int, from start: Tensor, capacity: Int) {
            positions = Tensor.range(count) + start
            corner = start * Tensor([0, 0, 1, 0])
            mask = Tensor.range(capacity) .<= positions.expandingDims(1)
        }
    }

    /// A layer's part of a model's memory, which has keys and values by turns.
    public init(layer: Int, of memory: ModelMemory, at place: Place) {
        keys = memory.parts[2 * layer]
        values = memory.parts[2 * layer + 1]
        self.place = place
    }

    /// Memory for a number of layers, without tokens.
    ///
    /// - Parameter batch: texts that are written side by side.
    public static func memory(layers: Int, heads: Int, capacity: Int, headWidth: Int, batch: Int = 1) -> ModelMemory {
        let empty = Tensor.zeros([batch, heads, capacity, headWidth]).evaluated()
        return ModelMemory(Array(repeating: empty, count: 2 * layers))
    }

    /// Attention of new tokens to themselves and all before them.
    ///
    /// - Input: `query (B, heads, T, E)`, `key` and `value` of the tokens, which are put behind the others.
    package func attended(_ query: Tensor, _ key: Tensor, _ value: Tensor, isGrouped: Bool = false) -> Tensor {
        keys.wrappedValue = keys.wrappedValue.replacing(at: place.corner, with: key)
        values.wrappedValue = values.wrappedValue.replacing(at: place.corner, with: value)
        return scaledDotProductAttention(
            query, keys.wrappedValue, values.wrappedValue, mask: place.mask, isGrouped: isGrouped)
    }
}

/// `(B, T, heads · E)` → `(B, heads, T, E)`
func headsApart(_ x: Tensor, _ heads: Int) -> Tensor {
    x.reshaped(x.shape[0], x.shape[1], heads, x.shape[2] / heads).swappingAxes(1, 2)
}

/// `(B, heads, T, E)` → `(B, T, heads · E)`
func headsJoined(_ x: Tensor) -> Tensor { x.swappingAxes(1, 2).flattened(from: 2) }

/// How much each token looks at each before it, `softmax(q kᵀ / √E)`: `(B, heads, T, T)`.
func causalWeights(_ query: Tensor, _ key: Tensor) -> Tensor {
    let scores = matmul(query * (1 / Double(query.shape[3]).squareRoot()), key.T)
    return softmax(scores + causalMask(query.shape[2], dtype: scores.dtype))
}

/// A language model whose layers attend to the tokens before.
public protocol AttentionModel: LanguageModel {
    /// How much each token looks at each before it, by layer: `(1, T)` → `(heads, T, T)`.
    func attentionWeights(_ tokens: Tensor) -> [Tensor]
}
