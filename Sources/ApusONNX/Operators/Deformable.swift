import ApusNN

extension OperatorTable {
    /// Convolutions that see elements at computed places.
    mutating func addDeformable() { addTensor("DeformConv", deformableConvolution) }
}

/// A convolution whose kernel's elements are moved by offsets, and weighed by a mask, at every place (Dai et al. 2017, Zhu et al. 2019).
///
/// - Input: `X (N, C, H, W)`, `W (O, C/groups, kH, kW)`, offsets `(N, G · kH · kW · 2, H', W')` as rows and columns, a bias `(O)`, a mask
///   `(N, G · kH · kW, H', W')`; G parts of the channels are moved alike.
/// - Output: `(N, O, H', W')`.
private func deformableConvolution(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0), weight = try call.tensor(1), offsets = try call.tensor(2)
    guard x.rank == 4, weight.rank == 4, offsets.rank == 4, x.elementCount > 0 else {
        throw call.unsupported("\(x.shape) with a kernel \(weight.shape): there are two spatial axes")
    }
    let groups = try call.integer("group", default: 1), parts = try call.integer("offset_group", default: 1)
    let stride = try call.integerList("strides") ?? [1, 1], dilation = try call.integerList("dilations") ?? [1, 1]
    let pads = try call.integerList("pads") ?? [0, 0, 0, 0]
    let kernel = [weight.shape[2], weight.shape[3]], size = [offsets.shape[2], offsets.shape[3]]
    let (count, batch, channels) = (kernel[0] * kernel[1], x.shape[0], x.shape[1])
    guard stride.count == 2, dilation.count == 2, pads.count == 4, groups > 0, parts > 0, channels % parts == 0,
        channels == weight.shape[1] * groups, weight.shape[0] % groups == 0,
        offsets.shape == [batch, parts * count * 2, size[0], size[1]]
    else { throw call.failure("\(x.shape), kernel \(weight.shape) and offsets \(offsets.shape)") }
    try call.requireSmall(stride + dilation + pads, "strides, dilations or pads")

    let moves = offsets.reshaped(batch, parts, count, 2, size[0], size[1])
    let mask = try call.optional(4)?.reshaped(batch, parts, count, size[0], size[1])
    // A place p of an axis of extent n as a grid has it, whose −1 and 1 are the outer edges: (2p + 1)/n − 1.
    func coordinate(_ element: Int, _ part: Int, _ axis: Int) -> Tensor {
        let step = axis == 0 ? element / kernel[1] : element % kernel[1]
        let line = Tensor.iota(Shape(size), axis: axis, dtype: x.dtype) * Double(stride[axis])
        let place = line + Double(step * dilation[axis] - pads[axis]) + moves[.all, part, element, axis]
        return (place * 2 + 1) / Double(x.shape[axis + 2]) - 1  // (N, H', W')
    }
    // (N, C, K, H', W')
    let columns = stack(
        (0..<count).map { element in
            let seen = x.chunked(parts, axis: 1).enumerated().map { part, channels -> Tensor in
                let grid = stack([coordinate(element, part, 1), coordinate(element, part, 0)], axis: -1)
                let read = gridSample(channels, grid)
                return mask.map { read * $0[.all, part, element].expandingDims(1) } ?? read
            }
            return concatenate(seen, axis: 1)
        }, axis: 2)
    // (N, groups, C/groups · K, H' · W') by (groups, O/groups, C/groups · K)
    let rows = columns.reshaped(batch, groups, channels / groups * count, size[0] * size[1])
    let kernels = weight.reshaped(groups, weight.shape[0] / groups, channels / groups * count)
    let y = matmul(kernels, rows).reshaped(batch, weight.shape[0], size[0], size[1])
    return try call.optional(3).map { y + $0.reshaped(-1, 1, 1) } ?? y
}
