// NumPy's indexing: `x[0]`, `x[-1, 1..<3]`, `x[.ellipsis, 0]`, `x[.range(by: -1)]`, `x[indices]`, `x[mask]`.

/// Something that can stand in a tensor's subscript.
public protocol TensorIndexing: Sendable {
    var tensorIndex: TensorIndex { get }
}

/// An entry of a subscript.
public struct TensorIndex: TensorIndexing {
    enum Kind: Sendable {
        case element(Int)
        case stride(from: Int?, to: Int?, by: Int)
        case newAxis
        case ellipsis
        case tensor(Tensor)
    }

    let kind: Kind

    public var tensorIndex: TensorIndex { self }
}

extension TensorIndexing where Self == TensorIndex {
    /// A whole axis, NumPy's `:`.
    public static var all: TensorIndex { range() }
    /// As many whole axes as the other entries leave over, NumPy's `...`.
    public static var ellipsis: TensorIndex { TensorIndex(kind: .ellipsis) }
    /// A new axis of extent 1, NumPy's `None`.
    public static var newAxis: TensorIndex { TensorIndex(kind: .newAxis) }
    /// Every `by`-th element from `from` up to `to`, which is left out: NumPy's `from:to:by`.
    ///
    /// Negative ends count from the axis's end, and ends outside of the axis are moved onto it. A missing one is where a walk in the
    /// direction of `by` starts or stops.
    public static func range(from: Int? = nil, to: Int? = nil, by: Int = 1) -> TensorIndex {
        TensorIndex(kind: .stride(from: from, to: to, by: by))
    }
}

extension Int: TensorIndexing {
    public var tensorIndex: TensorIndex { TensorIndex(kind: .element(self)) }
}

extension Range: TensorIndexing where Bound == Int {
    public var tensorIndex: TensorIndex { .range(from: lowerBound, to: upperBound) }
}

extension ClosedRange: TensorIndexing where Bound == Int {
    public var tensorIndex: TensorIndex { .range(from: lowerBound, to: end(behind: upperBound)) }
}

extension PartialRangeFrom: TensorIndexing where Bound == Int {
    public var tensorIndex: TensorIndex { .range(from: lowerBound) }
}

extension PartialRangeUpTo: TensorIndexing where Bound == Int {
    public var tensorIndex: TensorIndex { .range(to: upperBound) }
}

extension PartialRangeThrough: TensorIndexing where Bound == Int {
    public var tensorIndex: TensorIndex { .range(to: end(behind: upperBound)) }
}

/// The end of a range that includes `last`. Behind −1, the last element, there is no index left: 0 would be the first.
private func end(behind last: Int) -> Int? { last == -1 ? nil : last + 1 }

extension Array: TensorIndexing where Element == Int {
    public var tensorIndex: TensorIndex { TensorIndex(kind: .tensor(Tensor(self))) }
}

extension Tensor: TensorIndexing {
    public var tensorIndex: TensorIndex { TensorIndex(kind: .tensor(self)) }
}

extension Tensor {
    /// The elements that NumPy's indexing picks, or an assignment to them.
    ///
    /// ```swift
    /// x[0]                        // the first row
    /// x[1..<3, .ellipsis, -1]     // rows 1 and 2, the last element of the last axis
    /// x[.range(by: -1)]           // rows in reverse
    /// x[Tensor([2, 0, 2])]        // rows 2, 0 and 2
    /// x[x .< 0] = Tensor(0)       // every negative element
    /// ```
    ///
    /// Index tensors broadcast together; the axes of their common shape take the place of the axes they index when those stand side by
    /// side (with integers among them), else they come first. A mask stands for the indices of its true elements, so reading through one
    /// evaluates it. An assigned value broadcasts to the shape picked; of several values for one element the last stays.
    ///
    /// An index out of range is a `TensorError`: at once for an `Int`, when the result is looked at for an index tensor.
    public subscript(_ indices: any TensorIndexing...) -> Tensor {
        get {
            do throws(TensorError) {
                return try Selection(indices.map(\.tensorIndex.kind), of: shape).picked(from: self)
            } catch {
                return Tensor(Node.invalid(error, like: node.type))
            }
        }
        set {
            do throws(TensorError) {
                if case .tensor(let mask)? = indices.first?.tensorIndex.kind, indices.count == 1, mask.dtype == .bool,
                    newValue.rank == 0
                {
                    // One value everywhere needs no list of places, and so no look at the mask.
                    try requireMask(mask.shape, over: shape, from: 0)
                    let aligned = mask.reshaped(Shape(mask.shape + [Int](repeating: 1, count: rank - mask.rank)))
                    self = `where`(aligned, newValue.cast(to: dtype), self)
                } else {
                    self = try Selection(indices.map(\.tensorIndex.kind), of: shape).replaced(in: self, by: newValue)
                }
            } catch {
                self = Tensor(Node.invalid(error, like: node.type))
            }
        }
    }
}

