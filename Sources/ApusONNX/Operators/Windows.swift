import ApusNN

extension OperatorTable {
    /// Pooling, and what is read at computed places of pictures.
    mutating func addWindows() {
        addTensors("MaxPool", maxPool)
        addTensor("AveragePool", averagePool)
        addTensor("LpPool", lpPool)
        addUnary("GlobalAveragePool") { $0.mean(axes: Array(2..<max(2, $0.rank)), keepingAxes: true) }
        addUnary("GlobalMaxPool") { $0.max(axes: Array(2..<max(2, $0.rank)), keepingAxes: true) }
        addTensor("GlobalLpPool") { call in
            let p = try call.float("p", default: 2)
            let x = try call.tensor(0)
            return pow(pow(abs(x), p).sum(axes: Array(2..<max(2, x.rank)), keepingAxes: true), 1 / p)
        }
        addTensor("MaxUnpool", maxUnpool)
    }
}

/// The largest element of each window, and where it is: the flat index in the whole tensor.
private func maxPool(_ call: OperatorCall) throws -> [Tensor] {
    let x = try call.tensor(0)
    guard x.rank >= 3 else { throw call.failure("\(x.shape) has no axes to pool over") }
    let input = Array(x.shape.dropFirst(2))
    let window = try WindowGeometry(call, input: input)
    let wantsIndices = call.node.outputs.count > 1 && !call.node.outputs[1].isEmpty
    if !wantsIndices, x.dtype.isFloatingPoint, window.dilation.allSatisfy({ $0 == 1 }), input.count <= 3 {
        let pooling = Pooling(
            .maximum, windowSize: window.kernel, stride: window.stride, paddingLow: window.low, paddingHigh: window.high
        )
        return [Tensor(Node.make(.pool(pooling), [x.node]))]
    }
    // The elements of each window side by side on a last axis of their own: (N, C, O…, K)
    let lowest =
        x.dtype.isFloatingPoint
        ? Tensor(-Double.infinity, dtype: x.dtype) : Tensor(x.dtype == .uint8 ? 0 : Int(Int32.min), dtype: x.dtype)
    let values = windows(of: x, window, outside: lowest)
    let largest = values.max(axes: -1)
    guard wantsIndices else { return [largest] }
    let columnMajor = try call.flag("storage_order")
    let places = windows(of: flatPlaces(x.shape, columnMajor: columnMajor), window, outside: Tensor(-1))
    let winner = values.argMax(axis: -1, keepingAxes: true)
    return [largest, places.gathered(elements: winner, axis: places.rank - 1).squeezed(-1)]
}

/// Each element's index in the whole tensor; `columnMajor` exchanges the order of the last two axes.
private func flatPlaces(_ shape: Shape, columnMajor: Bool) -> Tensor {
    var strides = shape.strides
    if columnMajor, shape.rank >= 4 {
        strides[shape.rank - 2] = 1
        strides[shape.rank - 1] = shape[shape.rank - 2]
    }
    return shape.indices.reduce(Tensor.zeros(shape, dtype: .int64)) { $0 + Tensor.iota(shape, axis: $1) * strides[$1] }
}

/// The elements that a window sees at each of its places, `outside` where it leaves the tensor: `(N, C, …) → (N, C, O…, K)`.
private func windows(of x: Tensor, _ window: WindowGeometry, outside: Tensor) -> Tensor {
    let rank = window.kernel.count
    let size = window.outputSize(Array(x.shape.dropFirst(2)))
    let padded = Tensor(
        Node.make(.pad(low: [0, 0] + window.low, high: [0, 0] + window.high), [x.node, outside.node]))
    let offsets = Shape(window.kernel)
    let views = (0..<offsets.elementCount).map { flat -> Tensor in
        var ranges = [SliceRange(start: 0, count: x.shape[0]), SliceRange(start: 0, count: x.shape[1])]
        for axis in 0..<rank {
            let offset = flat / offsets.strides[axis] % offsets[axis] * window.dilation[axis]
            ranges.append(SliceRange(start: offset, count: size[axis], step: window.stride[axis]))
        }
        return Tensor(Node.make(.slice(ranges), [padded.node]))
    }
    return stack(views, axis: -1)
}

