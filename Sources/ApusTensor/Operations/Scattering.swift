// Scatters that combine in other ways than by sum, and other names' words for gathers and scatters.

/// What becomes of several updates at one place.
public enum ScatterReduction: String, Sendable, Codable, CaseIterable {
    case sum, product, mean, maximum, minimum
}

extension Tensor {
    /// This tensor with one update for each index combined in along `axis` (scatter_reduce).
    ///
    /// - Parameter includesSelf: whether an element counts beside its updates; without, it stays only where there are none.
    /// - Input: `indices` and `updates` of one shape, which but for `axis` is at most this tensor's.
    public func scattered(
        elements indices: Tensor, _ updates: Tensor, axis: Int, reduction: ScatterReduction, includesSelf: Bool = true
    ) -> Tensor {
        guard let axis = resolvedAxis("scatter", axis) else { return self }
        guard indices.shape == updates.shape, indices.rank == rank,
            shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= shape[$0] })
        else { return invalid("scatter: updates \(updates.shape) at indices \(indices.shape) of \(shape)") }
        if indices.elementCount == 0 { return self }
        return changingPart(coveredBy: indices, off: axis) { part in
            let scatter = ElementScatter(base: part, indices: indices.cast(to: .int64), axis: axis)
            let updates = updates.cast(to: dtype)
            if includesSelf { return scatter.combined(part, updates, reduction, selfCount: 1) }
            let identity = Tensor.full(part.shape, reduction.identity(dtype), dtype: dtype)
            return `where`(
                scatter.counts .> 0, scatter.combined(identity, updates, reduction, selfCount: 0), part)
        }
    }

    /// Slices along `axis` at computed indices replaced by `values`; the last of several stays (index_copy).
    public func replacing(_ indices: Tensor, axis: Int, with values: Tensor) -> Tensor {
        scattered(indices, values, axis: axis, mode: .replace)
    }

    /// Slices along `axis` at computed indices filled with a number (index_fill).
    public func filling(_ indices: Tensor, axis: Int, with value: Double) -> Tensor {
        guard let axis = resolvedAxis("filling", axis) else { return self }
        let places = Tensor.zeros([shape[axis]], dtype: .bool)
            .scattered(indices.flattened(), .ones([indices.elementCount], dtype: .bool), mode: .replace)
        var line = Shape([Int](repeating: 1, count: rank))
        line[axis] = shape[axis]
        return `where`(places.reshaped(line), Tensor(value, dtype: dtype), self)
    }

    /// Elements of the tensor seen as a vector (take): the shape of `indices`.
    public func taken(_ indices: Tensor) -> Tensor { flattened().gathered(indices) }

    /// Elements of the tensor seen as a vector replaced, or added to (put).
    public func putting(_ indices: Tensor, _ values: Tensor, mode: ScatterMode = .replace) -> Tensor {
        flattened().scattered(indices.flattened(), values.flattened(), mode: mode).reshaped(shape)
    }

    /// The elements where `mask` is true replaced by those of `values` in row-major order (masked_scatter).
    public func scattered(where mask: Tensor, _ values: Tensor) -> Tensor {
        let mask = mask.cast(to: .bool).broadcast(to: shape)
        let place = maximum(mask.flattened().cast(to: .int64).cumulativeSum() - 1, 0).reshaped(shape)
        guard values.elementCount > 0 else { return self }
        return `where`(mask, values.cast(to: dtype).flattened().gathered(place), self)
    }
}

extension ScatterReduction {
    /// What changes nothing.
    fileprivate func identity(_ dtype: DType) -> Double {
        switch self {
        case .sum, .mean: 0
        case .product: 1
        case .maximum: dtype.isFloatingPoint ? -Double.infinity : dtype.least
        case .minimum: dtype.isFloatingPoint ? Double.infinity : dtype.greatest
        }
    }
}

/// Updates on their way to indices along an axis of a tensor.
private struct ElementScatter {
    let base: Tensor, indices: Tensor, axis: Int

    /// How many updates each place gets.
    var counts: Tensor {
        Tensor.zeros(base.shape, dtype: .int64)
            .scattered(elements: indices, .ones(indices.shape, dtype: .int64), axis: axis)
    }

    func combined(_ x: Tensor, _ updates: Tensor, _ reduction: ScatterReduction, selfCount: Int) -> Tensor {
        switch reduction {
        case .sum: return added(x, updates)
        case .mean:
            let (sum, count) = (added(x, updates), maximum(counts + selfCount, 1))
            return x.dtype.isFloatingPoint ? sum / count.cast(to: x.dtype) : floorDivide(sum, count.cast(to: x.dtype))
        case .product: return multiplied(x, updates)
        case .maximum, .minimum: return extreme(x, updates, reduction)
        }
    }

    private func added(_ x: Tensor, _ updates: Tensor) -> Tensor {
        x.scattered(elements: indices, updates, axis: axis)
    }

    /// Updates sorted by their places, those of one place multiplied one to the next, and the last of each place taken.
    private func multiplied(_ x: Tensor, _ updates: Tensor) -> Tensor {
        let order = indices.argSort(axis: axis)
        let places = indices.gathered(elements: order, axis: axis)
        let starts = places.startsRun(axis: axis)
        let products = updates.gathered(elements: order, axis: axis).segmentedScan(axis: axis, starts: starts, *)
        return x * Tensor.ones(like: x).scattered(elements: places, products, axis: axis, mode: .replace)
    }

    /// Written in the order of their size, the extreme update of each place is the last. Equal extremes share the gradient.
    private func extreme(_ x: Tensor, _ updates: Tensor, _ reduction: ScatterReduction) -> Tensor {
        let (indices, axis) = (indices, axis)
        return withCustomGradient([x, updates]) { operands in
            let order = operands[1].argSort(axis: axis, descending: reduction == .minimum)
            let best = operands[0].scattered(
                elements: indices.gathered(elements: order, axis: axis),
                operands[1].gathered(elements: order, axis: axis), axis: axis, mode: .replace)
            return reduction == .maximum ? maximum(operands[0], best) : minimum(operands[0], best)
        } rule: { operands, result, gradient in
            let atUpdates = result.gathered(elements: indices, axis: axis)
            let isSelf = (operands[0] .== result).cast(to: gradient.dtype)
            let isUpdate = (operands[1] .== atUpdates).cast(to: gradient.dtype)
            let shares = gradient / maximum(isSelf.scattered(elements: indices, isUpdate, axis: axis), 1)
            return [isSelf * shares, isUpdate * shares.gathered(elements: indices, axis: axis)]
        }
    }
}
