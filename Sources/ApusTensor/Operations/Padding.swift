// What is around the elements of a tensor.

/// Where the elements around a tensor come from.
public enum PaddingMode: String, Sendable, Codable, CaseIterable {
    /// Mirrored at the first and last element, which are not repeated: `c b | a b c | b a`.
    case reflect
    /// Mirrored at the border: `b a | a b c | c b`.
    case symmetric
    /// The first and last element again: `a a | a b c | c c` (NumPy's edge).
    case replicate
    /// From the other end: `b c | a b c | a b` (NumPy's wrap).
    case circular
}

extension Tensor {
    /// Elements of this tensor around its elements: `(before, behind)` for each axis.
    ///
    /// An axis can be reflected by fewer elements than it has, and wrapped or mirrored by as many; one without elements can't be padded.
    public func padded(_ widths: [(Int, Int)], mode: PaddingMode) -> Tensor {
        guard widths.count == rank, widths.allSatisfy({ $0.0 >= 0 && $0.1 >= 0 }) else {
            return invalid("padded: widths \(widths) for shape \(shape)")
        }
        var result = self
        for (axis, width) in widths.enumerated() where width != (0, 0) {
            let extent = shape[axis]
            let limit: Int =
                switch mode {
                case .reflect: extent - 1
                case .symmetric, .circular: extent
                case .replicate: extent == 0 ? 0 : Int.max
                }
            guard Swift.max(width.0, width.1) <= limit else {
                return invalid("padded: \(width) elements by \(mode) on axis \(axis) of \(shape)")
            }
            result = result.padded(width, axis: axis, mode)
        }
        return result
    }

    private func padded(_ width: (Int, Int), axis: Int, _ mode: PaddingMode) -> Tensor {
        let (low, high) = width
        let n = shape[axis]
        func part(_ start: Int, _ count: Int) -> Tensor { sliced(axis: axis, start, count) }
        func repeated(_ start: Int, _ count: Int) -> Tensor {
            var extents = shape
            extents[axis] = count
            return part(start, 1).broadcast(to: extents)
        }
        let around: (before: () -> Tensor, behind: () -> Tensor) =
            switch mode {
            case .reflect: ({ part(1, low).reversed(axes: axis) }, { part(n - 1 - high, high).reversed(axes: axis) })
            case .symmetric: ({ part(0, low).reversed(axes: axis) }, { part(n - high, high).reversed(axes: axis) })
            case .replicate: ({ repeated(0, low) }, { repeated(n - 1, high) })
            case .circular: ({ part(n - low, low) }, { part(0, high) })
            }
        return concatenate(
            (low > 0 ? [around.before()] : []) + [self] + (high > 0 ? [around.behind()] : []), axis: axis)
    }
}
