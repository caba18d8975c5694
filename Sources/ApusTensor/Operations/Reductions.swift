// Reductions over axes; no axes means all of them. `keepingAxes` leaves reduced axes with extent 1.

extension Tensor {
    /// Axes counted from 0, ascending; nil with a report where one is out of range or named twice.
    func resolvedAxes(_ name: @autoclosure () -> String, _ axes: [Int]) -> [Int]? {
        if axes.isEmpty { return Array(0..<rank) }
        let resolved = axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
        guard resolved.allSatisfy((0..<rank).contains), Set(resolved).count == axes.count else {
            reportTensorError(TensorError("\(name()): axes \(axes) of a tensor of shape \(shape)"))
            return nil
        }
        return resolved
    }

    func resolvedAxis(_ name: @autoclosure () -> String, _ axis: Int) -> Int? { resolvedAxes(name(), [axis])?.first }

    private func reduced(_ reduction: Reduction, _ axes: [Int], keepingAxes: Bool) -> Tensor {
        guard let resolved = resolvedAxes("\(reduction)", axes) else { return self }
        if resolved.isEmpty { return self }
        let result = Tensor(.reduce(reduction, axes: resolved), self)
        return keepingAxes ? result.reshaped(shape.keeping(axes: resolved)) : result
    }

    /// Small integers and bools are summed as int64.
    private var widened: Tensor { dtype.isFloatingPoint || dtype == .int64 ? self : cast(to: .int64) }

    /// `Σx`; small integers and bools give int64.
    public func sum(axes: Int..., keepingAxes: Bool = false) -> Tensor { sum(axes: axes, keepingAxes: keepingAxes) }

    /// `Σx`; small integers and bools give int64.
    public func sum(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        widened.reduced(.sum, axes, keepingAxes: keepingAxes)
    }

    /// `Πx`; small integers and bools give int64.
    public func product(axes: Int..., keepingAxes: Bool = false) -> Tensor {
        product(axes: axes, keepingAxes: keepingAxes)
    }

    /// `Πx`; small integers and bools give int64.
    public func product(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        widened.reduced(.product, axes, keepingAxes: keepingAxes)
    }

    /// The mean; of no elements NaN. Integers give float32.
    public func mean(axes: Int..., keepingAxes: Bool = false) -> Tensor { mean(axes: axes, keepingAxes: keepingAxes) }

    /// The mean; of no elements NaN. Integers give float32.
    public func mean(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        guard let resolved = resolvedAxes("mean", axes) else { return self }
        let count = resolved.reduce(1) { $0 * shape[$1] }
        return floating.sum(axes: resolved.isEmpty ? [] : resolved, keepingAxes: keepingAxes) / Double(count)
    }

    /// `Σ(x − mean)² / (n − correction)`: correction 1 is the sample's variance, 0 the population's.
    public func variance(axes: Int..., correction: Int = 1, keepingAxes: Bool = false) -> Tensor {
        variance(axes: axes, correction: correction, keepingAxes: keepingAxes)
    }

    /// `Σ(x − mean)² / (n − correction)`: correction 1 is the sample's variance, 0 the population's.
    public func variance(axes: [Int], correction: Int = 1, keepingAxes: Bool = false) -> Tensor {
        guard let resolved = resolvedAxes("variance", axes) else { return self }
        let count = resolved.reduce(1) { $0 * shape[$1] }
        let centred = floating - floating.mean(axes: resolved, keepingAxes: true)
        return square(centred).sum(axes: resolved, keepingAxes: keepingAxes) / Double(Swift.max(0, count - correction))
    }

    /// The root of the variance.
    public func standardDeviation(axes: Int..., correction: Int = 1, keepingAxes: Bool = false) -> Tensor {
        standardDeviation(axes: axes, correction: correction, keepingAxes: keepingAxes)
    }

    /// The root of the variance.
    public func standardDeviation(axes: [Int], correction: Int = 1, keepingAxes: Bool = false) -> Tensor {
        sqrt(variance(axes: axes, correction: correction, keepingAxes: keepingAxes))
    }

    /// The largest element; NaN if there is one.
    public func max(axes: Int..., keepingAxes: Bool = false) -> Tensor { max(axes: axes, keepingAxes: keepingAxes) }

    /// The largest element; NaN if there is one.
    public func max(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        reduced(.maximum, axes, keepingAxes: keepingAxes)
    }

    /// The smallest element; NaN if there is one.
    public func min(axes: Int..., keepingAxes: Bool = false) -> Tensor { min(axes: axes, keepingAxes: keepingAxes) }

    /// The smallest element; NaN if there is one.
    public func min(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        reduced(.minimum, axes, keepingAxes: keepingAxes)
    }

    /// Whether any element is not 0.
    public func any(axes: Int..., keepingAxes: Bool = false) -> Tensor {
        any(axes: axes, keepingAxes: keepingAxes)
    }

    /// Whether any element is not 0.
    public func any(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        cast(to: .bool).reduced(.maximum, axes, keepingAxes: keepingAxes)
    }

