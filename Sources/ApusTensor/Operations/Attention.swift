// Attention: softmax(q kᵀ · scale + mask) v without the matrix of all weights in memory.

/// `softmax(q kᵀ · scale + mask) v`. Leading axes broadcast. Operands and result are of the precision in force; the arithmetic is
/// float32's at least.
///
/// - Input: `query (…, L, E)`, `key (…, S, E)`, `value (…, S, V)`, and a mask that is added to the scores and broadcasts to `(…, L, S)`.
/// - Output: `(…, L, V)`; 0 for a query that sees no key.
package func attention(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, isCausal: Bool, scale: Double
) -> Tensor {
    let given = query.dtype.promoted(with: key.dtype).promoted(with: value.dtype)
    let dtype = Precision.current == .bfloat16 && given == .float32 ? .bfloat16 : given
    var operands = [query, key, value].map { $0.cast(to: dtype) }
    if let mask { operands.append(mask.cast(to: dtype.ofArithmetic)) }

    var batch: Shape? = []
    for operand in operands { batch = batch?.broadcast(with: Shape(operand.shape.dropLast(2))) }
    if let batch, query.rank >= 2, key.rank >= 2, value.rank >= 2 {
        let scores = [query.shape[query.rank - 2], key.shape[key.rank - 2]]
        operands = operands.enumerated().map { index, operand in
            operand.broadcast(to: Shape(batch + (index < 3 ? Array(operand.shape.suffix(2)) : scores)))
        }
    }
    let attention = Attention(scale: scale, isCausal: isCausal)
    let result =
        EngineOptions.environment.runs(.attention)
        ? Tensor(Node.make(.attention(attention), operands.map(\.node))) : attentionDefinition(attention, operands)
    return result.cast(to: given)
}

/// Attention in simpler operations, as its second gradients need it, and who switched the operation off.
private func attentionDefinition(_ attention: Attention, _ operands: [Tensor]) -> Tensor {
    let dtype = operands[0].dtype
    var scores = Tensor(.matmul, operands[0] * attention.scale, operands[1].T)  // (…, L, S)
    if operands.count > 3 { scores = scores + operands[3] }
    if attention.isCausal { scores = causallyMasked(scores) }
    guard operands.count > 3 else { return Tensor(.matmul, softmax(scores), operands[2]) }
    // A query that the mask lets see nothing gets zeros, and gradients of 0.
    let isBlind = stopGradient(scores).max(axes: -1, keepingAxes: true) .== -Double.infinity
    let weights = `where`(isBlind, 0, softmax(`where`(isBlind, 0, scores)))
    return Tensor(.matmul, weights.cast(to: dtype), operands[2])
}

/// Scores `(…, L, S)` with −∞ where a key comes after the query.
package func causallyMasked(_ scores: Tensor) -> Tensor {
    let shape = Shape(scores.shape.suffix(2))
    return `where`(Tensor.iota(shape, axis: 1) .<= Tensor.iota(shape, axis: 0), scores, -Double.infinity)
}

/// The gradient by the mask, for those who differentiate by one.
func attentionMaskGradient(_ attention: Attention, _ operands: [Tensor], _ g: Tensor) -> Tensor? {
    guard operands[3].node.scope != nil else { return nil }
    return vectorJacobianProduct(at: operands, { [attentionDefinition(attention, $0)] }, with: { _ in [g] })
        .gradients[3]
}

/// The gradient of an attention's gradient: its definition is differentiated twice.
func secondAttentionGradient(
    _ attention: Attention, by operand: AttentionOperand, _ operands: [Tensor], _ g: Tensor
) -> [Tensor?] {
    vectorJacobianProduct(
        at: operands,
        { operands in
            let first = vectorJacobianProduct(
                at: Array(operands.dropFirst()), { [attentionDefinition(attention, $0)] },
                with: { _ in [operands[0]] })
            return [first.gradients[Int(operand.rawValue)]]
        }, with: { _ in [g] }
    ).gradients
}
