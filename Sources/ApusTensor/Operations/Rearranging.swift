// Elements in another order, axes taken apart and repeated.

extension Tensor {
    /// Elements moved `shift` places along `axis`; those pushed over an end come in at the other (roll).
    public func rolled(by shift: Int, axis: Int) -> Tensor {
        guard let axis = resolvedAxis("rolled", axis) else { return self }
        let extent = shape[axis]
        let moved = extent == 0 ? 0 : (shift % extent + extent) % extent
        if moved == 0 { return self }
        return concatenate(
            [sliced(axis: axis, extent - moved, moved), sliced(axis: axis, 0, extent - moved)], axis: axis)
    }

    /// The same along several axes: axis `axes[i]` by `shifts[i]`.
    public func rolled(by shifts: [Int], axes: [Int]) -> Tensor {
        guard shifts.count == axes.count else { return invalid("rolled: \(shifts.count) shifts for axes \(axes)") }
        return zip(shifts, axes).reduce(self) { $0.rolled(by: $1.0, axis: $1.1) }
    }

    /// The same for all elements in row-major order, whatever the axes.
    public func rolled(by shift: Int) -> Tensor { flattened().rolled(by: shift, axis: 0).reshaped(shape) }

    /// Rotation by right angles in the plane of two axes, from the first toward the second (rot90).
    public func rotated(quarterTurns: Int = 1, axes: (Int, Int) = (0, 1)) -> Tensor {
        guard resolvedAxes("rotated", [axes.0, axes.1]) != nil else { return self }
        switch ((quarterTurns % 4) + 4) % 4 {
        case 0: return self
        case 1: return reversed(axes: axes.1).swappingAxes(axes.0, axes.1)
        case 2: return reversed(axes: axes.0, axes.1)
        default: return swappingAxes(axes.0, axes.1).reversed(axes: axes.1)
        }
    }

    /// Every element `count` times in a row along `axis` (NumPy's repeat, PyTorch's repeat_interleave). See `tiled` for the whole.
    public func repeatInterleaved(_ count: Int, axis: Int) -> Tensor {
        guard let axis = resolvedAxis("repeatInterleaved", axis) else { return self }
        guard count >= 0 else { return invalid("repeatInterleaved: \(count) times") }
        // (…, n, …) → (…, n, 1, …) → (…, n, count, …) → (…, n · count, …)
        var spread = shape
        spread.dimensions.insert(count, at: axis + 1)
        var merged = shape
        merged[axis] *= count
        return expandingDims(axis + 1).broadcast(to: spread).reshaped(merged)
    }

    /// Element `i` of `axis` repeated `counts[i]` times in a row.
    public func repeatInterleaved(_ counts: [Int], axis: Int) -> Tensor {
        guard let axis = resolvedAxis("repeatInterleaved", axis) else { return self }
        guard counts.count == shape[axis], counts.allSatisfy({ $0 >= 0 }) else {
            return invalid("repeatInterleaved: counts \(counts) for axis \(axis) of \(shape)")
        }
        return gathered(Tensor(zip(counts.indices, counts).flatMap { [Int](repeating: $0, count: $1) }), axis: axis)
    }

    /// The slices along `axis`, without that axis: the inverse of `stack` (unstack, PyTorch's unbind).
    public func unstacked(axis: Int = 0) -> [Tensor] {
        guard let axis = resolvedAxis("unstacked", axis) else { return [self] }
        let rest = shape.removing(axes: [axis])
        return (0..<shape[axis]).map { sliced(axis: axis, $0, 1).reshaped(rest) }
    }

    /// The parts of `axis`, each of `size` elements but for the last, which has what is left (PyTorch's split).
    public func split(size: Int, axis: Int = 0) -> [Tensor] {
        guard let axis = resolvedAxis("split", axis) else { return [self] }
        guard size > 0 else { return [invalid("split: parts of \(size) elements")] }
        let starts = Array(stride(from: 0, to: shape[axis], by: size))
        if starts.isEmpty { return [self] }
        return split(lengths: starts.map { Swift.min(size, shape[axis] - $0) }, axis: axis)
    }

    /// `count` parts of `axis` as equal as can be, the longer ones first (NumPy's array_split, PyTorch's tensor_split).
    public func split(count: Int, axis: Int = 0) -> [Tensor] {
        guard let axis = resolvedAxis("split", axis) else { return [self] }
        guard count > 0 else { return [invalid("split: \(count) parts")] }
        let (quotient, surplus) = shape[axis].quotientAndRemainder(dividingBy: count)
        return split(lengths: (0..<count).map { $0 < surplus ? quotient + 1 : quotient }, axis: axis)
    }

    /// Several axes moved to other places, the others keeping their order (moveaxis).
    public func movingAxes(_ sources: [Int], to destinations: [Int]) -> Tensor {
        guard sources.count == destinations.count, resolvedAxes("movingAxes", sources) != nil,
            resolvedAxes("movingAxes", destinations) != nil
        else { return invalid("movingAxes: axes \(sources) to \(destinations) of \(shape)") }
        if sources.isEmpty { return self }
        func place(_ axis: Int) -> Int { axis < 0 ? axis + rank : axis }
        var permutation = (0..<rank).filter { !sources.map(place).contains($0) }
        for (destination, source) in zip(destinations.map(place), sources.map(place)).sorted(by: { $0.0 < $1.0 }) {
            permutation.insert(source, at: destination)
        }
        return Tensor(.transpose(permutation), self)
    }

