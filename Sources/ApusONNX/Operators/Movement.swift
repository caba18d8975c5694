import ApusNN

extension OperatorTable {
    /// Other views of the same elements, and tensors made from shapes.
    mutating func addMovement() {
        addShapes()
        addViews()
        addParts()
        addCreation()
    }

    private mutating func addShapes() {
        addTensor("Shape") { call in
            let shape = try shape(of: call.value(0), call)
            let start = clamp(try call.integer("start", default: 0), to: shape.rank)
            let end = clamp(try call.integer("end", default: shape.rank), to: shape.rank)
            return Tensor(Array(shape[start..<max(start, end)]))
        }
        addTensor("Size") { Tensor(try shape(of: $0.value(0), $0).elementCount) }
    }

    private mutating func addViews() {
        addTensor("Reshape") { call in
            let x = try call.tensor(0)
            let wanted = try call.version < 5 ? call.integerList("shape") ?? [] : call.integers(1)
            let allowsZero = try call.flag("allowzero")
            // 0 keeps the extent of the same axis.
            let extents = try wanted.enumerated().map { axis, extent in
                guard extent == 0, !allowsZero else { return extent }
                guard axis < x.rank else { throw call.failure("shape \(wanted) keeps axis \(axis) of \(x.shape)") }
                return x.shape[axis]
            }
            return x.reshaped(try resolvingUnknown(extents, of: x, call))
        }
        addTensor("Flatten") { call in
            let x = try call.tensor(0)
            let axis = try call.integer("axis", default: 1)
            let first = axis < 0 ? axis + x.rank : axis
            guard (0...x.rank).contains(first) else { throw call.failure("axis \(axis) of \(x.shape)") }
            return x.reshaped(x.shape.prefix(first).reduce(1, *), x.shape.dropFirst(first).reduce(1, *))
        }
        addTensor("Transpose") { call in
            let x = try call.tensor(0)
            let axes = try call.integerList("perm") ?? Array((0..<x.rank).reversed())
            return x.rank == 0 ? x : x.transposed(axes)
        }
        addTensor("Squeeze") { call in
            let x = try call.tensor(0)
            let named = try call.version < 13 ? call.integerList("axes") : call.integers(ifGiven: 1)
            let axes = try named.map { try call.axes($0, rank: x.rank) } ?? x.shape.indices.filter { x.shape[$0] == 1 }
            guard axes.allSatisfy({ x.shape[$0] == 1 }) else {
                throw call.failure("axes \(axes) of \(x.shape) are not 1")
            }
            return x.reshaped(x.shape.removing(axes: axes))
        }
        addTensor("Unsqueeze") { call in
            let x = try call.tensor(0)
            let named = try call.version < 13 ? call.integerList("axes") ?? [] : call.integers(1)
            let rank = x.rank + Set(named).count
            let axes = Set(try call.axes(named, rank: rank))
            var extents = x.shape.makeIterator()
            return x.reshaped(Shape((0..<rank).map { axes.contains($0) ? 1 : extents.next() ?? 1 }))
        }
        addTensor("Expand") { call in
            let x = try call.tensor(0)
            let wanted = try call.shape(1)
            guard let shape = x.shape.broadcast(with: wanted) else {
                throw call.failure("\(x.shape) does not broadcast with \(wanted)")
            }
            return x.broadcast(to: try call.checked(shape))
        }
        addTensor("Tile") { call in
            let x = try call.tensor(0)
            let counts = try call.integers(1)
            guard counts.count == x.rank else { throw call.failure("\(counts.count) repeats for \(x.rank) axes") }
            try call.checked(Shape(counts + x.shape))
            return x.tiled(counts)
        }
        addTensor("DepthToSpace", depthToSpace)
        addTensor("SpaceToDepth", spaceToDepth)
        addTensor("Trilu", triangle)
        addTensor("ReverseSequence", reverseSequence)
        addTensor("Col2Im", columnsToImage)
    }

    private mutating func addParts() {
        addTensor("Concat") { call in
            let parts = try call.tensors()
            guard let first = parts.first else { throw call.failure("no inputs") }
            return concatenate(parts, axis: try call.axis(default: 1, rank: first.rank))
        }
        addTensors("Split", split)
        addTensor("Slice", slice)
        addTensor("Pad", pad)
    }

