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

/// `max(0, d(anchor, positive) − d(anchor, negative) + margin)` for any distance. See `tripletMargin`.
public func tripletMargin(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: Double = 1, swap: Bool = false,
    reduction: LossReduction = .mean, distance: (Tensor, Tensor) -> Tensor
) -> Tensor {
    var far = distance(anchor, negative)
    if swap { far = minimum(far, distance(positive, negative)) }
    return (distance(anchor, positive) - far + margin).clamped(0).reduced(reduction)
}

/// `log(1 + exp(−target · x))`
public func softMargin(_ x: Tensor, _ targets: Tensor, reduction: LossReduction = .mean) -> Tensor {
    requireEqualShapes("soft margin", x, targets)
    return softplus(-targets * x).reduced(reduction)
}

/// `Σ_c max(0, margin − x[target] + x[c])ᵖ / C` over the other classes.
///
/// - Input: `x (N, C)` or `(C)`, `targets (N)` or `()`: class indices.
/// - Parameter weight: `(C)`: a factor for each target's class.
public func multiMargin(
    _ x: Tensor, _ targets: Tensor, p: Int = 1, margin: Double = 1, weight: Tensor? = nil,
    reduction: LossReduction = .mean
) -> Tensor {
    precondition(p == 1 || p == 2, "multiMargin: p is 1 or 2, not \(p)")
    let classes = targets.expandingDims(-1)  // (N, 1)
    let right = x.gathered(elements: classes, axis: x.rank - 1)
    let isOther = (Tensor.iota(x.shape, axis: x.rank - 1) .!= classes).cast(to: x.dtype)
    let hinge = (margin - right + x).clamped(0)
    let losses = ((p == 1 ? hinge : square(hinge)) * isOther).mean(axes: -1)
    return (weight.map { losses * $0.gathered(targets) } ?? losses).reduced(reduction)
}

/// `Σ_j Σ_i max(0, 1 − (x[target_j] − x[i])) / C` over the targets j and the classes i that are none of them.
///
/// - Input: `x` and `targets`, both `(N, C)` or `(C)`. A row's targets are the class indices before its first negative one.
public func multiLabelMargin(_ x: Tensor, _ targets: Tensor, reduction: LossReduction = .mean) -> Tensor {
    requireEqualShapes("multi-label margin", x, targets)
    let isTarget = (targets .>= 0).cast(to: .int64).cumulativeProduct()  // until the first that is none
    let classes = `where`(isTarget .> 0, targets.cast(to: .int64), 0)
    let counts = Tensor.zeros(x.shape, dtype: .int64).scattered(elements: classes, isTarget, axis: x.rank - 1)
    let isOther = (counts .== 0).cast(to: x.dtype)
    let scores = x.gathered(elements: classes, axis: x.rank - 1)
    // (N, targets, classes)
    let hinge = (1 - scores.expandingDims(-1) + x.expandingDims(-2)).clamped(0)
    let counted = isTarget.cast(to: x.dtype).expandingDims(-1) * isOther.expandingDims(-2)
    return ((hinge * counted).sum(axes: -1, -2) / Double(max(1, x.shape.last ?? 1))).reduced(reduction)
}

/// The mean over the classes of `−(y log σ(x) + (1 − y) log σ(−x))`: a yes or no for each class.
///
/// - Input: `x` and `targets`, both `(N, C)` or `(C)`. Output before the reduction: without the classes' axis.
/// - Parameter weight: a factor for each class; broadcasts.
public func multiLabelSoftMargin(
    _ x: Tensor, _ targets: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean
) -> Tensor {
    binaryCrossEntropy(logits: x, targets, weight: weight, reduction: .none).mean(axes: -1).reduced(reduction)
}