    /// `axis` taken apart into several; one extent may be −1. The inverse of `flattened`.
    public func unflattened(axis: Int, into extents: Shape) -> Tensor {
        guard let axis = resolvedAxis("unflattened", axis) else { return self }
        var extents = extents
        if let unknown = extents.firstIndex(of: -1) {
            let known = extents.removing(axes: [unknown]).elementCount
            extents[unknown] = known > 0 ? shape[axis] / known : 0
        }
        guard extents.elementCount == shape[axis], extents.allSatisfy({ $0 >= 0 }) else {
            return invalid("unflattened: axis \(axis) of \(shape) into \(extents)")
        }
        return reshaped(Shape(Array(shape[..<axis]) + extents.dimensions + Array(shape[(axis + 1)...])))
    }
}

/// Tensors of the one shape that all of them broadcast to (broadcast_arrays, PyTorch's broadcast_tensors).
public func broadcast(_ tensors: [Tensor]) -> [Tensor] {
    guard let common = broadcastShape(tensors.map(\.shape)) else {
        reportTensorError(TensorError("broadcast: shapes \(tensors.map(\.shape)) do not broadcast together"))
        return tensors
    }
    return tensors.map { $0.broadcast(to: common) }
}

/// The shape that all shapes broadcast to (broadcast_shapes).
func broadcastShape(_ shapes: [Shape]) -> Shape? {
    shapes.reduce(Shape([])) { common, shape in common?.broadcast(with: shape) }
}

/// Which axis of a grid the first of its vectors runs along.
public enum GridIndexing: Sendable {
    /// Vector `i` runs along axis `i`: matrix indexing, PyTorch's default.
    case ij
    /// The first vector runs along axis 1, the second along axis 0: Cartesian indexing, NumPy's default.
    case xy
}

/// The coordinates of a grid: tensor `i` has the elements of vector `i` along its axis and repeats them along the others (meshgrid).
///
/// - Input: vectors `(n₀)`, `(n₁)`, …; scalars count as vectors of one. Output: as many tensors `(n₀, n₁, …)`.
public func meshgrid(_ vectors: [Tensor], indexing: GridIndexing = .ij) -> [Tensor] {
    guard vectors.allSatisfy({ $0.rank <= 1 }) else {
        return vectors.map { $0.invalid("meshgrid: shapes \(vectors.map(\.shape)): vectors are needed") }
    }
    let shape = Shape(vectors.map(\.elementCount))
    let grids = vectors.enumerated().map { axis, vector -> Tensor in
        var line = Shape([Int](repeating: 1, count: shape.rank))
        line[axis] = vector.elementCount
        return vector.reshaped(line).broadcast(to: shape)
    }
    return indexing == .xy && vectors.count > 1 ? grids.map { $0.swappingAxes(0, 1) } : grids
}

/// All combinations of one element of each vector, the last changing fastest (cartesian_prod): `(n₀ · n₁ · …, count)`.
public func cartesianProduct(_ vectors: [Tensor]) -> Tensor {
    stack(meshgrid(vectors).map { $0.flattened() }, axis: -1)
}

/// All combinations of `count` elements of a vector, each in the vector's order, as rows (combinations): `(n choose count, count)`.
public func combinations(_ vector: Tensor, _ count: Int, withReplacement: Bool = false) -> Tensor {
    guard vector.rank == 1, count >= 0 else { return vector.invalid("combinations: \(count) of \(vector.shape)") }
    var rows: [[Int]] = [[]]
    for _ in 0..<count {
        rows = rows.flatMap { row in
            let first = row.last.map { withReplacement ? $0 : $0 + 1 } ?? 0
            return (first..<max(first, vector.elementCount)).map { row + [$0] }
        }
    }
    return vector.gathered(Tensor(rows.flatMap { $0 }, shape: [rows.count, count]))
}

/// `(B, C · groups, …)` with channels of all groups interleaved (Zhang et al. 2018, "ShuffleNet").
public func channelShuffle(_ x: Tensor, groups: Int) -> Tensor {
    guard x.rank >= 2, groups > 0, x.shape[1] % groups == 0 else {
        return x.invalid("channelShuffle: \(groups) groups of the channels of \(x.shape)")
    }
    return x.unflattened(axis: 1, into: [groups, x.shape[1] / groups]).swappingAxes(1, 2).reshaped(x.shape)
}

/// `(…, C · r², H, W) → (…, C, H · r, W · r)`: channels become blocks of pixels (Shi et al. 2016).
public func pixelShuffle(_ x: Tensor, _ factor: Int) -> Tensor {
    guard x.rank >= 3, factor > 0, x.shape[x.rank - 3] % (factor * factor) == 0 else {
        return x.invalid("pixelShuffle: \(x.shape) by \(factor): channels must divide by its square")
    }
    let (lead, c) = (Array(x.shape.dropLast(3)), x.shape[x.rank - 3] / (factor * factor))
    let (h, w) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
    return x.reshaped(Shape(lead + [c, factor, factor, h, w]))
        .movingAxes([-4, -3], to: [-3, -1])  // (…, C, H, r, W, r)
        .reshaped(Shape(lead + [c, h * factor, w * factor]))
}

/// `(…, C, H · r, W · r) → (…, C · r², H, W)`: the inverse of `pixelShuffle`.
public func pixelUnshuffle(_ x: Tensor, _ factor: Int) -> Tensor {
    guard x.rank >= 3, factor > 0, x.shape.suffix(2).allSatisfy({ $0 % factor == 0 }) else {
        return x.invalid("pixelUnshuffle: \(x.shape) by \(factor): height and width must divide by it")
    }
    let (lead, c) = (Array(x.shape.dropLast(3)), x.shape[x.rank - 3])
    let (h, w) = (x.shape[x.rank - 2] / factor, x.shape[x.rank - 1] / factor)
    return x.reshaped(Shape(lead + [c, h, factor, w, factor]))
        .movingAxes([-3, -1], to: [-4, -3])  // (…, C, r, r, H, W)
        .reshaped(Shape(lead + [c * factor * factor, h, w]))
}
