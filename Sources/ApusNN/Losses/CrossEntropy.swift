// Losses of classifiers over classes that exclude one another. Classes lie along axis 1, along axis 0 where there is no batch.

/// The negative log-likelihood of the right classes under `softmax(logits)`.
///
/// - Input: `logits (N, C, …)` or `(C)`. `targets`: class indices `(N, …)` or `()` of an integer dtype, or probabilities
///   shaped like the logits.
/// - Parameters:
///   - weight: `(C)`: a factor for each class; the mean is then weighted by the targets' factors.
///   - ignoredIndex: targets of this value don't count.
///   - labelSmoothing: the part of each target that is spread evenly over all classes (Szegedy et al. 2016).
///
/// A class index outside of `0 ..< C` is an error when the loss is evaluated.
public func crossEntropy(
    _ logits: Tensor, _ targets: Tensor, weight: Tensor? = nil, ignoredIndex: Int = -100, labelSmoothing: Double = 0,
    reduction: LossReduction = .mean
) -> Tensor {
    let axis = classAxis(logits)
    let logProbabilities = logSoftmax(logits, axis: axis)
    if targets.dtype.isFloatingPoint {
        return soft(logProbabilities, targets, axis, weight, labelSmoothing, reduction)
    }
    let exact = negativeLogLikelihood(
        logProbabilities, targets, weight: weight, ignoredIndex: ignoredIndex, reduction: reduction)
    guard labelSmoothing > 0 else { return exact }

    let classes = logits.shape[axis]
    let weighted = weight.map { logProbabilities * $0.alongClasses(of: logits) } ?? logProbabilities
    let counted = (targets .!= ignoredIndex).cast(to: logits.dtype)
    let even = -weighted.sum(axes: axis) * counted
    let spread =
        reduction == .mean
        ? even.sum() / targetWeights(targets, weight, ignoredIndex, logits.dtype).sum() : even.reduced(reduction)
    return exact * (1 - labelSmoothing) + spread * (labelSmoothing / Double(classes))
}

/// `−Σ_c targets_c · weight_c · log p_c`
private func soft(
    _ logProbabilities: Tensor, _ targets: Tensor, _ axis: Int, _ weight: Tensor?, _ labelSmoothing: Double,
    _ reduction: LossReduction
) -> Tensor {
    var targets = targets
    if labelSmoothing > 0 {
        let classes = Double(logProbabilities.shape[axis])
        targets = targets * (1 - labelSmoothing) + labelSmoothing / classes
    }
    let weighted = weight.map { targets * $0.alongClasses(of: logProbabilities) } ?? targets
    return (-(logProbabilities * weighted).sum(axes: axis)).reduced(reduction)
}

/// `−weight[target] · logProbabilities[target]`
///
/// - Input: `logProbabilities (N, C, …)` or `(C)`, `targets (N, …)` or `()`: class indices. The mean is weighted by the targets' weights.
public func negativeLogLikelihood(
    _ logProbabilities: Tensor, _ targets: Tensor, weight: Tensor? = nil, ignoredIndex: Int = -100,
    reduction: LossReduction = .mean
) -> Tensor {
    let axis = classAxis(logProbabilities)
    guard logProbabilities.rank > 0, logProbabilities.shape.removing(axes: [axis]) == targets.shape else {
        reportTensorError(
            TensorError(
                "loss: predictions \(logProbabilities.shape) with targets \(targets.shape): class indices need the "
                    + "predictions' shape without axis \(axis)"))
        return Tensor(0.0)
    }
    let classes = `where`(targets .== ignoredIndex, 0, targets)
    let picked = `where`(isClass(classes, axis, of: logProbabilities), logProbabilities, 0).sum(axes: axis)
    let weights = targetWeights(targets, weight, ignoredIndex, logProbabilities.dtype)
    let losses = `where`(targets .== ignoredIndex, 0, -picked * weights)
    return reduction == .mean ? losses.sum() / weights.sum() : losses.reduced(reduction)
}

/// True at the class of each target, in the predictions' shape: what a sum over the classes picks in the pass that makes the predictions, and
/// their gradient needs no scattering.
private func isClass(_ targets: Tensor, _ axis: Int, of predictions: Tensor) -> Tensor {
    // Looked up in a table, so that a class that there is not is an error.
    let known = Tensor.iota([predictions.shape[axis]], axis: 0, dtype: .int32).gathered(targets)
    return Tensor.iota(predictions.shape, axis: axis, dtype: .int32) .== known.expandingDims(axis)
}

/// How much each target counts: its class's weight, 0 where it is ignored.
private func targetWeights(_ targets: Tensor, _ weight: Tensor?, _ ignoredIndex: Int, _ dtype: DType) -> Tensor {
    let isIgnored = targets .== ignoredIndex
    guard let weight else { return (.!isIgnored).cast(to: dtype) }
    return `where`(isIgnored, 0, weight.gathered(`where`(isIgnored, 0, targets)))
}

private func classAxis(_ predictions: Tensor) -> Int { predictions.rank > 1 ? 1 : 0 }

extension Tensor {
    /// A value for each class, shaped to go with `(N, C, …)` or `(C)`.
    fileprivate func alongClasses(of x: Tensor) -> Tensor { x.rank > 1 ? alongChannels(of: x) : self }
}
