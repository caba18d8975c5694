import ApusNN

extension OperatorTable {
    /// Elements by computed places. Negative indices count from the end.
    mutating func addIndexing() {
        add("Gather") { call in
            if case .strings = try call.value(0) { return [.strings(try gatheredStrings(call))] }
            let x = try call.tensor(0)
            let axis = try call.axis(default: 0, rank: x.rank)
            return [.tensor(x.gathered(nonNegative(try call.tensor(1), extent: x.shape[axis]), axis: axis))]
        }
        addTensor("GatherElements") { call in
            let x = try call.tensor(0)
            let axis = try call.axis(default: 0, rank: x.rank)
            let indices = nonNegative(try call.tensor(1), extent: x.shape[axis])
            return x.gathered(elements: indices, axis: axis)
        }
        addTensor("GatherND", gatherND)
        for name in ["Scatter", "ScatterElements"] { addTensor(name, scatterElements) }
        addTensor("ScatterND", scatterND)
        addTensor("OneHot", oneHot)
        addTensor("Compress", compress)
        addTensor("NonZero") { call in
            try call.tensor(0).nonzero().T
        }
        addTensors("Unique", unique)
        addTensor("NonMaxSuppression", nonMaxSuppression)
    }
}

/// Indices from the start in the place of those that count from the end.
func nonNegative(_ indices: Tensor, extent: Int) -> Tensor {
    let indices = indices.cast(to: .int64)
    return `where`(indices .< 0, indices + extent, indices)
}

private func gatheredStrings(_ call: OperatorCall) throws -> StringTensor {
    let strings = try call.strings(0)
    let axis = try call.axis(default: 0, rank: strings.shape.rank)
    // Places are gathered as numbers, and the strings looked up by them.
    let places = Tensor.iota([strings.elements.count], axis: 0).reshaped(strings.shape)
        .gathered(nonNegative(try call.tensor(1), extent: strings.shape[axis]), axis: axis)
    return StringTensor(places.elements(as: Int.self).map { strings.elements[$0] }, shape: places.shape)
}

// MARK: Places of several coordinates

/// Rows of coordinates as flat indices into the axes that they speak for.
private func flatIndices(_ coordinates: Tensor, into shape: Shape) -> Tensor {
    let last = coordinates.rank - 1
    return zip(shape.indices, shape.strides).reduce(
        Tensor.zeros(Shape(Array(coordinates.shape.dropLast())), dtype: .int64)
    ) {
        let column = coordinates.sliced(axis: last, $1.0, 1).squeezed(last)
        return $0 + nonNegative(column, extent: shape[$1.0]) * $1.1
    }
}

/// Slices at the coordinates in the last axis of the indices; the first `batch_dims` axes go together.
private func gatherND(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0), indices = try call.tensor(1).cast(to: .int64)
    let batchRank = try call.integer("batch_dims", default: 0)
    let depth = indices.shape.last ?? 0
    guard batchRank >= 0, indices.rank > batchRank, batchRank + depth <= x.rank else {
        throw call.failure("indices \(indices.shape) into \(x.shape) with \(batchRank) axes of a batch")
    }
    let batch = Array(x.shape.prefix(batchRank))
    let batchCount = batch.reduce(1, *)
    let indexed = Shape(Array(x.shape[batchRank..<(batchRank + depth)]))
    let rest = Array(x.shape.dropFirst(batchRank + depth))
    // (batch, indexed · …, rest · …)
    let rows = x.reshaped(Shape([batchCount * indexed.elementCount] + rest))
    var places = flatIndices(indices.reshaped(batchCount, -1, depth), into: indexed)
    places = places + Tensor.iota([batchCount, 1], axis: 0) * indexed.elementCount
    let outer = Array(indices.shape.dropLast())
    return rows.gathered(places.reshaped(-1)).reshaped(Shape(outer + rest))
}

/// Slices replaced, or combined with others, at the coordinates in the last axis of the indices.
private func scatterND(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0), indices = try call.tensor(1).cast(to: .int64), updates = try call.tensor(2)
    let depth = indices.shape.last ?? 0
    guard indices.rank > 0, depth <= x.rank else { throw call.failure("indices \(indices.shape) into \(x.shape)") }
    let indexed = Shape(Array(x.shape.prefix(depth)))
    let rest = Array(x.shape.dropFirst(depth))
    let rows = x.reshaped(Shape([indexed.elementCount] + rest))
    let places = flatIndices(indices.reshaped(-1, depth), into: indexed)
    let values = updates.reshaped(Shape([places.shape[0]] + rest))
    let result: Tensor
    switch try scatterReduction(call) {
    case nil: result = rows.scattered(places, values, mode: .replace)
    case .sum: result = rows.scattered(places, values, mode: .add)
    case let reduction?:
        let column = places.reshaped(Shape([places.shape[0]] + rest.map { _ in 1 }))
        result = rows.scattered(elements: column.broadcast(to: values.shape), values, axis: 0, reduction: reduction)
    }
    return result.reshaped(x.shape)
}

private func scatterElements(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0), updates = try call.tensor(2)
    let axis = try call.axis(default: 0, rank: x.rank)
    let indices = nonNegative(try call.tensor(1), extent: x.shape[axis])
    guard let reduction = try scatterReduction(call) else {
        return x.scattered(elements: indices, updates, axis: axis, mode: .replace)
    }
    return x.scattered(elements: indices, updates, axis: axis, reduction: reduction)
}

