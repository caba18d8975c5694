/// `softmax(q kᵀ · scale + mask) v` (Vaswani et al. 2017)
///
/// - Input: `query (…, L, E)`, `key (…, S, E)`, `value (…, S, V)`. Output: `(…, L, V)`.
/// - Parameters:
///   - mask: broadcasts to `(…, L, S)`. Bool: true takes part. Floating point: added to the scores.
///   - isCausal: position i of the queries sees keys 0 … i.
///   - scale: `1/√E` by default.
///   - isGrouped: whether several heads of queries share each head of keys and values (Ainslie et al. 2023): the heads lie on the third axis
///     from behind, those of the queries a multiple of the others.
public func scaledDotProductAttention(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, dropout probability: Double = 0,
    isCausal: Bool = false, scale: Double? = nil, isGrouped: Bool = false
) -> Tensor {
    if isGrouped, query.rank >= 3, key.rank == query.rank, value.rank == query.rank {
        let share = query.shape[query.rank - 3] / max(1, key.shape[key.rank - 3])
        return scaledDotProductAttention(
            query, key.repeatInterleaved(share, axis: -3), value.repeatInterleaved(share, axis: -3), mask: mask,
            dropout: probability, isCausal: isCausal, scale: scale)
    }
    if probability > 0 {
        let weights = attentionWeights(query, key, mask: mask, dropout: probability, isCausal: isCausal, scale: scale)
        return matmul(weights, value)
    }
    return attention(
        query, key, value, mask: mask.map { additive($0, query.dtype, hidesTrue: false) }, isCausal: isCausal,
        scale: scale ?? defaultScale(query))
}

/// `1/√E`
private func defaultScale(_ query: Tensor) -> Double { 1 / Double(query.shape[query.rank - 1]).squareRoot() }

/// A mask to be added to the scores: −∞ where a bool mask hides a key.
private func additive(_ mask: Tensor, _ dtype: DType, hidesTrue: Bool) -> Tensor {
    guard mask.dtype == .bool else { return mask.cast(to: dtype) }
    let (seen, hidden) = (Tensor(0.0, dtype: dtype), Tensor(-Double.infinity, dtype: dtype))
    return hidesTrue ? `where`(mask, hidden, seen) : `where`(mask, seen, hidden)
}

/// `softmax(q kᵀ · scale + mask)`: `(…, L, S)`.
private func attentionWeights(
    _ query: Tensor, _ key: Tensor, mask: Tensor?, dropout probability: Double, isCausal: Bool, scale: Double? = nil
) -> Tensor {
    var scores = matmul(query * (scale ?? defaultScale(query)), key.T)  // (…, L, S)
    if isCausal { scores = causallyMasked(scores) }
    if let mask {
        scores = mask.dtype == .bool ? `where`(mask, scores, -Double.infinity) : scores + mask
    }
    return dropout(softmax(scores), probability: probability)
}

/// Attention with several heads, each with its own projections (Vaswani et al. 2017).
///
/// - Input: `query (L, B, features)`, `key (S, B, keyFeatures)`, `value (S, B, valueFeatures)`; with `batchFirst` the batch comes first.
/// - Output: `(L, B, features)`, and the weights `(B, L, S)`, or `(B, heads, L, S)` where they are not averaged. Without a batch none has its axis.
/// - Parameters: `in_proj_weight (3·features, features)` (or `q_proj_weight`, `k_proj_weight`, `v_proj_weight` where the features
///   differ; Xavier's uniform), `in_proj_bias (3·features)`, `out_proj`, and where asked for `bias_k` and `bias_v (1, 1, features)`.
public final class MultiheadAttention: Module {
    @Parameter public var inProjWeight: Tensor?
    @Parameter public var qProjWeight: Tensor?
    @Parameter public var kProjWeight: Tensor?
    @Parameter public var vProjWeight: Tensor?
    @Parameter public var inProjBias: Tensor?
    @Parameter public var biasK: Tensor?
    @Parameter public var biasV: Tensor?
    /// The projection of the joined heads, `features` to `features`.
    public let outProj: Linear
    /// The features of a query and of the output.
    public let features: Int
    /// How many heads share the features, `features / heads` each.
    public let heads: Int
    /// The probability of dropping an attention weight in training.
    public let dropoutProbability: Double
    /// Whether inputs are `(B, L, features)` rather than `(L, B, features)`.
    public let isBatchFirst: Bool
    /// Whether a key and a value of zeros follow the others.
    public let addsZeroAttention: Bool

