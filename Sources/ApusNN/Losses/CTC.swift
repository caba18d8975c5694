/// Connectionist temporal classification (Graves et al. 2006): `−log P(targets | log-probabilities)`, summed over all alignments with
/// blanks and repeats.
///
/// - Input: `logProbabilities (T, B, C)`, `targets (B, S)` of class indices, padded with anything in `0 ..< C`, or `(Σ targetLengths)`, one
///   example's behind the other's. Without a batch, `(T, C)` and `(S)`.
/// - Parameters:
///   - inputLengths: how many steps of each example count, at most T.
///   - targetLengths: how many targets of each example count, at most S.
///   - blank: the class that stands for "nothing".
///   - zeroInfinity: whether examples too short for their targets count 0 rather than ∞.
///   - reduction: the mean divides each loss by its target's length first.
public func ctc(
    _ logProbabilities: Tensor, _ targets: Tensor, inputLengths: [Int], targetLengths: [Int], blank: Int = 0,
    zeroInfinity: Bool = false, reduction: LossReduction = .mean
) -> Tensor {
    if logProbabilities.rank == 2, targets.rank == 1 {
        let losses = ctc(
            logProbabilities.expandingDims(1), targets.expandingDims(0), inputLengths: inputLengths,
            targetLengths: targetLengths, blank: blank, zeroInfinity: zeroInfinity, reduction: reduction)
        return reduction == .none ? losses.squeezed(0) : losses
    }
    let targets = targets.rank == 1 ? rows(of: targets, targetLengths) : targets
    let shape = logProbabilities.shape
    guard shape.rank == 3, targets.rank == 2, targets.shape[0] == shape[1], inputLengths.count == shape[1],
        targetLengths.count == shape[1], inputLengths.allSatisfy({ (1...max(1, shape[0])).contains($0) }),
        targetLengths.allSatisfy({ (0...targets.shape[1]).contains($0) })
    else {
        reportTensorError(
            TensorError(
                "ctc: log-probabilities \(shape) and targets \(targets.shape) with input lengths \(inputLengths) and "
                    + "target lengths \(targetLengths): (T, B, C) and (B, S) with one length in 1...T and 0...S for each "
                    + "example are needed"))
        return Tensor(0.0)
    }
    let batch = shape[1]
    let labels = withBlanks(targets, blank)  // (B, 2S + 1)
    let logAlpha = forwardVariables(logProbabilities, labels, blank, Tensor(inputLengths))

    // An alignment ends in the last target or in the blank behind it.
    let ends = Tensor(targetLengths).expandingDims(1) * 2  // (B, 1)
    let last = logAlpha.gathered(elements: ends, axis: 1)
    let beforeLast = `where`(ends .> 0, logAlpha.gathered(elements: maximum(ends - 1, 0), axis: 1), impossible)
    let losses = -concatenate([last, beforeLast], axis: 1).logSumExp(axes: 1)  // (B)

    let isInfinite = losses .> -impossible / 2
    let finite = `where`(isInfinite, zeroInfinity ? 0 : Double.infinity, losses)
    guard reduction == .mean else { return finite.reduced(reduction) }
    let lengths = Tensor(targetLengths.map { Double(max(1, $0)) }, shape: [batch], dtype: finite.dtype)
    return (finite / lengths).mean()
}

/// The logarithm of no probability. It is finite, so that differences of it are numbers and gradients stay 0.
private let impossible = -1e30

/// Targets that lie one behind the other as rows `(B, S)`, padded with the row's end or what follows it.
private func rows(of targets: Tensor, _ lengths: [Int]) -> Tensor {
    guard lengths.allSatisfy({ $0 >= 0 }), lengths.reduce(0, +) == targets.elementCount else { return targets }
    let width = lengths.max() ?? 0
    var start = 0
    let places = lengths.map { length -> [Int] in
        defer { start += length }
        return (0..<width).map { min(start + $0, max(0, targets.elementCount - 1)) }
    }
    guard targets.elementCount > 0 else { return .zeros([lengths.count, 0], dtype: targets.dtype) }
    return targets.gathered(Tensor(places))
}

/// Blanks before, between and behind the targets: `(B, S) → (B, 2S + 1)`.
private func withBlanks(_ targets: Tensor, _ blank: Int) -> Tensor {
    let blanks = Tensor.full(targets.shape, blank)
    let pairs = stack([blanks, targets.cast(to: .int64)], axis: 2).reshaped(targets.shape[0], 2 * targets.shape[1])
    return concatenate([pairs, .full([targets.shape[0], 1], blank)], axis: 1)
}

/// `log α` at each example's last step: the log-probability of all alignments that end in each label, `(B, 2S + 1)`.
private func forwardVariables(_ logProbabilities: Tensor, _ labels: Tensor, _ blank: Int, _ lengths: Tensor) -> Tensor {
    let (steps, batch, width) = (logProbabilities.shape[0], labels.shape[0], labels.shape[1])
    let indices = labels.expandingDims(0).broadcast(to: [steps, batch, width])
    let emissions = logProbabilities.gathered(elements: indices, axis: 2)  // (T, B, 2S + 1)
    // A label may follow the one before the blank before it, unless both are equal: that would be a repeat.
    let mayLeap = width > 2 ? (labels .!= shifted(labels, by: 2, fill: blank)) .& (labels .!= blank) : nil

    let start = Tensor.iota([batch, width], axis: 1) .<= 1
    let frames = emissions.chunked(steps).map { $0.squeezed(0) }
    var alpha = `where`(start, frames[0], impossible)
    for (step, frame) in frames.enumerated().dropFirst() {
        var ways = [alpha, shifted(alpha, by: 1, fill: impossible)]
        if let mayLeap { ways.append(`where`(mayLeap, shifted(alpha, by: 2, fill: impossible), impossible)) }
        let next = stack(ways).logSumExp(axes: 0) + frame
        alpha = `where`((lengths .> step).expandingDims(1), next, alpha)
    }
    return alpha
}

/// Columns moved to the right.
private func shifted(_ x: Tensor, by distance: Int, fill: some TensorScalar) -> Tensor {
    let (batch, width) = (x.shape[0], x.shape[1])
    guard width > distance else { return .full(x.shape, fill, dtype: x.dtype) }
    return concatenate(
        [.full([batch, distance], fill, dtype: x.dtype), x.sliced(axis: 1, 0, width - distance)], axis: 1)
}
