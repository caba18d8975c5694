// Other views of the same elements.

extension Tensor {
    /// The same elements in row-major order as another shape. One extent may be −1: it follows from the others.
    public func reshaped(_ extents: Int...) -> Tensor { reshaped(Shape(extents)) }

    /// The same elements in row-major order as another shape. One extent may be −1: it follows from the others.
    public func reshaped(_ shape: Shape) -> Tensor {
        guard shape != self.shape else { return self }
        var shape = shape
        if let unknown = shape.firstIndex(of: -1) {
            let known = shape.enumerated().reduce(1) { $1.offset == unknown ? $0 : $0 * $1.element }
            guard known > 0, elementCount % known == 0 else {
                let error = TensorError(
                    "reshape: \(self.shape) to \(shape): \(elementCount) elements do not divide by \(known)")
                return Tensor(Node.invalid(error, like: node.type))
            }
            shape[unknown] = elementCount / known
        }
        return Tensor(.reshape(shape), self)
    }

    /// Axes `start` to `end` (included) as one.
    public func flattened(from start: Int = 0, to end: Int = -1) -> Tensor {
        if rank == 0 { return reshaped([1]) }
        guard let first = resolvedAxis("flatten", start), let last = resolvedAxis("flatten", end), first <= last else {
            return self
        }
        let merged = shape[first...last].reduce(1, *)
        return reshaped(Shape(Array(shape[..<first]) + [merged] + Array(shape[(last + 1)...])))
    }

    /// Axis `i` of the result is axis `axes[i]` of this tensor; without axes, all are reversed.
    public func transposed(_ axes: Int...) -> Tensor { transposed(axes) }

    /// Axis `i` of the result is axis `axes[i]` of this tensor; without axes, all are reversed.
    public func transposed(_ axes: [Int]) -> Tensor {
        let permutation = axes.isEmpty ? Array((0..<rank).reversed()) : axes.map { $0 < 0 ? $0 + rank : $0 }
        return Tensor(.transpose(permutation), self)
    }

    /// Two axes exchanged.
    public func swappingAxes(_ a: Int, _ b: Int) -> Tensor {
        guard let a = resolvedAxis("swapAxes", a), let b = resolvedAxis("swapAxes", b) else { return self }
        var permutation = Array(0..<rank)
        permutation.swapAt(a, b)
        return Tensor(.transpose(permutation), self)
    }

    /// The matrix transpose: the last two axes exchanged.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    public var T: Tensor { swappingAxes(-2, -1) }

    /// An axis moved to another place, the others keeping their order.
    public func movingAxis(_ source: Int, to destination: Int) -> Tensor {
        guard let source = resolvedAxis("moveAxis", source), let destination = resolvedAxis("moveAxis", destination)
        else { return self }
        var permutation = (0..<rank).filter { $0 != source }
        permutation.insert(source, at: destination)
        return Tensor(.transpose(permutation), self)
    }

    /// NumPy's broadcasting: extents of 1, and axes missing in front, repeat.
    public func broadcast(to shape: Shape) -> Tensor {
        shape == self.shape ? self : Tensor(.broadcast(shape), self)
    }

    /// An axis of extent 1 put in at `axis`.
    public func expandingDims(_ axis: Int) -> Tensor {
        let place = axis < 0 ? axis + rank + 1 : axis
        guard (0...rank).contains(place) else {
            return Tensor(Node.invalid(TensorError("expandDims: axis \(axis) for shape \(shape)"), like: node.type))
        }
        var extents = shape.dimensions
        extents.insert(1, at: place)
        return reshaped(Shape(extents))
    }

    /// Without the axes of extent 1: all of them, or the ones named.
    public func squeezed(_ axes: Int...) -> Tensor {
        let chosen = axes.isEmpty ? shape.indices.filter { shape[$0] == 1 } : resolvedAxes("squeeze", axes) ?? []
        guard chosen.allSatisfy({ shape[$0] == 1 }) else {
            return Tensor(Node.invalid(TensorError("squeeze: axes \(axes) of \(shape) are not all 1"), like: node.type))
        }
        return reshaped(shape.removing(axes: chosen))
    }

    /// The order of elements flipped along axes.
    public func reversed(axes: Int...) -> Tensor { reversed(axes: axes) }

    /// The order of elements flipped along axes.
    public func reversed(axes: [Int]) -> Tensor {
        guard let resolved = resolvedAxes("reverse", axes) else { return self }
        return Tensor(.reverse(axes: resolved), self)
    }