private func averagePool(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    guard x.rank >= 3 else { throw call.failure("\(x.shape) has no axes to pool over") }
    let input = Array(x.shape.dropFirst(2))
    let window = try WindowGeometry(call, input: input)
    let countsPadding = try call.flag("count_include_pad")
    let isPlain = window.dilation.allSatisfy { $0 == 1 } && window.high == window.countedHigh && input.count <= 3
    if isPlain {
        let pooling = Pooling(
            .average, windowSize: window.kernel, stride: window.stride, paddingLow: window.low,
            paddingHigh: window.high,
            countsPadding: countsPadding)
        return Tensor(Node.make(.pool(pooling), [x.node]))
    }
    // What only the rounding up of the extents added never counts.
    let counted = [0, 0] + (countsPadding ? window.low : window.low.map { _ in 0 })
    let behind = [0, 0] + (countsPadding ? window.countedHigh : window.low.map { _ in 0 })
    let inside = Tensor.ones(x.shape, dtype: x.dtype).padded(Array(zip(counted, behind)), value: 1)
    let rest = zip(window.low.indices, window.low).map { axis, low in
        (low - counted[axis + 2], window.high[axis] - behind[axis + 2])
    }
    let mask = inside.padded([(0, 0), (0, 0)] + rest)
    let zero = Tensor.zeros([], dtype: x.dtype)
    return windows(of: x, window, outside: zero).sum(axes: -1) / windowsInside(mask, window).sum(axes: -1)
}

/// The same for a tensor that is padded already.
private func windowsInside(_ x: Tensor, _ window: WindowGeometry) -> Tensor {
    windows(of: x, window.withoutPadding, outside: Tensor.zeros([], dtype: x.dtype))
}

/// `(Σ |x|ᵖ)^(1/p)` over each window.
private func lpPool(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    guard x.rank >= 3 else { throw call.failure("\(x.shape) has no axes to pool over") }
    let p = try call.float("p", default: 2)
    let window = try WindowGeometry(call, input: Array(x.shape.dropFirst(2)))
    let powers = windows(of: pow(abs(x), p), window, outside: Tensor.zeros([], dtype: x.dtype))
    return pow(powers.sum(axes: -1), 1 / p)
}

/// Elements put back where `MaxPool` found them, zeros elsewhere.
private func maxUnpool(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0), indices = try call.tensor(1)
    let window = try WindowGeometry(call, input: Array(x.shape.dropFirst(2)))
    let pooled = Shape(
        Array(x.shape.prefix(2))
            + window.kernel.indices.map { axis in
                (x.shape[axis + 2] - 1) * window.stride[axis] + window.reach[axis] - window.low[axis]
                    - window.high[axis]
            })
    let shape = try call.has(2) ? call.shape(2) : try call.checked(pooled)
    // Indices count in the shape that was pooled, also where a larger one is asked for.
    let places = shape == pooled ? indices : relocated(indices, from: pooled, to: shape)
    let flat = Tensor.zeros([shape.elementCount], dtype: x.dtype)
    return flat.scattered(places.reshaped(-1), x.reshaped(-1), mode: .replace).reshaped(shape)
}

/// Flat indices in one shape as those of the same places in another.
private func relocated(_ indices: Tensor, from: Shape, to: Shape) -> Tensor {
    zip(from.indices, zip(from.strides, to.strides)).reduce(Tensor.zeros(indices.shape, dtype: .int64)) { sum, entry in
        let (axis, (old, new)) = entry
        return sum + floorDivide(indices, old) % from[axis] * new
    }
}