    /// - Parameter addsKeyValueBias: whether a learned key and value follow the others.
    public init(
        _ features: Int, heads: Int, dropout: Double = 0, bias: Bool = true, addsKeyValueBias: Bool = false,
        addsZeroAttention: Bool = false, keyFeatures: Int? = nil, valueFeatures: Int? = nil,
        batchFirst: Bool = false, generator: Generator = .current
    ) {
        precondition(
            heads >= 1 && features % heads == 0, "MultiheadAttention: \(features) features in \(heads) heads")
        self.features = features
        self.heads = heads
        dropoutProbability = dropout
        isBatchFirst = batchFirst
        self.addsZeroAttention = addsZeroAttention
        let (keyFeatures, valueFeatures) = (keyFeatures ?? features, valueFeatures ?? features)
        let isPacked = keyFeatures == features && valueFeatures == features
        func projection(_ shape: Shape, _ isUsed: Bool) -> Tensor? {
            isUsed ? .xavierUniform(shape, generator: generator) : nil
        }
        inProjWeight = projection([3 * features, features], isPacked)
        qProjWeight = projection([features, features], !isPacked)
        kProjWeight = projection([features, keyFeatures], !isPacked)
        vProjWeight = projection([features, valueFeatures], !isPacked)
        inProjBias = bias ? .zeros([3 * features]) : nil
        outProj = Linear(features, features, bias: bias, generator: generator)
        if bias { outProj.bias = .zeros([features]) }
        // Xavier's normal deviation of (1, 1, features): the fans are 1 · features and 1 · features.
        func extra() -> Tensor? {
            addsKeyValueBias ? .xavierNormal([1, 1, features], generator: generator) : nil
        }
        biasK = extra()
        biasV = extra()
    }

    /// - Parameters:
    ///   - attentionMask: `(L, S)` or `(B · heads, L, S)`. Bool: true does not take part. Floating point: added to the scores.
    ///   - keyPaddingMask: `(B, S)`, in the same sense: true is padding.
    ///   - isCausal: position i of the queries sees keys 0 … i.
    ///   - averagesWeights: whether the weights returned are the heads' mean.
    public func callAsFunction(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, attentionMask: Tensor? = nil, keyPaddingMask: Tensor? = nil,
        isCausal: Bool = false, averagesWeights: Bool = true
    ) -> (output: Tensor, weights: Tensor) {
        traced(query, key, value) {
            if query.rank == 2 {
                let axis = isBatchFirst ? 0 : 1
                let isSelf = query.node === key.node && key.node === value.node
                let q = query.expandingDims(axis)
                let k = isSelf ? q : key.expandingDims(axis)
                let (output, weights) = self(
                    q, k, isSelf ? q : value.expandingDims(axis), attentionMask: attentionMask,
                    keyPaddingMask: keyPaddingMask?.expandingDims(0), isCausal: isCausal,
                    averagesWeights: averagesWeights)
                return (output.squeezed(axis), weights.squeezed(0))
            }
            var (q, k, v) = projected(query, key, value)  // (B, heads, L or S, features / heads)
            var mask = mask(attentionMask, keyPaddingMask, like: q)
            let keys = k.shape[2]
            if let biasK, let biasV { (k, v) = (appending(biasK, to: k), appending(biasV, to: v)) }
            if addsZeroAttention {
                let zeros = Tensor.zeros([1, 1, features], dtype: k.dtype)
                (k, v) = (appending(zeros, to: k), appending(zeros, to: v))
            }
            // What was appended is always seen.
            let extra = k.shape[2] - keys
            if extra > 0 {
                mask = mask.map { $0.padded([(Int, Int)](repeating: (0, 0), count: $0.rank - 1) + [(0, extra)]) }
            }
            let probability = isTraining ? dropoutProbability : 0
            let weights = attentionWeights(q, k, mask: mask, dropout: probability, isCausal: isCausal)
            // Without dropout the weights are computed only where somebody looks at them.
            let attended =
                probability > 0
                ? matmul(weights, v) : scaledDotProductAttention(q, k, v, mask: mask, isCausal: isCausal)
            return (joined(attended), averagesWeights ? weights.mean(axes: 1) : weights)
        }
    }