private func requireMask(_ mask: Shape, over shape: Shape, from axis: Int) throws(TensorError) {
    guard axis + mask.rank <= shape.rank, mask.elementsEqual(shape[axis..<(axis + mask.rank)]) else {
        throw TensorError("subscript: a mask of shape \(mask) at axis \(axis) of \(shape): extents must be equal")
    }
}

/// What a subscript picks: first a box of strided ranges, seen as another shape, then elements of it by index tensors.
private struct Selection {
    /// The box: one range for each axis of the tensor.
    private var ranges: [SliceRange] = []
    /// The box's shape without the axes of `Int`s and with the new axes.
    private var boxShape = Shape([])
    /// Index tensors, and which axis of the box each one indexes, ascending.
    private var tensors: [(axis: Int, indices: Tensor)] = []
    /// Whether index tensors and `Int`s stand side by side.
    private var isAdjacent = true

    /// Axes of the tensor's shape that are not spoken for yet.
    private let shape: Shape
    private var nextAxis = 0

    init(_ entries: [TensorIndex.Kind], of shape: Shape) throws(TensorError) {
        self.shape = shape
        let named = entries.reduce(0) { $0 + $1.axisCount }
        guard named <= shape.rank else {
            throw TensorError("subscript: \(named) indices for a tensor of shape \(shape)")
        }
        let ellipses = entries.filter(\.isEllipsis).count
        guard ellipses <= 1 else { throw TensorError("subscript: \(ellipses) ellipses; there can be one") }

        var seen = (pointed: false, gapBehind: false)
        for entry in entries + (ellipses == 0 ? [.ellipsis] : []) {
            if !entry.isPoint {
                seen.gapBehind = seen.pointed
            } else if seen.gapBehind {
                isAdjacent = false
            }
            seen.pointed = seen.pointed || entry.isPoint
            try append(entry, spare: shape.rank - named)
        }
        let shapes = tensors.map(\.indices.shape)
        guard let common = broadcastShape(shapes) else {
            throw TensorError("subscript: index tensors of shapes \(shapes) do not broadcast together")
        }
        tensors = tensors.map { ($0.axis, $0.indices.broadcast(to: common)) }
    }

    private mutating func append(_ entry: TensorIndex.Kind, spare: Int) throws(TensorError) {
        switch entry {
        case .element(let index):
            let extent = shape[nextAxis]
            guard (-extent..<extent).contains(index) else {
                throw TensorError("subscript: index \(index) is out of range for axis \(nextAxis) of extent \(extent)")
            }
            ranges.append(SliceRange(start: index < 0 ? index + extent : index, count: 1))
            nextAxis += 1
        case .stride(let from, let to, let step):
            guard step != 0 else { throw TensorError("subscript: a range of step 0 on axis \(nextAxis) of \(shape)") }
            keep(SliceRange(from: from, to: to, by: step, extent: shape[nextAxis]))
        case .newAxis:
            boxShape.dimensions.append(1)
        case .ellipsis:
            for _ in 0..<spare { keep(SliceRange(start: 0, count: shape[nextAxis])) }
        case .tensor(let mask) where mask.dtype == .bool:
            try requireMask(mask.shape, over: shape, from: nextAxis)
            // A mask of no axes keeps or drops everything: it indexes a new axis of extent 1.
            if mask.rank == 0 { boxShape.dimensions.append(1) }
            for (axis, indices) in mask.trueIndices().enumerated() {
                let boxAxis = mask.rank == 0 ? boxShape.rank - 1 : boxShape.rank
                if axis < mask.rank { keep(SliceRange(start: 0, count: shape[nextAxis])) }
                tensors.append((boxAxis, indices))
            }
        case .tensor(let indices):
            guard indices.dtype.isInteger else {
                throw TensorError("subscript: an index tensor of \(indices.dtype); integers or bools are needed")
            }
            tensors.append((boxShape.rank, indices.cast(to: .int64)))
            keep(SliceRange(start: 0, count: shape[nextAxis]))
        }
    }

