// Losses between two tensors of one shape.

/// `(x − y)²`
public func meanSquaredError(_ x: Tensor, _ y: Tensor, reduction: LossReduction = .mean) -> Tensor {
    requireEqualShapes("mean squared error", x, y)
    return square(x - y).reduced(reduction)
}

/// `|x − y|`
public func meanAbsoluteError(_ x: Tensor, _ y: Tensor, reduction: LossReduction = .mean) -> Tensor {
    requireEqualShapes("mean absolute error", x, y)
    return abs(x - y).reduced(reduction)
}

/// `(x − y)² / 2β` where `|x − y| < β`, `|x − y| − β/2` elsewhere (Girshick 2015).
public func smoothL1(_ x: Tensor, _ y: Tensor, beta: Double = 1, reduction: LossReduction = .mean) -> Tensor {
    guard beta > 0 else { return meanAbsoluteError(x, y, reduction: reduction) }
    return huber(x, y, delta: beta, reduction: reduction) / beta
}

/// `(x − y)² / 2` where `|x − y| < δ`, `δ (|x − y| − δ/2)` elsewhere (Huber 1964).
public func huber(_ x: Tensor, _ y: Tensor, delta: Double = 1, reduction: LossReduction = .mean) -> Tensor {
    requireEqualShapes("huber", x, y)
    let difference = x - y
    let distance = abs(difference)
    return `where`(distance .< delta, square(difference) * 0.5, (distance - delta / 2) * delta).reduced(reduction)
}

/// `targets · (log targets − x)`: the Kullback–Leibler divergence of the distribution of log-probabilities `x` from `targets`.
///
/// - Parameters:
///   - logTargets: whether the targets are log-probabilities too.
///   - reduction: `.batchMean` is the divergence as it is defined, averaged over a batch.
public func klDivergence(
    _ x: Tensor, _ targets: Tensor, logTargets: Bool = false, reduction: LossReduction = .mean
) -> Tensor {
    requireEqualShapes("KL divergence", x, targets)
    if logTargets { return (exp(targets) * (targets - x)).reduced(reduction) }
    let isPositive = targets .> 0
    let entropy = `where`(isPositive, targets * log(`where`(isPositive, targets, 1)), 0)
    return (entropy - targets * x).reduced(reduction)
}
