import ApusGraph

/// How a value lies in memory: a view of the value's own shape, or of that shape with one axis split into blocks.
///
/// oneDNN's `nChw16c` keeps 16 neighbouring channels together for each pixel. As an order of axes that needs the
/// channels as two: an activation `(N, C, H, W)` with `split == 1` is held as a view of `(N, C/16, 16, H, W)`, dense in
/// the order `[0, 1, 3, 4, 2]`. Views, regions and reductions work on the split shape as on any other.
struct Layout: Hashable {
    var view: View
    /// The value's axis that the view has as two: the blocks, and the places within a block.
    var split: Int?

    /// Elements of a block: a vector register of float32.
    static let blockSize = 16

    init(_ view: View, split: Int? = nil) {
        self.view = view
        self.split = split
    }

    /// The view with the value's own axes, where the halves of the split one still make one axis.
    var plain: View? {
        guard let split else { return view }
        return view.merged(split)
    }

    /// The view with an axis split, where it isn't split otherwise.
    func split(at axis: Int) -> View? { split == axis ? view : plain?.split(axis, by: Self.blockSize) }

    /// An order of the value's axes as one of the view's.
    func viewOrder(_ order: [Int]) -> [Int] {
        guard let split else { return order }
        return Self.refined(order, split: split)
    }

    /// Axes, with the split one as its two halves.
    static func refined(_ axes: [Int], split: Int) -> [Int] {
        axes.flatMap { $0 < split ? [$0] : $0 == split ? [$0, $0 + 1] : [$0 + 1] }
    }

    // MARK: Movements that keep the blocks; nil for those that don't

    /// The layout of what a movement makes of the value.
    func moved(by operation: Operation) -> Layout? {
        guard let split else { return nil }
        switch operation {
        case .transpose(let permutation):
            return Layout(view.transposed(viewOrder(permutation)), split: permutation.firstIndex(of: split))
        case .slice(let ranges):
            return sliced(ranges, split: split)
        case .reshape, .broadcast, .reverse:
            return nil
        default:
            return self
        }
    }

    /// Whole blocks of the split axis, and any part of the others.
    private func sliced(_ ranges: [SliceRange], split: Int) -> Layout? {
        let range = ranges[split]
        let size = view.shape[split + 1]
        guard range.step == 1, range.start % size == 0, range.count % size == 0 else { return nil }
        let halves = [
            SliceRange(start: range.start / size, count: range.count / size), SliceRange(start: 0, count: size),
        ]
        return Layout(view.sliced(ranges[..<split] + halves + ranges[(split + 1)...]), split: split)
    }
}

extension View {
    /// An axis as two: the blocks, and the places within a block of `size`, which divides the extent.
    func split(_ axis: Int, by size: Int) -> View {
        var result = self
        result.shape.replaceSubrange(axis...axis, with: [shape[axis] / size, size])
        result.strides.replaceSubrange(axis...axis, with: [strides[axis] * size, strides[axis]])
        return result
    }

    /// An axis and the next as one, or nil where steps along them differ.
    func merged(_ axis: Int) -> View? {
        let isOne = elementCount == 0 || shape[axis] == 1 || strides[axis] == strides[axis + 1] * shape[axis + 1]
        guard isOne else { return nil }
        var result = self
        result.shape.replaceSubrange(axis...axis + 1, with: [shape[axis] * shape[axis + 1]])
        result.strides.replaceSubrange(axis...axis + 1, with: [strides[axis + 1]])
        return result
    }
}