    private mutating func addCreation() {
        add("Constant") { call in [try constant(call)] }
        addTensor("ConstantOfShape") { call in
            let shape = try call.shape(0)
            guard case .tensor(let constant)? = call.attributes["value"], case .tensor(let value) = constant.value
            else {
                return .zeros(shape)
            }
            return value.reshaped([]).broadcast(to: shape)
        }
        addTensor("Range") { call in
            let (start, limit, step) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
            let steps = (try call.number(1) - call.number(0)) / (try call.number(2))
            guard abs(steps) < 1e12 else { throw call.failure("a range by steps of 0 or of infinite length") }
            let shape = try call.checked([max(0, Int(steps.rounded(.up)))])
            let dtype = start.dtype.promoted(with: limit.dtype)
            return start.reshaped([]) + Tensor.iota(shape, axis: 0, dtype: dtype) * step.reshaped([])
        }
        addTensor("EyeLike") { call in
            let x = try call.tensor(0)
            guard x.rank == 2 else { throw call.failure("\(x.shape) is no matrix") }
            let diagonal = try call.integer("k", default: 0)
            let eye = Tensor.iota(x.shape, axis: 0) + diagonal .== Tensor.iota(x.shape, axis: 1)
            return eye.cast(to: try call.dtype(named: "dtype") ?? x.dtype)
        }
    }
}

private func shape(of value: ONNXValue, _ call: OperatorCall) throws -> Shape {
    switch value {
    case .tensor(let tensor): return tensor.shape
    case .strings(let strings): return strings.shape
    case .sequence, .absent: throw call.failure("input 0 is no tensor")
    }
}

/// An index that may count from the end, within 0...count.
private func clamp(_ index: Int, to count: Int) -> Int { min(max(index < 0 ? index + count : index, 0), count) }

/// −1 stands for the extent that follows from the others.
private func resolvingUnknown(_ extents: [Int], of x: Tensor, _ call: OperatorCall) throws -> Shape {
    var extents = extents
    if let unknown = extents.firstIndex(of: -1) {
        let known = try call.checked(Shape(extents.enumerated().filter { $0.offset != unknown }.map(\.element)))
            .elementCount
        guard known > 0, x.elementCount % known == 0 else {
            throw call.failure("\(x.shape) can't be seen as \(extents)")
        }
        extents[unknown] = x.elementCount / known
    }
    let shape = try call.checked(Shape(extents))
    guard shape.elementCount == x.elementCount else { throw call.failure("\(x.shape) can't be seen as \(shape)") }
    return shape
}

/// The value of a node that holds it.
private func constant(_ call: OperatorCall) throws -> ONNXValue {
    for name in ["value", "value_float", "value_floats", "value_int", "value_ints", "value_string", "value_strings"] {
        switch call.attributes[name] {
        case .tensor(let constant)?: return constant.value
        case .float(let value)?: return .tensor(Tensor(value))
        case .floats(let values)?: return .tensor(Tensor(values))
        case .integer(let value)?: return .tensor(Tensor(value))
        case .integers(let values)?: return .tensor(Tensor(values))
        case .string(let value)?: return .strings(StringTensor([value], shape: []))
        case .strings(let values)?: return .strings(StringTensor(values, shape: [values.count]))
        default: continue
        }
    }
    throw call.unsupported("a constant of another kind than tensors, numbers and strings")
}

// MARK: Parts

private func split(_ call: OperatorCall) throws -> [Tensor] {
    let x = try call.tensor(0)
    let axis = try call.axis(default: 0, rank: x.rank)
    if let lengths = try call.version < 13 ? call.integerList("split") : call.integers(ifGiven: 1) {
        try call.requireSmall(lengths, "lengths")
        return x.split(lengths: lengths, axis: axis)
    }
    let count = try call.integer("num_outputs", default: call.node.outputs.count)
    guard count > 0 else { throw call.failure("0 parts") }
    // The last part is smaller where the extent doesn't divide.
    let length = (x.shape[axis] + count - 1) / count
    let lengths = (0..<count).map { max(0, min(length, x.shape[axis] - $0 * length)) }
    return x.split(lengths: lengths, axis: axis)
}