    /// A key or value `(1, 1, features)` behind those of each head: `(B, heads, S, E) → (B, heads, S + 1, E)`.
    private func appending(_ extra: Tensor, to x: Tensor) -> Tensor {
        let row = extra.reshaped(1, heads, 1, features / heads)
        return concatenate([x, row.broadcast(to: [x.shape[0], heads, 1, features / heads])], axis: 2)
    }

    private func projected(_ query: Tensor, _ key: Tensor, _ value: Tensor) -> (Tensor, Tensor, Tensor) {
        if let inProjWeight, query.node === key.node, key.node === value.node {
            // Self-attention: one product for all three.
            let parts = linear(query, inProjWeight, inProjBias).chunked(3, axis: -1)
            return (split(parts[0]), split(parts[1]), split(parts[2]))
        }
        return (projected(query: query), projected(key: key), projected(value: value))
    }

    /// The queries, heads apart: `(B, heads, L, features / heads)`.
    package func projected(query: Tensor) -> Tensor { projected(query, 0, qProjWeight) }

    /// The keys, heads apart: `(B, heads, S, features / heads)`.
    package func projected(key: Tensor) -> Tensor { projected(key, 1, kProjWeight) }

    /// The values, heads apart: `(B, heads, S, features / heads)`.
    package func projected(value: Tensor) -> Tensor { projected(value, 2, vProjWeight) }

    private func projected(_ x: Tensor, _ part: Int, _ weight: Tensor?) -> Tensor {
        split(linear(x, inProjWeight?.chunked(3)[part] ?? weight!, inProjBias?.chunked(3)[part]))
    }

    /// What the heads have attended to, as one: `(B, heads, L, features / heads)` → the output's shape.
    package func joined(_ heads: Tensor) -> Tensor {
        let output = outProj(heads.swappingAxes(1, 2).flattened(from: 2))
        return isBatchFirst ? output : output.swappingAxes(0, 1)
    }

    /// Heads apart: `(L, B, features)` or `(B, L, features)` → `(B, heads, L, features / heads)`.
    private func split(_ x: Tensor) -> Tensor {
        let apart = x.reshaped(x.shape[0], x.shape[1], heads, features / heads)
        return isBatchFirst ? apart.transposed(0, 2, 1, 3) : apart.transposed(1, 2, 0, 3)
    }

    /// Both masks as one, to be added to the scores.
    private func mask(_ attention: Tensor?, _ keyPadding: Tensor?, like q: Tensor) -> Tensor? {
        let batch = q.shape[0]
        let byPosition = attention.map { mask in
            let added = additive(mask, q.dtype, hidesTrue: true)
            return mask.rank == 3 ? added.reshaped(batch, heads, mask.shape[1], mask.shape[2]) : added
        }
        let byKey = keyPadding.map { additive($0, q.dtype, hidesTrue: true).reshaped(batch, 1, 1, $0.shape[1]) }
        guard let byPosition, let byKey else { return byPosition ?? byKey }
        return byPosition + byKey
    }
}
