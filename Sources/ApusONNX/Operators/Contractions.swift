import ApusNN
import Foundation

extension OperatorTable {
    /// Matrix products, convolutions, Einstein sums, determinants.
    mutating func addContractions() {
        addBinary("MatMul") { matmul($0, $1) }
        addTensor("Gemm") { call in
            let a = try call.tensor(0), b = try call.tensor(1)
            let product = matmul(try call.flag("transA") ? a.T : a, try call.flag("transB") ? b.T : b)
            let alpha = try call.float("alpha", default: 1), beta = try call.float("beta", default: 1)
            let scaled = alpha == 1 ? product : product * alpha
            guard let c = try call.optional(2) else { return scaled }
            return (scaled + (beta == 1 ? c : c * beta)).cast(to: product.dtype)
        }
        addTensor("Conv") { call in
            try convolved(call, call.tensor(0), call.tensor(1), bias: call.optional(2))
        }
        addTensor("ConvTranspose", convolutionTransposed)
        addTensor("Einsum") { call in
            einsum(try call.string("equation", default: "").filter { !$0.isWhitespace }, try call.tensors())
        }
        addUnary("Det") { determinant($0) }
    }
}

// MARK: Convolution

/// A convolution with the geometry that the node's attributes say.
func convolved(_ call: OperatorCall, _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil) throws -> Tensor {
    guard x.rank == weight.rank, x.rank >= 3 else { throw call.failure("\(x.shape) with a kernel \(weight.shape)") }
    let window = try WindowGeometry(call, input: Array(x.shape.dropFirst(2)), kernel: Array(weight.shape.dropFirst(2)))
    let geometry = Convolution(
        stride: window.stride, paddingLow: window.low, paddingHigh: window.high, dilation: window.dilation,
        groups: try groups(call))
    let operands =
        Precision.current == .bfloat16 && x.dtype == .float32
        ? [x, weight].map { $0.cast(to: .bfloat16) } : [x, weight]
    let y = Tensor(Node.make(.convolution(geometry), operands.map(\.node))).cast(to: x.dtype)
    guard let bias else { return y }
    return y + bias.reshaped(Shape([-1] + [Int](repeating: 1, count: y.rank - 2)))
}

private func groups(_ call: OperatorCall) throws -> Int {
    let groups = try call.integer("group", default: 1)
    guard groups > 0 else { throw call.failure("\(groups) groups") }
    return groups
}

private func convolutionTransposed(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0), weight = try call.tensor(1)
    guard x.rank == weight.rank, x.rank >= 3 else { throw call.failure("\(x.shape) with a kernel \(weight.shape)") }
    let input = Array(x.shape.dropFirst(2)), kernel = Array(weight.shape.dropFirst(2))
    let rank = input.count
    let stride = try call.integerList("strides") ?? [Int](repeating: 1, count: rank)
    let dilation = try call.integerList("dilations") ?? [Int](repeating: 1, count: rank)
    let extra = try call.integerList("output_padding") ?? [Int](repeating: 0, count: rank)
    guard stride.count == rank, dilation.count == rank, extra.count == rank, (stride + dilation).allSatisfy({ $0 > 0 })
    else { throw call.failure("strides \(stride), dilations \(dilation), output_padding \(extra) for \(rank) axes") }
    try call.requireSmall(stride + dilation + extra, "strides, dilations and output_padding")
    // Extents before anything is cut off.
    let full = (0..<rank).map { axis -> Int in
        let spread: Int = stride[axis] * (input[axis] - 1)
        let reach: Int = dilation[axis] * (kernel[axis] - 1) + 1
        return spread + reach + extra[axis]
    }
    var low = [Int](repeating: 0, count: rank), high = low
    let mode = try call.string("auto_pad", default: "NOTSET")
    let wanted = try call.integerList("output_shape").map { Array($0.suffix(rank)) }
    try call.requireSmall(wanted ?? [], "output_shape")
    if let size = wanted ?? (mode.hasPrefix("SAME") ? zip(input, stride).map { $0 * $1 } : nil) {
        for axis in 0..<rank {
            let total = full[axis] - size[axis]
            // A larger extent than the full one has zeros behind.
            low[axis] = total < 0 ? 0 : mode == "SAME_UPPER" ? total / 2 : total - total / 2
            high[axis] = total - low[axis]
        }
    } else if let pads = try call.integerList("pads"), pads.count == 2 * rank {
        try call.requireSmall(pads, "pads")
        low = Array(pads.prefix(rank))
        high = Array(pads.suffix(rank))
    }
    let geometry = Convolution(
        stride: stride, paddingLow: low.map { max(0, $0) }, paddingHigh: high.map { max(0, $0) }, dilation: dilation,
        groups: try groups(call))
    let size = (0..<rank).map { full[$0] - geometry.paddingLow[$0] - geometry.paddingHigh[$0] }
    var y = Tensor(Node.make(.convolutionInputGradient(geometry, inputSize: size), [x.node, weight.node]))
    if low.contains(where: { $0 < 0 }) || high.contains(where: { $0 < 0 }) {
        y = y.padded([(0, 0), (0, 0)] + zip(low, high).map { (max(0, -$0), max(0, -$1)) })
    }
    guard let bias = try call.optional(2) else { return y }
    return y + bias.reshaped(Shape([-1] + [Int](repeating: 1, count: rank)))
}

