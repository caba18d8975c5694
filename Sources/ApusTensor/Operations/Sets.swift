// Results whose shapes depend on values: these look at the values when they are called.

extension Tensor {
    /// The indices of all elements that are not 0, in row-major order: int64 `(count, rank)` (argwhere; PyTorch's nonzero).
    public func nonzero() -> Tensor {
        let places = cast(to: .bool).elements(as: Bool.self).enumerated().filter(\.element).map(\.offset)
        let strides = shape.strides
        let coordinates = places.flatMap { place in zip(strides, shape).map { place / $0 % $1 } }
        return Tensor(coordinates, shape: [places.count, rank])
    }

    /// The elements where `mask`, which broadcasts with this tensor, is true, in row-major order: a vector (masked_select).
    public func selected(where mask: Tensor) -> Tensor {
        guard let common = shape.broadcast(with: mask.shape) else {
            return invalid("selected: a mask \(mask.shape) for \(shape) does not broadcast")
        }
        return broadcast(to: common).flattened()[mask.cast(to: .bool).broadcast(to: common).flattened()]
    }

    /// The slices along `axis` whose entry in `mask`, a vector, is true (compress).
    public func compressed(_ mask: Tensor, axis: Int) -> Tensor {
        guard let axis = resolvedAxis("compressed", axis) else { return self }
        guard mask.shape == [shape[axis]] else {
            return invalid("compressed: a mask \(mask.shape) for axis \(axis) of \(shape)")
        }
        return gathered(mask.nonzero().squeezed(1), axis: axis)
    }
}

/// The different elements of a tensor, and where they are.
public struct UniqueElements: Sendable {
    /// Each once, ascending: a vector, or slices along the axis asked for.
    public let values: Tensor
    /// Where each of `values` occurs first.
    public let firstIndices: Tensor
    /// The index into `values` of each element (of each slice).
    public let inverse: Tensor
    /// How often each of `values` occurs.
    public let counts: Tensor
}

extension Tensor {
    /// The different elements (unique, unique_all, unique_inverse, unique_counts, unique_values). Every NaN is an element of its own.
    public func unique() -> UniqueElements {
        let flat = flattened()
        let order = flat.argSort()
        let groups = UniqueGroups(order, starts: flat.gathered(order).startsRun(axis: 0))
        return UniqueElements(
            values: flat.gathered(groups.firstIndices), firstIndices: groups.firstIndices,
            inverse: groups.inverse.reshaped(shape), counts: groups.counts)
    }

    /// The different slices along `axis`, in lexicographic order.
    public func unique(axis: Int) -> UniqueElements {
        guard let axis = resolvedAxis("unique", axis) else {
            return UniqueElements(values: self, firstIndices: self, inverse: self, counts: self)
        }
        let count = shape[axis]
        let width = shape.removing(axes: [axis]).elementCount
        let rows = movingAxis(axis, to: 0).reshaped([count, width])
        // Stable sorts from the last column to the first.
        let order = (0..<width).reversed().reduce(Tensor.range(count)) { order, column in
            order.gathered(rows.sliced(axis: 1, column, 1).squeezed(1).gathered(order).argSort())
        }
        let isNew = rows.gathered(order).startsRun(axis: 0).any(axes: 1)
        let isFirst = Tensor.range(count) .== 0
        let groups = UniqueGroups(order, starts: isNew .| isFirst)
        return UniqueElements(
            values: gathered(groups.firstIndices, axis: axis), firstIndices: groups.firstIndices,
            inverse: groups.inverse, counts: groups.counts)
    }
}

/// What is equal in an order: runs that begin where `starts` is true.
private struct UniqueGroups {
    let firstIndices: Tensor, inverse: Tensor, counts: Tensor

    init(_ order: Tensor, starts: Tensor) {
        let group = starts.cast(to: .int64).cumulativeSum() - 1
        let first = starts.nonzero().squeezed(1)
        firstIndices = order.gathered(first)  // the sort was stable
        inverse = Tensor.zeros(like: order).scattered(order, group, mode: .replace)
        counts = Tensor.zeros(like: first).scattered(group, .ones(like: group))
    }
}

// MARK: Counting

