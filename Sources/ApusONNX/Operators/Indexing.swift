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
            return trimmed(x, to: indices.shape, besides: axis).gathered(elements: indices, axis: axis)
        }
        addTensor("GatherND", gatherND)
        for name in ["Scatter", "ScatterElements"] { addTensor(name, scatterElements) }
        addTensor("ScatterND", scatterND)
        addTensor("OneHot", oneHot)
        addTensor("Compress", compress)
        addTensor("NonZero") { call in
            let x = try call.tensor(0)
            let places = x.elements(as: Bool.self).enumerated().filter(\.element).map(\.offset)
            let coordinates =
                x.rank == 0
                ? []
                : zip(x.shape.strides, x.shape).flatMap { stride, extent in
                    places.map { $0 / stride % extent }
                }
            return Tensor(coordinates, shape: [x.rank, places.count])
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

/// The first elements of the axes beside one, as many as the indices have.
private func trimmed(_ x: Tensor, to shape: Shape, besides axis: Int) -> Tensor {
    guard x.rank == shape.rank else { return x }
    return x.shape.indices.filter { $0 != axis && shape[$0] < x.shape[$0] }.reduce(x) {
        $0.sliced(axis: $1, 0, shape[$1])
    }
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
    return try scattered(call, rows, places, values).reshaped(x.shape)
}

private func scatterElements(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0), updates = try call.tensor(2)
    let axis = try call.axis(default: 0, rank: x.rank)
    let indices = nonNegative(try call.tensor(1), extent: x.shape[axis])
    // Axes beside the indexed one may be shorter in the updates: every place is a flat one then.
    guard indices.rank == x.rank else { throw call.failure("indices \(indices.shape) into \(x.shape)") }
    let places = x.shape.indices.reduce(Tensor.zeros(indices.shape, dtype: .int64)) {
        $0 + ($1 == axis ? indices : Tensor.iota(indices.shape, axis: $1)) * x.shape.strides[$1]
    }.reshaped(-1)
    return try scattered(call, x.reshaped(-1), places, updates.reshaped(-1)).reshaped(x.shape)
}

/// Rows of `base` replaced by updates, or combined with them as the attribute `reduction` says. Several updates of one row combine
/// one after the other.
private func scattered(_ call: OperatorCall, _ base: Tensor, _ places: Tensor, _ updates: Tensor) throws -> Tensor {
    let combine: (Tensor, Tensor) -> Tensor
    switch try call.string("reduction", default: "none") {
    case "none": return base.scattered(places, updates, mode: .replace)
    case "add": return base.scattered(places, updates, mode: .add)
    case "mul": combine = { $0 * $1 }
    case "max": combine = { maximum($0, $1) }
    case "min": combine = { minimum($0, $1) }
    case let other: throw call.unsupported("the reduction \(other)")
    }
    // The first updates of all rows at once, then the second ones of those that have two, and so on.
    var rounds: [[Int]] = []
    var counts: [Int: Int] = [:]
    for (update, row) in places.elements(as: Int.self).enumerated() {
        let round = counts[row, default: 0]
        if round == rounds.count { rounds.append([]) }
        rounds[round].append(update)
        counts[row] = round + 1
    }
    return rounds.reduce(base) { result, members in
        let chosen = Tensor(members)
        let rows = places.gathered(chosen)
        return result.scattered(rows, combine(result.gathered(rows), updates.gathered(chosen)), mode: .replace)
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
    let x = named == nil ? given.reshaped(-1) : given
    let axis = named ?? 0
    let count = x.shape[axis]
    let width = count == 0 ? 0 : x.elementCount / count
    let numbers = x.movingAxis(axis, to: 0).elements(as: Double.self)
    func row(_ index: Int) -> ArraySlice<Double> { numbers[(index * width)..<((index + 1) * width)] }

    var order = Array(0..<count)
    order.sort { a, b in row(a).elementsEqual(row(b)) ? a < b : row(a).lexicographicallyPrecedes(row(b)) }
    var firsts: [Int] = [], members: [[Int]] = []
    for index in order {
        if let last = firsts.last, row(last).elementsEqual(row(index)) {
            members[members.count - 1].append(index)
        } else {
            firsts.append(index)
            members.append([index])
        }
    }
    if try !call.flag("sorted", default: true) {
        let byPlace = firsts.indices.sorted { firsts[$0] < firsts[$1] }
        (firsts, members) = (byPlace.map { firsts[$0] }, byPlace.map { members[$0] })
    }
    var inverse = [Int](repeating: 0, count: count)
    for (group, indices) in members.enumerated() { for index in indices { inverse[index] = group } }
    let places = Tensor(firsts)
    return [x.gathered(places, axis: axis), places, Tensor(inverse), Tensor(members.map(\.count))]
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
