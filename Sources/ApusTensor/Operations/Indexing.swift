// Elements by computed position. Subscripts are in `Tensor+Subscript.swift`.

extension Tensor {
    /// Whole slices along `axis`: the shape of `indices` takes the axis's place. Negative indices count from the end only in subscripts.
    public func gathered(_ indices: Tensor, axis: Int = 0) -> Tensor {
        guard let axis = resolvedAxis("gather", axis) else { return self }
        return Tensor(.gather(axis: axis), self, indices.cast(to: .int64))
    }

    /// One element for each index: `result[i, j] = self[i, indices[i, j]]` for `axis` 1 (NumPy's take_along_axis, PyTorch's gather).
    ///
    /// Off `axis`, there may be fewer indices than elements: the first ones are meant.
    public func gathered(elements indices: Tensor, axis: Int) -> Tensor {
        guard let axis = resolvedAxis("gather elements", axis) else { return self }
        return Tensor(.gatherElements(axis: axis), covered(by: indices, off: axis), indices.cast(to: .int64))
    }

    /// The part of this tensor that is no longer than `indices`, but for `axis`.
    private func covered(by indices: Tensor, off axis: Int) -> Tensor {
        guard indices.rank == rank, shape.indices.contains(where: { $0 != axis && indices.shape[$0] < shape[$0] })
        else {
            return self
        }
        return Tensor(
            .slice(
                shape.indices.map { other in
                    let extent = shape[other]
                    return SliceRange(start: 0, count: other == axis ? extent : Swift.min(extent, indices.shape[other]))
                }), self)
    }

    /// This tensor with `updates` combined in at whole slices along `axis`.
    public func scattered(_ indices: Tensor, _ updates: Tensor, axis: Int = 0, mode: ScatterMode = .add) -> Tensor {
        guard let axis = resolvedAxis("scatter", axis) else { return self }
        return Tensor(.scatter(mode, axis: axis), self, indices.cast(to: .int64), updates.cast(to: dtype))
    }

    /// This tensor with one update for each index combined in: the inverse of `gathered(elements:axis:)`.
    public func scattered(elements indices: Tensor, _ updates: Tensor, axis: Int, mode: ScatterMode = .add) -> Tensor {
        guard let axis = resolvedAxis("scatter elements", axis) else { return self }
        return changingPart(coveredBy: indices, off: axis) { part in
            Tensor(.scatterElements(mode, axis: axis), part, indices.cast(to: .int64), updates.cast(to: dtype))
        }
    }

    /// This tensor with the part changed that is no longer than `indices`, but for `axis`.
    func changingPart(coveredBy indices: Tensor, off axis: Int, _ change: (Tensor) -> Tensor) -> Tensor {
        let part = covered(by: indices, off: axis)
        if part.shape == shape { return change(self) }
        return replacing(at: Tensor.zeros([rank], dtype: .int64), with: change(part))
    }

    /// The block of `sizes` whose corner `starts` (one index an axis) is computed.
    public func block(at starts: Tensor, sizes: Shape) -> Tensor {
        Tensor(.dynamicSlice(sizes: sizes), self, starts.cast(to: .int64))
    }

    /// This tensor with `block` put at the computed corner `starts`.
    public func replacing(at starts: Tensor, with block: Tensor) -> Tensor {
        Tensor(.dynamicUpdate, self, block.cast(to: dtype), starts.cast(to: .int64))
    }

    /// 1 at each index and 0 elsewhere along a new last axis of extent `count`.
    public func oneHot(_ count: Int, dtype: DType = .float32) -> Tensor {
        (expandingDims(-1).cast(to: .int64) .== Tensor.range(count)).cast(to: dtype)
    }
}
