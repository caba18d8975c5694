// Losses that want distances or scores apart by a margin. Targets are 1 and −1.

/// `max(0, d(anchor, positive) − d(anchor, negative) + margin)`, where `d(x, y) = ‖x − y + epsilon‖_p` over the last axis.
///
/// - Parameter swap: whether the distance from the positive to the negative counts where it is the smaller one (Balntas et al. 2016).
public func tripletMargin(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: Double = 1, p: Double = 2, epsilon: Double = 1e-6,
    swap: Bool = false, reduction: LossReduction = .mean
) -> Tensor {
    requireEqualShapes("triplet margin", anchor, positive)
    requireEqualShapes("triplet margin", anchor, negative)
    func distance(_ x: Tensor, _ y: Tensor) -> Tensor {
        let difference = x - y + epsilon
        return p == 2 ? difference.norm(axes: -1) : pow(pow(abs(difference), p).sum(axes: -1), 1 / p)
    }
    var far = distance(anchor, negative)
    if swap { far = minimum(far, distance(positive, negative)) }
    return (distance(anchor, positive) - far + margin).clamped(0).reduced(reduction)
}

/// `1 − cos(x, y)` for targets of 1, `max(0, cos(x, y) − margin)` for targets of −1, over the last axis.
public func cosineEmbedding(
    _ x: Tensor, _ y: Tensor, _ targets: Tensor, margin: Double = 0, reduction: LossReduction = .mean
) -> Tensor {
    requireEqualShapes("cosine embedding", x, y)
    let epsilon = 1e-12
    let squares = (square(x).sum(axes: -1) + epsilon) * (square(y).sum(axes: -1) + epsilon)
    let cosine = (x * y).sum(axes: -1) * rsqrt(squares)
    return `where`(targets .> 0, 1 - cosine, (cosine - margin).clamped(0)).reduced(reduction)
}

/// `x` for targets of 1, `max(0, margin − x)` for targets of −1: for `x` a distance.
public func hingeEmbedding(
    _ x: Tensor, _ targets: Tensor, margin: Double = 1, reduction: LossReduction = .mean
) -> Tensor {
    requireEqualShapes("hinge embedding", x, targets)
    return `where`(targets .> 0, x, (margin - x).clamped(0)).reduced(reduction)
}

/// `max(0, −target · (x − y) + margin)`: `x` is to be larger for targets of 1, `y` for targets of −1.
public func marginRanking(
    _ x: Tensor, _ y: Tensor, _ targets: Tensor, margin: Double = 0, reduction: LossReduction = .mean
) -> Tensor {
    requireEqualShapes("margin ranking", x, y)
    return (margin - targets * (x - y)).clamped(0).reduced(reduction)
}