/// How several updates of one place combine, as the attribute `reduction` says; nil where the last one stays.
private func scatterReduction(_ call: OperatorCall) throws -> ScatterReduction? {
    switch try call.string("reduction", default: "none") {
    case "none": nil
    case "add": .sum
    case "mul": .product
    case "max": .maximum
    case "min": .minimum
    case let other: throw call.unsupported("the reduction \(other)")
    }
}

// MARK: Selection

/// `on` at each index along a new axis, `off` elsewhere; an index out of range has `off` everywhere.
private func oneHot(_ call: OperatorCall) throws -> Tensor {
    let indices = try call.tensor(0), values = try call.tensor(2)
    let depth = try call.integer(1)
    let axis = try call.axis(default: -1, rank: indices.rank + 1)
    try call.checked(Shape([depth] + indices.shape))
    let places = nonNegative(indices, extent: depth).expandingDims(axis)
    let steps = Tensor.range(depth).reshaped(Shape((0...indices.rank).map { $0 == axis ? depth : 1 }))
    return `where`(
        places .== steps, values.sliced(axis: 0, 1, 1).reshaped([]), values.sliced(axis: 0, 0, 1).reshaped([]))
}

/// The slices whose condition holds.
private func compress(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let kept = try call.tensor(1).elements(as: Bool.self).enumerated().filter(\.element).map(\.offset)
    guard let axis = try call.integer("axis") else { return x.reshaped(-1).gathered(Tensor(kept)) }
    return x.gathered(Tensor(kept), axis: try call.axis(axis, rank: x.rank))
}

/// The different slices along an axis (of all elements without one), the first place of each, which one each slice is, and how many.
private func unique(_ call: OperatorCall) throws -> [Tensor] {
    let given = try call.tensor(0)
    let named = try call.integer("axis").map { try call.axis($0, rank: given.rank) }
    let found = named.map { given.unique(axis: $0) } ?? given.flattened().unique()
    if try call.flag("sorted", default: true) {
        return [found.values, found.firstIndices, found.inverse, found.counts]
    }
    // In the order in which they come first; the inverse permutation renumbers them.
    let order = found.firstIndices.argSort()
    return [
        found.values.gathered(order, axis: named ?? 0), found.firstIndices.gathered(order),
        order.argSort().gathered(found.inverse), found.counts.gathered(order),
    ]
}

// MARK: Boxes

/// Boxes by falling score, without those that overlap a better one of the same class and picture by more than a threshold.
private func nonMaxSuppression(_ call: OperatorCall) throws -> Tensor {
    let boxes = try call.tensor(0), scores = try call.tensor(1)
    guard boxes.rank == 3, boxes.shape[2] == 4, scores.rank == 3, scores.shape[2] == boxes.shape[1] else {
        throw call.failure("boxes \(boxes.shape) and scores \(scores.shape)")
    }
    let limit = try call.has(2) ? call.integer(2) : 0
    let threshold = try call.has(3) ? call.number(3) : 0
    let least = try call.has(4) ? call.number(4) : -Double.infinity
    let isCentred = try call.integer("center_point_box", default: 0) == 1
    let (classes, count) = (scores.shape[1], scores.shape[2])
    let corners = boxes.elements(as: Double.self), points = scores.elements(as: Double.self)
    var kept: [Int] = []
    for picture in 0..<scores.shape[0] {
        let all = (0..<count).map { index in
            let start = (picture * count + index) * 4
            return Box(Array(corners[start..<(start + 4)]), isCentred: isCentred)
        }
        for category in 0..<classes {
            let row = points[((picture * classes + category) * count)...].prefix(count)
            let score = Array(row)
            let order = (0..<count).filter { score[$0] > least }.sorted { (-score[$0], $0) < (-score[$1], $1) }
            var chosen: [Int] = []
            for index in order where chosen.count < limit {
                if chosen.allSatisfy({ all[$0].overlap(with: all[index]) <= threshold }) { chosen.append(index) }
            }
            kept += chosen.flatMap { [picture, category, $0] }
        }
    }
    return Tensor(kept, shape: [kept.count / 3, 3])
}

/// A rectangle by two corners.
private struct Box {
    let top, left, bottom, right: Double

    /// - Parameter numbers: two opposite corners y, x; or the centre x, y and the extents.
    init(_ numbers: [Double], isCentred: Bool) {
        if isCentred {
            (left, top) = (numbers[0] - numbers[2] / 2, numbers[1] - numbers[3] / 2)
            (right, bottom) = (numbers[0] + numbers[2] / 2, numbers[1] + numbers[3] / 2)
        } else {
            (top, bottom) = (min(numbers[0], numbers[2]), max(numbers[0], numbers[2]))
            (left, right) = (min(numbers[1], numbers[3]), max(numbers[1], numbers[3]))
        }
    }

    private var area: Double { (bottom - top) * (right - left) }

    /// The shared area as a part of the area of both together.
    func overlap(with other: Box) -> Double {
        let height = min(bottom, other.bottom) - max(top, other.top)
        let width = min(right, other.right) - max(left, other.left)
        guard height > 0, width > 0 else { return 0 }
        return height * width / (area + other.area - height * width)
    }
}