/// Where a window goes: strides, dilations and padding of a node of convolution or pooling.
struct WindowGeometry {
    let kernel: [Int]
    let stride: [Int]
    let dilation: [Int]
    private(set) var low: [Int]
    private(set) var high: [Int]
    /// The padding behind, without what only rounding the output's extent up adds.
    let countedHigh: [Int]

    /// - Parameter kernel: the window's extents; the attribute `kernel_shape` where they don't follow from a weight.
    init(_ call: OperatorCall, input: [Int], kernel: [Int]? = nil) throws {
        let rank = input.count
        guard let kernel = try kernel ?? call.integerList("kernel_shape"), kernel.count == rank else {
            throw call.failure("kernel_shape needs \(rank) numbers")
        }
        let stride = try call.integerList("strides") ?? [Int](repeating: 1, count: rank)
        let dilation = try call.integerList("dilations") ?? [Int](repeating: 1, count: rank)
        let pads = try call.integerList("pads") ?? [Int](repeating: 0, count: 2 * rank)
        guard stride.count == rank, dilation.count == rank, pads.count == 2 * rank,
            (stride + dilation + kernel).allSatisfy({ $0 > 0 }), pads.allSatisfy({ $0 >= 0 })
        else {
            throw call.failure(
                "kernel \(kernel), strides \(stride), dilations \(dilation) and pads \(pads) for \(rank) axes")
        }

        try call.requireSmall(kernel + stride + dilation + pads, "kernel, strides, dilations and pads")
        var low = Array(pads.prefix(rank)), high = Array(pads.suffix(rank))
        let reach = zip(kernel, dilation).map { ($0 - 1) * $1 + 1 }
        let mode = try call.string("auto_pad", default: "NOTSET")
        if mode.hasPrefix("SAME") {
            // As many windows as strides fit in: what that needs is split evenly, the odd element on the side that is named.
            for axis in 0..<rank {
                let count = (input[axis] + stride[axis] - 1) / stride[axis]
                let total = max(0, (count - 1) * stride[axis] + reach[axis] - input[axis])
                low[axis] = mode == "SAME_LOWER" ? total - total / 2 : total / 2
                high[axis] = total - low[axis]
            }
        } else if mode == "VALID" {
            low = low.map { _ in 0 }
            high = low
        }
        countedHigh = high
        if try call.flag("ceil_mode") {
            for axis in 0..<rank {
                let free = input[axis] + low[axis] + high[axis] - reach[axis]
                let missing = free % stride[axis]
                // A window that would begin in the padding behind is left out.
                let start = free - missing + stride[axis]
                if free >= 0, missing > 0, start < input[axis] + low[axis] { high[axis] += stride[axis] - missing }
            }
        }
        guard input.indices.allSatisfy({ reach[$0] <= input[$0] + low[$0] + high[$0] }) else {
            throw call.failure("a window that reaches over \(reach) of \(input)")
        }
        (self.kernel, self.stride, self.dilation, self.low, self.high) = (kernel, stride, dilation, low, high)
    }

    /// The same windows over what is padded already.
    var withoutPadding: WindowGeometry {
        var result = self
        result.low = low.map { _ in 0 }
        result.high = result.low
        return result
    }

    /// Elements that a window reaches over on each axis.
    var reach: [Int] { zip(kernel, dilation).map { ($0 - 1) * $1 + 1 } }

    func outputSize(_ input: [Int]) -> [Int] {
        input.indices.map { max(0, (input[$0] + low[$0] + high[$0] - reach[$0]) / stride[$0] + 1) }
    }
}