private func slice(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let asAttributes = call.version < 10
    let starts = try asAttributes ? call.integerList("starts") ?? [] : call.integers(1)
    let ends = try asAttributes ? call.integerList("ends") ?? [] : call.integers(2)
    let axes = try (asAttributes ? call.integerList("axes") : call.integers(ifGiven: 3)) ?? Array(starts.indices)
    let steps = try (asAttributes ? nil : call.integers(ifGiven: 4)) ?? starts.map { _ in 1 }
    guard starts.count == ends.count, starts.count == axes.count, starts.count == steps.count, !steps.contains(0) else {
        throw call.failure("starts \(starts), ends \(ends), axes \(axes) and steps \(steps) don't go together")
    }
    var ranges = x.shape.map { SliceRange(start: 0, count: $0) }
    for (index, axis) in axes.enumerated() {
        let axis = try call.axis(axis, rank: x.rank)
        ranges[axis] = sliceRange(from: starts[index], to: ends[index], by: steps[index], extent: x.shape[axis])
    }
    return Tensor(Node.make(.slice(ranges), [x.node]))
}

/// Python's `from:to:by`, with ends beyond the axis cut off.
private func sliceRange(from start: Int, to end: Int, by step: Int, extent: Int) -> SliceRange {
    let (lowest, highest) = step > 0 ? (0, extent) : (-1, extent - 1)
    func place(_ index: Int) -> Int { min(max(index < 0 ? index &+ extent : index, lowest), highest) }
    // An end of −extent − 1 and less means "to the first element" when stepping back.
    let first = place(start)
    let distance = place(end) - first
    let isEmpty = distance == 0 || (distance > 0) != (step > 0)
    let count = isEmpty ? 0 : Int((distance.magnitude - 1) / step.magnitude) + 1
    return SliceRange(start: count == 0 ? 0 : first, count: count, step: count <= 1 ? 1 : step)
}

// MARK: Padding

/// Elements around, or for negative widths taken away. Widths are an attribute before version 11, an input since.
private func pad(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let widths =
        try call.version < 11 ? call.integerList("pads") ?? call.integerList("paddings") ?? [] : call.integers(1)
    let axes = try call.integers(ifGiven: 3).map { try $0.map { try call.axis($0, rank: x.rank) } } ?? Array(0..<x.rank)
    guard widths.count == 2 * axes.count else { throw call.failure("\(widths.count) widths for \(axes.count) axes") }
    try call.requireSmall(widths, "widths")
    var result = x
    for (index, axis) in axes.enumerated() {
        let (low, high) = (widths[index], widths[index + axes.count])
        result = result.sliced(axis: axis, max(0, -low), result.shape[axis] - max(0, -low) - max(0, -high))
    }
    var (before, behind) = ([Int](repeating: 0, count: x.rank), [Int](repeating: 0, count: x.rank))
    for (index, axis) in axes.enumerated() {
        before[axis] = max(0, widths[index])
        behind[axis] = max(0, widths[index + axes.count])
    }
    try call.checked(Shape(result.shape.indices.map { before[$0] + result.shape[$0] + behind[$0] }))
    let mode = try call.string("mode", default: "constant")
    if mode == "constant" {
        let value = try call.optional(2)?.reshaped([]) ?? Tensor(call.float("value", default: 0))
        return Tensor(Node.make(.pad(low: before, high: behind), [result.node, value.cast(to: x.dtype).node]))
    }
    for axis in axes where before[axis] + behind[axis] > 0 {
        let indices = try (-before[axis]..<(result.shape[axis] + behind[axis])).map {
            try source(of: $0, extent: result.shape[axis], mode: mode, call)
        }
        result = result.gathered(Tensor(indices), axis: axis)
    }
    return result
}

/// Where the element at a place outside of an axis comes from.
private func source(of index: Int, extent: Int, mode: String, _ call: OperatorCall) throws -> Int {
    guard extent > 0 else { throw call.failure("nothing to pad with: an axis is empty") }
    switch mode {
    case "edge": return min(max(index, 0), extent - 1)
    case "wrap": return ((index % extent) + extent) % extent
    case "reflect":
        guard extent > 1 else { return 0 }
        let period = 2 * (extent - 1)
        let place = ((index % period) + period) % period
        return min(place, period - place)
    default: throw call.unsupported("the padding mode \(mode)")
    }
}

