import ApusGraph

extension ReferenceTensor {
    func gathered(_ indices: ReferenceTensor, axis: Int) throws(TensorError) -> ReferenceTensor {
        try indices.requireIndices(below: shape[axis], axis: axis, of: shape, in: .gather(axis: axis))
        let (result, sources) = slices(indices, axis: axis)
        return picking(sources, as: result)
    }

    func scattered(_ mode: ScatterMode, _ indices: ReferenceTensor, _ updates: ReferenceTensor, axis: Int)
        throws(TensorError) -> ReferenceTensor
    {
        try indices.requireIndices(below: shape[axis], axis: axis, of: shape, in: .scatter(mode, axis: axis))
        return combining(mode, slices(indices, axis: axis).offsets, updates)
    }

    func gatheredElements(_ indices: ReferenceTensor, axis: Int) throws(TensorError) -> ReferenceTensor {
        try indices.requireIndices(below: shape[axis], axis: axis, of: shape, in: .gatherElements(axis: axis))
        return picking(elementOffsets(indices, axis: axis), as: indices.shape)
    }

    func scatteredElements(_ mode: ScatterMode, _ indices: ReferenceTensor, _ updates: ReferenceTensor, axis: Int)
        throws(TensorError) -> ReferenceTensor
    {
        try indices.requireIndices(below: shape[axis], axis: axis, of: shape, in: .scatterElements(mode, axis: axis))
        return combining(mode, elementOffsets(indices, axis: axis), updates)
    }

    func block(_ sizes: Shape, at starts: ReferenceTensor) -> ReferenceTensor {
        let first = inward(starts, block: sizes)
        return picking(as: sizes) { place in zip(place, first).map { $0 + $1 } }
    }

    func replacingBlock(_ update: ReferenceTensor, at starts: ReferenceTensor) -> ReferenceTensor {
        let first = inward(starts, block: update.shape)
        let pairs = update.shape.allCoordinates.enumerated().map { offset, place in
            (target: shape.offset(of: zip(place, first).map { $0 + $1 }), source: offset)
        }
        return replacing(pairs, from: update)
    }

    // MARK: Places

    /// The shape of a gather along `axis` and, for each of its elements, the offset in this value.
    private func slices(_ indices: ReferenceTensor, axis: Int) -> (shape: Shape, offsets: [Int]) {
        let result = Shape(Array(shape[..<axis]) + indices.shape.dimensions + Array(shape[(axis + 1)...]))
        let numbers = indices.integers
        let offsets = result.allCoordinates.map { place -> Int in
            let inside = axis..<(axis + indices.shape.rank)
            let index = Int(numbers[indices.shape.offset(of: Array(place[inside]))])
            return shape.offset(of: Array(place[..<axis]) + [index] + Array(place[inside.upperBound...]))
        }
        return (result, Array(offsets))
    }

    /// For each element of `indices`, the offset of the element of this value that it stands for.
    private func elementOffsets(_ indices: ReferenceTensor, axis: Int) -> [Int] {
        zip(indices.shape.allCoordinates, indices.integers).map { place, index in
            var source = place
            source[axis] = Int(index)
            return shape.offset(of: source)
        }
    }

    /// The starts of a block, moved so that it lies inside this value.
    private func inward(_ starts: ReferenceTensor, block: Shape) -> [Int] {
        shape.indices.map { axis in min(max(Int(starts.integers[axis]), 0), shape[axis] - block[axis]) }
    }

    private func combining(_ mode: ScatterMode, _ targets: [Int], _ updates: ReferenceTensor) -> ReferenceTensor {
        let pairs = targets.enumerated().map { (target: $1, source: $0) }
        switch mode {
        case .add: return adding(pairs, from: updates)
        case .replace: return replacing(pairs, from: updates)
        }
    }

    private func requireIndices(below extent: Int, axis: Int, of shape: Shape, in operation: Operation)
        throws(TensorError)
    {
        for index in integers where index < 0 || index >= extent {
            throw TensorError("\(operation.name): index \(index) is outside 0..<\(extent), axis \(axis) of \(shape)")
        }
    }
}
