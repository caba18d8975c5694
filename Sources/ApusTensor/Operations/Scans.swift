// Running combinations by any associative function, in log₂ n steps (Hillis and Steele 1986).

extension Tensor {
    /// `combine` of all elements up to each one along `axis`, from the left.
    private func scanned(axis: Int, _ combine: (Tensor, Tensor) -> Tensor) -> Tensor {
        var (result, distance) = (self, 1)
        while distance < shape[axis] {
            let count = shape[axis] - distance
            let later = combine(result.sliced(axis: axis, 0, count), result.sliced(axis: axis, distance, count))
            result = concatenate([result.sliced(axis: axis, 0, distance), later], axis: axis)
            distance *= 2
        }
        return result
    }

    /// The same within segments of the axis that begin where `starts` is true.
    func segmentedScan(axis: Int, starts: Tensor, _ combine: (Tensor, Tensor) -> Tensor) -> Tensor {
        // Positions of an element's and its segment's start.
        let positions = Tensor.iota(shape, axis: axis)
        let origin = `where`(starts, positions, 0).cumulativeMax(axis: axis)
        var (result, distance) = (self, 1)
        while distance < shape[axis] {
            let count = shape[axis] - distance
            let (before, here) = (result.sliced(axis: axis, 0, count), result.sliced(axis: axis, distance, count))
            let reaches = (positions - origin).sliced(axis: axis, distance, count) .>= distance
            let later = `where`(reaches, combine(before, here), here)
            result = concatenate([result.sliced(axis: axis, 0, distance), later], axis: axis)
            distance *= 2
        }
        return result
    }

    /// `log Σ exp(x)` of all elements up to each one along `axis`, without overflow (logcumsumexp).
    public func cumulativeLogSumExp(axis: Int = -1) -> Tensor {
        guard let axis = resolvedAxis("cumulativeLogSumExp", axis) else { return self }
        return floating.scanned(axis: axis, logAddExp)
    }

    /// Where the largest element up to each one along `axis` is, the latest of equal ones: the indices of PyTorch's cummax.
    public func cumulativeArgMax(axis: Int = -1) -> Tensor { latestSetter(axis, cumulativeMax(axis: axis)) }

    /// Where the smallest element up to each one along `axis` is, the latest of equal ones: the indices of PyTorch's cummin.
    public func cumulativeArgMin(axis: Int = -1) -> Tensor { latestSetter(axis, cumulativeMin(axis: axis)) }

    private func latestSetter(_ axis: Int, _ extremes: Tensor) -> Tensor {
        guard let axis = resolvedAxis("cumulativeArgMax or cumulativeArgMin", axis) else { return self }
        let isSetter = (self .== extremes) .| isNaN(self)
        return `where`(isSetter, .iota(shape, axis: axis), 0).cumulativeMax(axis: axis)
    }
}