// MARK: Rearrangement

/// `(N, C·b², H, W) → (N, C, H·b, W·b)`
private func depthToSpace(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let block = try call.integer("blocksize", default: 1)
    guard x.rank == 4, (1...0xFFFF).contains(block), x.shape[1] % (block * block) == 0 else {
        throw call.failure("blocks of \(block) of \(x.shape)")
    }
    let (n, c, h, w) = (x.shape[0], x.shape[1] / (block * block), x.shape[2], x.shape[3])
    if try call.string("mode", default: "DCR") == "CRD" { return pixelShuffle(x, block) }
    // (N, b, b, C, H, W) → (N, C, H, b, W, b)
    let spread = x.reshaped(n, block, block, c, h, w).transposed(0, 3, 4, 1, 5, 2)
    return spread.reshaped(n, c, h * block, w * block)
}

/// `(N, C, H·b, W·b) → (N, C·b², H, W)`
private func spaceToDepth(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let block = try call.integer("blocksize", default: 1)
    guard x.rank == 4, (1...0xFFFF).contains(block), x.shape[2] % block == 0, x.shape[3] % block == 0 else {
        throw call.failure("blocks of \(block) of \(x.shape)")
    }
    let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2] / block, x.shape[3] / block)
    // (N, C, H, b, W, b) → (N, b, b, C, H, W)
    let spread = x.reshaped(n, c, h, block, w, block).transposed(0, 3, 5, 1, 2, 4)
    return spread.reshaped(n, c * block * block, h, w)
}

/// The upper or lower triangle of matrices, zeros elsewhere.
private func triangle(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let diagonal = try call.integers(ifGiven: 1)?.first ?? 0
    return try call.flag("upper", default: true) ? x.upperTriangle(offset: diagonal) : x.lowerTriangle(offset: diagonal)
}

/// The first elements of each sequence in reverse, each sequence with its own length.
private func reverseSequence(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let (batch, time) = (try call.integer("batch_axis", default: 1), try call.integer("time_axis", default: 0))
    guard Set([batch, time]) == [0, 1], x.rank >= 2 else {
        throw call.failure("batch axis \(batch), time axis \(time)")
    }
    let matrix = Shape(Array(x.shape.prefix(2)))
    let steps = Tensor.iota(matrix, axis: time)
    let lengths = try call.tensor(1).cast(to: .int64).expandingDims(time)
    let places = `where`(steps .< lengths, lengths - steps - 1, steps)
    // Each index for all that is behind the two axes.
    let indices = places.reshaped(Shape(matrix + [Int](repeating: 1, count: x.rank - 2))).broadcast(to: x.shape)
    return x.gathered(elements: indices, axis: time)
}

/// Blocks added up where they overlap: `(N, C · Πblock, L) → (N, C, image…)`.
private func columnsToImage(_ call: OperatorCall) throws -> Tensor {
    let image = try call.shape(1), block = try call.shape(2)
    let ones = [Int](repeating: 1, count: block.rank)
    let stride = try call.integerList("strides") ?? ones, dilation = try call.integerList("dilations") ?? ones
    let pads = try call.integerList("pads") ?? [Int](repeating: 0, count: 2 * block.rank)
    guard image.rank == block.rank, pads.count == 2 * block.rank, pads.allSatisfy({ $0 >= 0 }),
        stride.count == block.rank, dilation.count == block.rank
    else { throw call.failure("blocks \(block) of an image \(image) with pads \(pads)") }
    try call.requireSmall(stride + dilation + pads, "strides, dilations or pads")
    let (low, high) = (pads.prefix(block.rank), pads.suffix(block.rank))
    let padded = zip(image, zip(low, high)).map { $0 + $1.0 + $1.1 }
    try call.checked(Shape(padded))
    let whole = fold(try call.tensor(0), outputSize: padded, block.dimensions, stride: stride, dilation: dilation)
    return image.indices.reduce(whole) { $0.sliced(axis: $1 + 2, low[$1], image[$1]) }
}
