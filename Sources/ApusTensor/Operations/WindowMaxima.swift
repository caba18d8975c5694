// Where the largest elements of windows lie, and windows that do not lie evenly.

/// The largest element of each window and its place among the elements of its channel, row after row (return_indices).
///
/// The window has as many extents as there are spatial axes. Input: `(N, C, …)`. See `maxPool1d`.
public func maxPoolWithIndices(
    _ x: Tensor, _ kernelSize: [Int], stride: (any SpatialExtent)? = nil, padding: any SpatialExtent = 0,
    dilation: any SpatialExtent = 1, ceilMode: Bool = false
) -> (values: Tensor, indices: Tensor) {
    withBatch(x, rank: kernelSize.count + 2) { x in
        guard
            let windows = SlidingWindows(
                "max pool", over: x, kernelSize, stride, padding, dilation, ceilMode: ceilMode)
        else { return (x, x) }
        return maxima(of: x, windows.axes.map(windows.table))
    }
}

/// Elements put back to where `maxPoolWithIndices` found them, zeros elsewhere (max_unpool1d, 2d, 3d).
///
/// - Input: `(N, C, …)` or `(C, …)`, both. Output: `(N, C) + outputSize`.
public func maxUnpool(_ x: Tensor, _ indices: Tensor, outputSize: [Int]) -> Tensor {
    guard indices.shape == x.shape, (1...2).contains(x.rank - outputSize.count) else {
        return x.invalid("max unpool: \(x.shape) at indices \(indices.shape) to \(outputSize)")
    }
    // (…, windows) → (…, positions)
    let lead = x.rank - outputSize.count
    let empty = Tensor.zeros(Shape(x.shape.prefix(lead) + [outputSize.reduce(1, *)]), dtype: x.dtype)
    let places = indices.flattened(from: lead)
    // Where windows overlap, several of them have put one element back: each has the gradient of its place.
    let filled = withCustomGradient([x.flattened(from: lead)]) {
        empty.scattered(elements: places, $0[0], axis: lead, mode: .replace)
    } rule: { _, _, gradient in
        [gradient.gathered(elements: places, axis: lead)]
    }
    return filled.reshaped(Shape(x.shape.prefix(lead) + outputSize))
}

/// The largest element of windows that lie at random distances, as many as the output has elements (Graham 2014), and its place.
///
/// Along an axis, window `i` of `n` begins at `⌊(i + u) a⌋ − ⌊u a⌋`, where `a = (size − window) / (n − 1)`; the last one ends with the axis.
///
/// - Parameter samples: `u`, `(N, C, spatial axes)` in [0, 1); drawn where it isn't given.
public func fractionalMaxPool(
    _ x: Tensor, _ kernelSize: [Int], outputSize: [Int], samples: Tensor? = nil, generator: Generator = .current
) -> (values: Tensor, indices: Tensor) {
    let n = kernelSize.count
    if x.rank == n + 1 {
        return withBatch(x, rank: n + 2) {
            fractionalMaxPool(
                $0, kernelSize, outputSize: outputSize, samples: samples?.reshaped(1, $0.shape[1], n),
                generator: generator)
        }
    }
    guard x.rank == n + 2, outputSize.count == n,
        (0..<n).allSatisfy({ outputSize[$0] >= 1 && outputSize[$0] + kernelSize[$0] - 1 <= x.shape[$0 + 2] })
    else {
        return (x.invalid("fractional max pool: \(x.shape) by windows of \(kernelSize) to \(outputSize)"), x)
    }
    let drawn = samples ?? .uniform([x.shape[0], x.shape[1], n], generator: generator)
    let tables = (0..<n).map { axis -> Tensor in
        let (count, window) = (outputSize[axis], kernelSize[axis])
        let last = Tensor.full([x.shape[0], x.shape[1], 1], x.shape[axis + 2] - window)
        let u = drawn.sliced(axis: 2, axis, 1)
        let step = Double(x.shape[axis + 2] - window) / Double(max(1, count - 1))
        let even = Tensor.range(count - 1).cast(to: u.dtype)
        let starts = (floor((even + u) * step) - floor(u * step)).cast(to: .int64)  // (N, C, count − 1)
        return concatenate([starts, last], axis: 2).expandingDims(-1) + Tensor.range(window)
    }
    return maxima(of: x, tables)
}

/// The largest of the elements that tables name along each axis, and their places.
///
/// - Parameter tables: for each axis `(positions, window)`, or `(N, C, positions, window)` where channels differ.
package func maxima(of x: Tensor, _ tables: [Tensor]) -> (values: Tensor, indices: Tensor) {
    let flat = x.flattened(from: 2)  // (N, C, S)
    let places = flatPlaces(tables, in: Array(x.shape.dropFirst(2)))  // (N or 1, C or 1, positions, window)
    let shape = Shape([x.shape[0], x.shape[1]] + places.shape.suffix(2))
    let everywhere = places.broadcast(to: shape)
    let seen =
        places.shape[0] == 1 && places.shape[1] == 1
        ? flat.gathered(places.squeezed(0, 1), axis: 2)
        : flat.gathered(elements: everywhere.flattened(from: 2), axis: 2).reshaped(shape)
    let indices = everywhere.gathered(elements: seen.argMax(keepingAxes: true), axis: 3).squeezed(-1)
    let size = Shape(Array(shape.prefix(2)) + tables.map { $0.shape[$0.rank - 2] })
    return (flat.gathered(elements: indices, axis: 2).reshaped(size), indices.reshaped(size))
}

/// What tables name along each axis as places in the flattened image: all positions times all elements of the window.
private func flatPlaces(_ tables: [Tensor], in size: [Int]) -> Tensor {
    var flat = Tensor.zeros([1, 1, 1, 1], dtype: .int64)
    for (table, extent) in zip(tables, size) {
        let lead = table.rank == 2 ? [1, 1] : Array(table.shape.prefix(2))
        let (positions, window) = (table.shape[table.rank - 2], table.shape[table.rank - 1])
        let (before, seen) = (flat.shape[2], flat.shape[3])
        let rows = flat.reshaped(Shape(Array(flat.shape.prefix(2)) + [before, 1, seen, 1])) * extent
        let columns = table.reshaped(Shape(lead + [1, positions, 1, window]))
        let sum = rows + columns
        flat = sum.reshaped(Shape(Array(sum.shape.prefix(2)) + [before * positions, seen * window]))
    }
    return flat
}