    private mutating func keep(_ range: SliceRange) {
        ranges.append(range)
        boxShape.dimensions.append(range.count)
        nextAxis += 1
    }

    // MARK: Reading

    func picked(from x: Tensor) -> Tensor {
        let box = box(of: x)
        guard !tensors.isEmpty else { return box }
        let rows = merged(box).gathered(places, axis: mergedAxis)
        return rows.movingAxes(mergedAxis..<(mergedAxis + indexRank), to: resultAxis)
    }

    private func box(of x: Tensor) -> Tensor {
        let isWhole = zip(ranges, shape).allSatisfy { $0 == SliceRange(start: 0, count: $1) }
        return (isWhole ? x : Tensor(.slice(ranges), x)).reshaped(boxShape)
    }

    private var indexRank: Int { tensors[0].indices.rank }
    private var indexedAxes: [Int] { tensors.map(\.axis) }
    /// Where the index tensors' axes are in the result.
    private var resultAxis: Int { isAdjacent ? indexedAxes[0] : 0 }
    /// Indexed axes that are neighbours are merged where they are, others are first brought to the front.
    private var areNeighbours: Bool { indexedAxes.last! - indexedAxes[0] == tensors.count - 1 }
    private var mergedAxis: Int { areNeighbours ? indexedAxes[0] : 0 }

    /// Brings the indexed axes of the box side by side.
    private var permutation: [Int] {
        let others = boxShape.indices.filter { !indexedAxes.contains($0) }
        return areNeighbours ? Array(boxShape.indices) : indexedAxes + others
    }

    /// The box with the indexed axes as one.
    private func merged(_ box: Tensor) -> Tensor {
        let ordered = permutation.map { boxShape[$0] }
        let (first, behind) = (mergedAxis, mergedAxis + tensors.count)
        let count = ordered[first..<behind].reduce(1, *)
        return box.transposed(permutation).reshaped(
            Shape(Array(ordered[..<first]) + [count] + Array(ordered[behind...])))
    }

    /// Indices into the merged axis.
    private var places: Tensor {
        if tensors.count == 1 { return nonNegative(tensors[0].indices, extent: boxShape[tensors[0].axis]) }
        let strides = Shape(tensors.map { boxShape[$0.axis] }).strides
        let terms = zip(tensors, strides).map { tensor, stride -> Tensor in
            // Read from a table rather than multiplied, so that an index out of range is found, with its axis and extent.
            let extents = boxShape.keeping(axes: boxShape.indices.filter { $0 != tensor.axis })
            let table = Tensor.iota(extents, axis: tensor.axis) * stride
            let indices = nonNegative(tensor.indices, extent: boxShape[tensor.axis])
            return table.gathered(indices, axis: tensor.axis).reshaped(indices.shape)
        }
        return terms.dropFirst().reduce(terms[0], +)
    }

    /// Indices that count from the end as indices that count from the start; those out of range as they are, to be named in the error.
    private func nonNegative(_ indices: Tensor, extent: Int) -> Tensor {
        `where`((indices .< 0) .& (indices .>= -extent), indices + extent, indices)
    }

    // MARK: Assignment

    func replaced(in x: Tensor, by value: Tensor) throws(TensorError) -> Tensor {
        let box = tensors.isEmpty ? nil : box(of: x)
        let resultShape = box.map { _ in pickedShape } ?? boxShape
        // NumPy lets a value have more axes of extent 1 in front than there is room for.
        let surplus = value.shape.prefix(max(0, value.rank - resultShape.rank)).prefix { $0 == 1 }.count
        let trimmed = value.reshaped(Shape(Array(value.shape.dropFirst(surplus))))
        guard trimmed.shape.broadcast(with: resultShape) == resultShape else {
            throw TensorError("subscript: a value of shape \(value.shape) for elements of shape \(resultShape)")
        }
        let values = trimmed.cast(to: x.dtype).broadcast(to: resultShape)
        if resultShape.elementCount == 0 { return x }
        let contents = box.map { replacedPoints(in: $0, by: values) } ?? values
        return x.replacing(ranges, with: contents.reshaped(Shape(ranges.map(\.count))))
    }

