// What follows from the order of elements: searching in it, ranks, and the statistics of ranks.

/// Where a value goes beside elements equal to it.
public enum SearchSide: String, Sendable, Codable {
    /// Before them: the first index `i` with `sorted[i] ≥ value`.
    case left
    /// Behind them: the first index `i` with `sorted[i] > value`.
    case right
}

/// Where values go in ascending rows so that these stay ascending: int64 in 0 … n (searchsorted). NaN goes behind all numbers.
///
/// - Input: `sorted (…, n)`, `values (…, m)` with the same leading axes; a vector `sorted` takes values of any shape.
/// - Output: the shape of `values`. Found by bisection, in `log₂ n` steps.
public func searchSorted(_ sorted: Tensor, _ values: Tensor, side: SearchSide = .left) -> Tensor {
    guard sorted.rank > 0 else { return values.invalid("searchSorted: \(sorted.shape) has no axis to search") }
    if sorted.rank == 1, values.rank != 1 {
        return searchSorted(sorted, values.flattened(), side: side).reshaped(values.shape)
    }
    guard sorted.shape.dropLast().elementsEqual(values.shape.dropLast()) else {
        return values.invalid("searchSorted: \(values.shape) in \(sorted.shape): leading axes differ")
    }
    let dtype = sorted.dtype.promoted(with: values.dtype)
    let (rows, values) = (sorted.cast(to: dtype), values.cast(to: dtype))
    let count = sorted.shape[sorted.rank - 1]
    var found = Tensor.zeros(values.shape, dtype: .int64)
    guard count > 0 else { return found }
    // Steps of falling powers of two: `found` elements are known to come before the value.
    var step = 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
    while step > 0 {
        let candidate = found + step
        let element = rows.gathered(elements: minimum(candidate, count) - 1, axis: -1)
        found = `where`((candidate .<= count) .& precedes(element, values, orEqual: side == .right), candidate, found)
        step >>= 1
    }
    return found
}

/// Whether `a` comes before `b` in the order of `sorted`, where NaN is behind all numbers.
private func precedes(_ a: Tensor, _ b: Tensor, orEqual: Bool) -> Tensor {
    guard b.dtype.isFloatingPoint else { return orEqual ? a .<= b : a .< b }
    return orEqual ? (a .<= b) .| isNaN(b) : (a .< b) .| (isNaN(b) .& .!isNaN(a))
}

/// The bucket of each value between ascending boundaries (bucketize): `right` counts a boundary's own value to the bucket behind it.
public func bucketize(_ values: Tensor, boundaries: Tensor, right: Bool = false) -> Tensor {
    searchSorted(boundaries, values, side: right ? .right : .left)
}

/// Whether each element is one of `members`: bool (isin). NaN is none.
public func isIn(_ x: Tensor, _ members: Tensor) -> Tensor {
    guard members.elementCount > 0 else { return .zeros(x.shape, dtype: .bool) }
    let sorted = members.flattened().sorted()
    let place = minimum(searchSorted(sorted, x), members.elementCount - 1)
    return sorted.gathered(place) .== x
}

extension Tensor {
    /// The `k`-th smallest element along `axis`, k counting from 1, and its index.
    public func kthValue(_ k: Int, axis: Int = -1, keepingAxes: Bool = false) -> (values: Tensor, indices: Tensor) {
        guard let axis = resolvedAxis("kthValue", axis) else { return (self, self) }
        guard (1...Swift.max(1, shape[axis])).contains(k), shape[axis] > 0 else {
            let nothing = invalid("kthValue: element \(k) of axis \(axis) of \(shape)")
            return (nothing, nothing)
        }
        let index = argSort(axis: axis).sliced(axis: axis, k - 1, 1)
        return picked(index, axis, keepingAxes)
    }

    /// The elements at indices of extent 1 along an axis, and these.
    private func picked(_ index: Tensor, _ axis: Int, _ keepingAxes: Bool) -> (values: Tensor, indices: Tensor) {
        let values = gathered(elements: index, axis: axis)
        return keepingAxes ? (values, index) : (values.squeezed(axis), index.squeezed(axis))
    }

