import ApusNN

extension OperatorTable {
    /// Numbers as small integers with a scale and a zero point: `real = (integer − zero) · scale`.
    mutating func addQuantization() {
        addTensor("QuantizeLinear") { call in
            let x = try call.tensor(0)
            let axis = try call.integer("axis", default: 1)
            let scale = try alongAxis(call.tensor(1), axis, of: x, call)
            let zero = try call.optional(2).map { try alongAxis($0, axis, of: x, call) }
            let type = try call.has(2) ? call.elementType(2) : call.elementType(named: "output_dtype") ?? .uint8
            return try quantized(x, scale: scale, zero: zero, as: type, call)
        }
        addTensor("DequantizeLinear") { call in
            let x = try call.tensor(0), scale = try call.tensor(1)
            let axis = try call.integer("axis", default: 1)
            let zero = try call.optional(2).map { try alongAxis($0, axis, of: x, call) }
            return (try centred(x, zero) * alongAxis(scale, axis, of: x, call)).cast(to: scale.dtype)
        }
        addTensors("DynamicQuantizeLinear") { call in
            let x = try call.tensor(0)
            let low = minimum(x.min(), 0), high = maximum(x.max(), 0)
            let range = (high - low) / 255
            let scale = `where`(range .== 0, 1, range)
            let zero = round((-low / scale).clamped(0, 255))
            let y = (round(x / scale) + zero).clamped(0, 255)
            return [y.cast(to: .uint8), scale, zero.cast(to: .uint8)]
        }
        addTensor("MatMulInteger") { call in
            let (a, b) = (try call.tensor(0), try call.tensor(1))
            let left = try centred(a, call.optional(2).map { $0.rank == 1 ? $0.expandingDims(1) : $0 })
            return matmul(left, try centred(b, call.optional(3))).cast(to: .int32)
        }
        addTensor("ConvInteger") { call in
            let weight = try call.tensor(1)
            let zero = try call.optional(3).map { alongRows($0, of: weight) }
            let y = try convolved(call, centred(call.tensor(0), call.optional(2)), centred(weight, zero))
            return y.cast(to: .int32)
        }
        addTensor("QLinearMatMul") { call in
            let left = try centred(call.tensor(0), call.optional(2)) * call.tensor(1).cast(to: .float64)
            let right = try centred(call.tensor(3), call.optional(5)) * call.tensor(4).cast(to: .float64)
            return try quantized(
                matmul(left, right), scale: call.tensor(6), zero: call.optional(7), as: call.elementType(7), call)
        }
        addTensor("QLinearConv") { call in
            let weight = try call.tensor(3)
            let scales = alongRows(try call.tensor(4), of: weight), zeros = alongRows(try call.tensor(5), of: weight)
            let y = try convolved(call, centred(call.tensor(0), call.optional(2)), centred(weight, zeros))
            let bias = try call.optional(8).map {
                $0.cast(to: .float64).reshaped(Shape([-1] + [Int](repeating: 1, count: y.rank - 2)))
            }
            let sum = bias.map { y + $0 } ?? y
            // Weights' scales are of output channels, the second axis of the result.
            let scale =
                try call.tensor(1).cast(to: .float64)
                * scales.reshaped(
                    scales.elementCount == 1 ? [] : Shape([-1] + [Int](repeating: 1, count: y.rank - 2)))
            return try quantized(
                sum * scale, scale: call.tensor(6), zero: call.optional(7), as: call.elementType(7), call)
        }
    }
}

/// Integers less their zero point, in float64: products and their sums are exact in it.
private func centred(_ x: Tensor, _ zero: Tensor?) throws -> Tensor {
    let x = x.cast(to: .float64)
    guard let zero else { return x }
    return x - (zero.elementCount == 1 ? zero.reshaped([]) : zero).cast(to: .float64)
}

/// `round(x / scale) + zero`, within what the type holds; halves are rounded to even.
private func quantized(
    _ x: Tensor, scale: Tensor, zero: Tensor?, as type: ONNXElementType, _ call: OperatorCall
) throws -> Tensor {
    guard let range = type.integerRange, let dtype = type.dtype else {
        throw call.unsupported("quantization to \(type)")
    }
    func number(_ tensor: Tensor) -> Tensor {
        (tensor.elementCount == 1 ? tensor.reshaped([]) : tensor).cast(to: x.dtype)
    }
    let places = round(x / number(scale)) + (zero.map(number) ?? Tensor.zeros([], dtype: x.dtype))
    return places.clamped(Double(range.lowerBound), Double(range.upperBound)).cast(to: dtype)
}

/// One number for the whole tensor, or one for each index of an axis.
private func alongAxis(_ vector: Tensor, _ axis: Int, of x: Tensor, _ call: OperatorCall) throws -> Tensor {
    guard vector.elementCount > 1 else { return vector.reshaped([]) }
    let axis = try call.axis(axis, rank: x.rank)
    guard vector.rank == 1, vector.shape[0] == x.shape[axis] else {
        throw call.unsupported("scales of shape \(vector.shape) for axis \(axis) of \(x.shape)")
    }
    return vector.reshaped(Shape(x.shape.indices.map { $0 == axis ? -1 : 1 }))
}

/// One number for the whole weight, or one for each output channel, its first axis.
private func alongRows(_ vector: Tensor, of weight: Tensor) -> Tensor {
    guard vector.elementCount > 1 else { return vector.reshaped([]) }
    return vector.reshaped(Shape([-1] + [Int](repeating: 1, count: weight.rank - 1)))
}
