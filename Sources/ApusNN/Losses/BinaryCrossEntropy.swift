// Losses of yes-or-no predictions.

/// `−(y log p + (1 − y) log(1 − p))`; the logarithms are kept above −100.
///
/// - Parameters:
///   - probabilities: in [0, 1].
///   - weight: a factor for each element; broadcasts.
public func binaryCrossEntropy(
    _ probabilities: Tensor, _ targets: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean
) -> Tensor {
    requireEqualShapes("binary cross-entropy", probabilities, targets)
    let yes = log(probabilities).clamped(-100)
    let no = log1p(-probabilities).clamped(-100)
    let losses = -(targets * yes + (1 - targets) * no)
    return (weight.map { losses * $0 } ?? losses).reduced(reduction)
}

/// `−(w y log σ(x) + (1 − y) log(1 − σ(x)))` without overflow.
///
/// - Parameters:
///   - positiveWeight: `w`, a factor for the positive part, one for each class; broadcasts.
///   - weight: a factor for each element; broadcasts.
public func binaryCrossEntropy(
    logits: Tensor, _ targets: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil,
    reduction: LossReduction = .mean
) -> Tensor {
    requireEqualShapes("binary cross-entropy", logits, targets)
    // −log(1 − σ(x)) = x − log σ(x)
    let negativeLog = -logSigmoid(logits)
    let factor = positiveWeight.map { 1 + ($0 - 1) * targets }
    let losses = (1 - targets) * logits + (factor.map { $0 * negativeLog } ?? negativeLog)
    return (weight.map { losses * $0 } ?? losses).reduced(reduction)
}