extension Tensor {
    /// How many elements are not 0: int64.
    public func countNonzero(axes: Int..., keepingAxes: Bool = false) -> Tensor {
        countNonzero(axes: axes, keepingAxes: keepingAxes)
    }

    /// How many elements are not 0: int64.
    public func countNonzero(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        cast(to: .bool).sum(axes: axes, keepingAxes: keepingAxes)
    }

    /// How often each of 0, 1, 2 … occurs, or the sum of its elements' weights (bincount).
    ///
    /// - Parameter count: the length of the result; without it the greatest element's value and one more, which is then looked at.
    public func binCounts(weights: Tensor? = nil, count: Int? = nil) -> Tensor {
        guard dtype.isInteger, rank == 1, weights.map({ $0.shape == shape }) ?? true else {
            return invalid(
                "binCounts: of \(node.type), weights \(weights?.shape ?? shape): a vector of integers is needed")
        }
        let length = count ?? (elementCount == 0 ? 0 : max().item(as: Int.self) + 1)
        let weights = weights ?? .ones(shape, dtype: .int64)
        return Tensor.zeros([length], dtype: weights.dtype).scattered(self, weights)
    }

    /// How many elements lie between each edge and the next, the last edge included (histogram): int64, or the weights' sums.
    ///
    /// - Parameter edges: an ascending vector. Elements outside of it and NaN are not counted.
    public func histogram(edges: Tensor, weights: Tensor? = nil) -> Tensor {
        guard edges.rank == 1, edges.elementCount >= 2, weights.map({ $0.shape == shape }) ?? true else {
            return invalid("histogram: edges \(edges.shape), weights \(weights?.shape ?? shape) for \(shape)")
        }
        let (bins, x) = (edges.elementCount - 1, flattened())
        let last = edges.sliced(axis: 0, bins, 1)
        let isInside = (x .>= edges.sliced(axis: 0, 0, 1)) .& (x .<= last)
        let bin = minimum(searchSorted(edges, x, side: .right) - 1, bins - 1)
        let amounts = weights?.flattened() ?? .ones(x.shape, dtype: .int64)
        return Tensor.zeros([bins], dtype: amounts.dtype)
            .scattered(`where`(isInside, bin, 0), `where`(isInside, amounts, .zeros([], dtype: amounts.dtype)))
    }

    /// Counts in `bins` equal parts of `range`, by default from the least element to the greatest, and the parts' edges.
    public func histogram(bins: Int, range: ClosedRange<Double>? = nil) -> (counts: Tensor, edges: Tensor) {
        guard bins > 0 else {
            let nothing = invalid("histogram: \(bins) bins")
            return (nothing, nothing)
        }
        var (low, high) = (range?.lowerBound ?? 0, range?.upperBound ?? 1)
        if range == nil, elementCount > 0 { (low, high) = (min().item(), max().item()) }
        if low == high { (low, high) = (low - 0.5, high + 0.5) }
        let edges = Tensor.linspace(low, high, count: bins + 1, dtype: dtype.isFloatingPoint ? dtype : .float32)
        return (histogram(edges: edges), edges)
    }

    /// How many rows lie in each box of a grid (histogramdd): `(n, d)` and the edges of d axes give counts of one extent an axis.
    public func histogram(ofRowsBetween edges: [Tensor]) -> Tensor {
        guard rank == 2, edges.count == shape[1], edges.allSatisfy({ $0.rank == 1 && $0.elementCount >= 2 }) else {
            return invalid("histogram: edges \(edges.map(\.shape)) for rows of \(shape)")
        }
        let extents = edges.map { $0.elementCount - 1 }
        var (place, isInside) = (Tensor.zeros([shape[0]], dtype: .int64), Tensor.full([shape[0]], true))
        for (axis, edges) in edges.enumerated() {
            let x = sliced(axis: 1, axis, 1).squeezed(1)
            let bins = extents[axis]
            isInside = isInside .& (x .>= edges.sliced(axis: 0, 0, 1)) .& (x .<= edges.sliced(axis: 0, bins, 1))
            place = place * bins + minimum(searchSorted(edges, x, side: .right) - 1, bins - 1)
        }
        return Tensor.zeros([extents.reduce(1, *)], dtype: .int64)
            .scattered(`where`(isInside, place, 0), isInside.cast(to: .int64)).reshaped(Shape(extents))
    }
}