    /// The element in the middle along `axis`, the lower one of two, and its index; NaN if there is one (PyTorch's median).
    ///
    /// NumPy's, the mean of the two, is `quantile(0.5)`.
    public func median(axis: Int = -1, keepingAxes: Bool = false) -> (values: Tensor, indices: Tensor) {
        guard let axis = resolvedAxis("median", axis) else { return (self, self) }
        guard shape[axis] > 0 else {
            let nothing = invalid("median: axis \(axis) of \(shape) is empty")
            return (nothing, nothing)
        }
        // NaN comes last in the order.
        let order = argSort(axis: axis)
        let middle = order.sliced(axis: axis, (shape[axis] - 1) / 2, 1)
        guard dtype.isFloatingPoint else { return picked(middle, axis, keepingAxes) }
        let hasNaN = isNaN(self).any(axes: axis, keepingAxes: true)
        let firstNaN = isNaN(self).cast(to: .int32).argMax(axis: axis, keepingAxes: true)
        return picked(`where`(hasNaN, firstNaN, middle), axis, keepingAxes)
    }

    /// The most frequent element along `axis`, the least of several, and the index of its last occurrence.
    public func mode(axis: Int = -1, keepingAxes: Bool = false) -> (values: Tensor, indices: Tensor) {
        guard let axis = resolvedAxis("mode", axis) else { return (self, self) }
        guard shape[axis] > 0 else {
            let nothing = invalid("mode: axis \(axis) of \(shape) is empty")
            return (nothing, nothing)
        }
        let order = argSort(axis: axis)
        let sorted = gathered(elements: order, axis: axis)
        // How far each element is into its run of equal ones: the longest run ends at the largest.
        let positions = Tensor.iota(shape, axis: axis)
        let runs = positions - `where`(sorted.startsRun(axis: axis), positions, 0).cumulativeMax(axis: axis)
        let end = runs.argMax(axis: axis, keepingAxes: true)
        return picked(order.gathered(elements: end, axis: axis), axis, keepingAxes)
    }

    /// Whether each element of a sorted axis differs from the one before: bool.
    func startsRun(axis: Int) -> Tensor {
        guard shape[axis] > 0 else { return cast(to: .bool) }
        var first = shape
        first[axis] = 1
        let later = sliced(axis: axis, 1, shape[axis] - 1) .!= sliced(axis: axis, 0, shape[axis] - 1)
        return concatenate([.ones(first, dtype: .bool), later], axis: axis)
    }
}

/// What a quantile between two elements is.
public enum QuantileInterpolation: String, Sendable, Codable, CaseIterable {
    /// On the line between them.
    case linear
    /// One of the two.
    case lower, higher
    /// The one that is nearer; of two as near the one with the even rank.
    case nearest
    /// Their mean.
    case midpoint
}

extension Tensor {
    /// The value below which the fraction `q` of the elements along `axis` lies; NaN if there is one.
    ///
    /// Between elements of rank `⌊q (n − 1)⌋` and the next, `interpolation` decides.
    public func quantile(
        _ q: Double, axis: Int = -1, interpolation: QuantileInterpolation = .linear, keepingAxes: Bool = false
    ) -> Tensor {
        guard let axis = resolvedAxis("quantile", axis) else { return self }
        guard (0...1).contains(q), shape[axis] > 0 else { return invalid("quantile: \(q) of axis \(axis) of \(shape)") }
        let rank = q * Double(shape[axis] - 1)
        let low = Int(rank.rounded(.down)), high = Int(rank.rounded(.up))
        let x = floating
        let sorted = x.sorted(axis: axis)
        func element(_ place: Int) -> Tensor { sorted.sliced(axis: axis, place, 1) }
        let value: Tensor =
            switch interpolation {
            case .linear where low == high: element(low)  // also of an infinity
            case .linear: lerp(element(low), element(high), weight: rank - Double(low))
            case .lower: element(low)
            case .higher: element(high)
            case .nearest: element(Int(rank.rounded(.toNearestOrEven)))
            case .midpoint: (element(low) + element(high)) * 0.5
            }
        let result = `where`(isNaN(x).any(axes: axis, keepingAxes: true), Double.nan, value)
        return keepingAxes ? result : result.squeezed(axis)
    }

    /// The same for several fractions, along a new first axis.
    public func quantile(
        _ fractions: [Double], axis: Int = -1, interpolation: QuantileInterpolation = .linear, keepingAxes: Bool = false
    ) -> Tensor {
        let each = fractions.map { quantile($0, axis: axis, interpolation: interpolation, keepingAxes: keepingAxes) }
        return concatenate(each.map { $0.expandingDims(0) })
    }
}