    /// `count` elements along `axis` from `start`, by `step`.
    public func sliced(axis: Int, _ start: Int, _ count: Int, step: Int = 1) -> Tensor {
        guard let axis = resolvedAxis("slice", axis) else { return self }
        var ranges = shape.map { SliceRange(start: 0, count: $0) }
        ranges[axis] = SliceRange(start: start, count: count, step: step)
        return Tensor(.slice(ranges), self)
    }

    /// `value` around the elements: `(before, behind)` for each axis; negative widths take elements away.
    public func padded(_ widths: [(Int, Int)], value: Double = 0) -> Tensor {
        let (low, high) = (widths.map { Swift.max(0, $0.0) }, widths.map { Swift.max(0, $0.1) })
        return cropped(widths).filled(around: low, high, value)
    }

    private func filled(around low: [Int], _ high: [Int], _ value: Double) -> Tensor {
        Tensor(.pad(low: low, high: high), self, Tensor(value).cast(to: dtype))
    }

    /// Without the elements that negative widths take away.
    private func cropped(_ widths: [(Int, Int)]) -> Tensor {
        guard widths.count == rank, widths.contains(where: { $0.0 < 0 || $0.1 < 0 }) else { return self }
        let ranges = zip(widths, shape).map { width, extent in
            let first = Swift.max(0, -width.0)
            return SliceRange(start: first, count: extent - first - Swift.max(0, -width.1))
        }
        return Tensor(.slice(ranges), self)
    }

    /// Repeats the whole tensor along each axis.
    public func tiled(_ counts: Int...) -> Tensor { tiled(counts) }

    /// Repeats the whole tensor along each axis.
    public func tiled(_ counts: [Int]) -> Tensor {
        let rank = Swift.max(counts.count, self.rank)
        let counts = [Int](repeating: 1, count: rank - counts.count) + counts
        let extents = [Int](repeating: 1, count: rank - self.rank) + shape.dimensions
        // (n₀, n₁, …) → (1, n₀, 1, n₁, …) → (c₀, n₀, c₁, n₁, …) → (c₀·n₀, c₁·n₁, …)
        let spread = Shape(extents.flatMap { [1, $0] })
        let repeated = Shape(zip(counts, extents).flatMap { [$0, $1] })
        return reshaped(spread).broadcast(to: repeated).reshaped(Shape(zip(counts, extents).map { $0 * $1 }))
    }

    /// The parts of `axis`, each of the given length.
    public func split(lengths: [Int], axis: Int = 0) -> [Tensor] {
        guard let axis = resolvedAxis("split", axis) else { return [self] }
        guard lengths.reduce(0, +) == shape[axis] else {
            reportTensorError(
                TensorError("split: lengths \(lengths) do not add up to the \(shape[axis]) of axis \(axis)"))
            return [self]
        }
        var start = 0
        return lengths.map { length in
            defer { start += length }
            return sliced(axis: axis, start, length)
        }
    }

    /// Parts of `axis`, `count` of them, or fewer: all are as long as the first but the last, which has the rest.
    public func chunked(_ count: Int, axis: Int = 0) -> [Tensor] {
        guard let axis = resolvedAxis("chunk", axis) else { return [self] }
        guard count > 0 else {
            reportTensorError(TensorError("chunk: \(count) parts of axis \(axis)"))
            return [self]
        }
        let extent = shape[axis]
        if extent == 0 { return [Tensor](repeating: self, count: count) }
        return split(size: (extent + count - 1) / count, axis: axis)
    }
}

/// Tensors end to end along `axis`; dtypes promote.
public func concatenate(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    guard let first = tensors.first else {
        return Tensor(Node.invalid(TensorError("concatenate: no tensors"), like: TensorType([], .float32)))
    }
    let dtype = tensors.reduce(first.dtype) { $0.promoted(with: $1.dtype) }
    guard let axis = first.resolvedAxis("concatenate", axis) else { return first }
    return Tensor(Node.make(.concatenate(axis: axis), tensors.map { $0.cast(to: dtype).node }))
}

/// Tensors of one shape side by side along a new axis.
public func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    let place = axis < 0 ? axis + (tensors.first?.rank ?? 0) + 1 : axis
    return concatenate(tensors.map { $0.expandingDims(place) }, axis: place)
}