    /// Whether no element is 0.
    public func all(axes: Int..., keepingAxes: Bool = false) -> Tensor {
        all(axes: axes, keepingAxes: keepingAxes)
    }

    /// Whether no element is 0.
    public func all(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        cast(to: .bool).reduced(.minimum, axes, keepingAxes: keepingAxes)
    }

    /// `log Σ exp(x)` without overflow.
    public func logSumExp(axes: Int..., keepingAxes: Bool = false) -> Tensor {
        logSumExp(axes: axes, keepingAxes: keepingAxes)
    }

    /// `log Σ exp(x)` without overflow.
    public func logSumExp(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        guard let resolved = resolvedAxes("logSumExp", axes) else { return self }
        let peak = max(axes: resolved, keepingAxes: true)
        let shift = stopGradient(`where`(isFinite(peak), peak, 0))
        let result = log(exp(self - shift).sum(axes: resolved, keepingAxes: true)) + shift
        return keepingAxes ? result : result.reshaped(shape.removing(axes: resolved))
    }

    /// `√Σx²`
    public func norm(axes: Int..., keepingAxes: Bool = false) -> Tensor {
        norm(axes: axes, keepingAxes: keepingAxes)
    }

    /// `√Σx²`
    public func norm(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        sqrt(square(floating).sum(axes: axes, keepingAxes: keepingAxes))
    }

    // MARK: Positions

    private func argReduced(_ reduction: ArgReduction, _ axis: Int, _ keepingAxes: Bool) -> Tensor {
        guard let axis = resolvedAxis("argMax or argMin", axis) else { return self }
        let result = Tensor(.argReduce(reduction, axis: axis), self)
        return keepingAxes ? result.reshaped(shape.keeping(axes: [axis])) : result
    }

    /// The index of the first largest element along `axis`.
    public func argMax(axis: Int = -1, keepingAxes: Bool = false) -> Tensor { argReduced(.maximum, axis, keepingAxes) }

    /// The index of the first smallest element along `axis`.
    public func argMin(axis: Int = -1, keepingAxes: Bool = false) -> Tensor { argReduced(.minimum, axis, keepingAxes) }

    // MARK: Running reductions

    private func scanned(_ scan: Scan, _ axis: Int, _ reverse: Bool) -> Tensor {
        guard let axis = resolvedAxis("cumulative \(scan)", axis) else { return self }
        return Tensor(.scan(scan, axis: axis, reverse: reverse), self)
    }

    /// Sums of all elements up to each one along `axis`; `includesInitial` puts the sum of none, 0, first.
    public func cumulativeSum(axis: Int = -1, reverse: Bool = false, includesInitial: Bool = false) -> Tensor {
        widened.scanned(.sum, axis, reverse).preceded(by: includesInitial ? 0 : nil, axis, reverse)
    }

    /// Products of all elements up to each one along `axis`; `includesInitial` puts the product of none, 1, first.
    public func cumulativeProduct(axis: Int = -1, reverse: Bool = false, includesInitial: Bool = false) -> Tensor {
        widened.scanned(.product, axis, reverse).preceded(by: includesInitial ? 1 : nil, axis, reverse)
    }

    /// A number before the first element along `axis`; reversed, behind the last.
    private func preceded(by value: Double?, _ axis: Int, _ reverse: Bool) -> Tensor {
        guard let value, let axis = resolvedAxis("cumulative", axis) else { return self }
        let widths = shape.indices.map { $0 == axis ? (reverse ? (0, 1) : (1, 0)) : (0, 0) }
        return padded(widths, value: value)
    }

    /// The largest element up to each one along `axis`.
    public func cumulativeMax(axis: Int = -1, reverse: Bool = false) -> Tensor { scanned(.maximum, axis, reverse) }

    /// The smallest element up to each one along `axis`.
    public func cumulativeMin(axis: Int = -1, reverse: Bool = false) -> Tensor { scanned(.minimum, axis, reverse) }

    // MARK: Order

    /// The elements in order along `axis`; stable, NaN last.
    public func sorted(axis: Int = -1, descending: Bool = false) -> Tensor {
        guard let axis = resolvedAxis("sorted", axis) else { return self }
        return Tensor(.sort(axis: axis, descending: descending), self)
    }

    /// The indices that sort along `axis`.
    public func argSort(axis: Int = -1, descending: Bool = false) -> Tensor {
        guard let axis = resolvedAxis("argSort", axis) else { return self }
        return Tensor(.argSort(axis: axis, descending: descending), self)
    }

    /// The `k` largest elements along `axis` in falling order, and their indices.
    public func topK(_ k: Int, axis: Int = -1) -> (values: Tensor, indices: Tensor) {
        guard let axis = resolvedAxis("topK", axis) else { return (self, self) }
        guard (0...shape[axis]).contains(k) else {
            reportTensorError(TensorError("topK: \(k) of \(shape[axis]) elements along axis \(axis)"))
            return (self, self)
        }
        let indices = argSort(axis: axis, descending: true).sliced(axis: axis, 0, k)
        return (gathered(elements: indices, axis: axis), indices)
    }
}