    private var pickedShape: Shape {
        let others = boxShape.removing(axes: indexedAxes)
        return Shape(Array(others[..<resultAxis]) + tensors[0].indices.shape.dimensions + Array(others[resultAxis...]))
    }

    /// The box with the indexed elements replaced.
    private func replacedPoints(in box: Tensor, by values: Tensor) -> Tensor {
        let updates = values.movingAxes(resultAxis..<(resultAxis + indexRank), to: mergedAxis)
        let written = merged(box).scattered(places, updates, axis: mergedAxis, mode: .replace)
        let inverse = permutation.indices.map { permutation.firstIndex(of: $0)! }
        return written.reshaped(Shape(permutation.map { boxShape[$0] })).transposed(inverse)
    }
}

extension TensorIndex.Kind {
    /// How many axes of the tensor it speaks for; an ellipsis takes what is left.
    fileprivate var axisCount: Int {
        switch self {
        case .element, .stride: 1
        case .newAxis, .ellipsis: 0
        case .tensor(let tensor): tensor.dtype == .bool ? tensor.rank : 1
        }
    }

    fileprivate var isEllipsis: Bool { if case .ellipsis = self { true } else { false } }

    /// Whether it names elements one by one.
    fileprivate var isPoint: Bool {
        switch self {
        case .element, .tensor: true
        case .stride, .newAxis, .ellipsis: false
        }
    }
}

extension SliceRange {
    /// Python's `slice(from, to, by).indices(extent)`.
    fileprivate init(from: Int?, to: Int?, by step: Int, extent: Int) {
        let (lowest, highest) = step > 0 ? (0, extent) : (-1, extent - 1)
        func place(_ end: Int) -> Int { min(max(end < 0 ? end + extent : end, lowest), highest) }
        let start = from.map(place) ?? (step > 0 ? lowest : highest)
        let stop = to.map(place) ?? (step > 0 ? highest : lowest)
        let count = max(0, (stop - start + step - step.signum()) / step)
        self.init(start: count == 0 ? 0 : start, count: count, step: count <= 1 ? 1 : step)
    }
}

extension Tensor {
    /// The index of every true element of a mask: one vector for each axis. A mask of no axes gives one vector, of a 0 if it is true.
    fileprivate func trueIndices() -> [Tensor] {
        let places = elements(as: Bool.self).enumerated().filter(\.element).map(\.offset)
        if rank == 0 { return [Tensor(places)] }
        return zip(shape.strides, shape).map { stride, extent in
            Tensor(places.map { $0 / Swift.max(stride, 1) % Swift.max(extent, 1) })
        }
    }

    /// Neighbouring axes moved together, the others keeping their order.
    fileprivate func movingAxes(_ axes: Range<Int>, to destination: Int) -> Tensor {
        if axes.lowerBound == destination || axes.isEmpty { return self }
        var permutation = (0..<rank).filter { !axes.contains($0) }
        permutation.insert(contentsOf: axes, at: destination)
        return transposed(permutation)
    }

    /// This tensor with a box of strided ranges replaced by `block`.
    fileprivate func replacing(_ ranges: [SliceRange], with block: Tensor) -> Tensor {
        if block.shape == shape, ranges.allSatisfy({ $0.step == 1 }) { return block }
        guard let axis = ranges.firstIndex(where: { $0.step != 1 }) else {
            return replacing(at: Tensor(ranges.map(\.start)), with: block)
        }
        // One strided axis at a time: the elements it picks, with the rest replaced in them, are written back.
        let range = ranges[axis]
        var others = ranges
        others[axis] = SliceRange(start: 0, count: range.count)
        let picked = sliced(axis: axis, range.start, range.count, step: range.step)
        let indices = Tensor.range(range.count) * range.step + range.start
        return scattered(indices, picked.replacing(others, with: block), axis: axis, mode: .replace)
    }
}
