import ApusTensor
import ApusTestSupport
import Testing

typealias GoldenOperation = @Sendable (_ golden: GoldenCase, _ inputs: [Tensor]) throws -> [Tensor]

/// What the names in the golden file mean.
let goldenOperations: [String: GoldenOperation] = [
    unaryGoldens, binaryGoldens, activationGoldens, reductionGoldens, orderGoldens, indexGoldens, movementGoldens,
    contractionGoldens, poolGoldens, ["gradient": gradientOfGolden],
].reduce(into: [:]) { all, family in all.merge(family) { _, _ in preconditionFailure("an operation is there twice") } }

private func unary(_ function: @escaping @Sendable (Tensor) -> Tensor) -> GoldenOperation { { [function($1[0])] } }

private func binary(_ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> GoldenOperation {
    { [function($1[0], $1[1])] }
}

private let unaryGoldens: [String: GoldenOperation] = [
    "negate": unary { -$0 }, "abs": unary(abs), "sign": unary(sign), "exp": unary(exp), "expm1": unary(expm1),
    "log": unary(log), "log1p": unary(log1p), "log2": unary(log2), "log10": unary(log10), "sqrt": unary(sqrt),
    "rsqrt": unary(rsqrt), "reciprocal": unary(reciprocal), "square": unary(square), "sin": unary(sin),
    "cos": unary(cos), "tan": unary(tan), "asin": unary(asin), "acos": unary(acos), "atan": unary(atan),
    "sinh": unary(sinh), "cosh": unary(cosh), "tanh": unary(tanh), "asinh": unary(asinh), "acosh": unary(acosh),
    "atanh": unary(atanh), "erf": unary(erf), "erfinv": unary(erfinv), "sigmoid": unary(sigmoid),
    "floor": unary(floor), "ceil": unary(ceil), "round": unary(round), "trunc": unary(trunc), "not": unary { .!$0 },
    "isNaN": unary(isNaN), "isInfinite": unary(isInfinite), "isFinite": unary(isFinite),
    "cast": { [$1[0].cast(to: $0["dtype"].dtype)] },
    "clamp": { [$1[0].clamped($0["low"].optionalDouble, $0["high"].optionalDouble)] },
    "power constant": { [pow($1[0], $0["exponent"].double)] },
    "print": { golden, inputs in
        let suffix = inputs[0].dtype == .float32 ? "" : " \(inputs[0].dtype)"
        #expect(inputs[0].description == golden["text"].string + suffix)
        return []
    },
]

private let binaryGoldens: [String: GoldenOperation] = [
    "add": binary(+), "subtract": binary(-), "multiply": binary(*), "divide": binary(/), "power": binary(pow),
    "maximum": binary(maximum), "minimum": binary(minimum), "atan2": binary(atan2),
    "floorDivide": binary(floorDivide), "remainder": binary(%), "and": binary(.&), "or": binary(.|),
    "xor": binary(.^), "shiftLeft": binary(<<), "shiftRight": binary(>>), "equal": binary(.==),
    "notEqual": binary(.!=), "less": binary(.<), "lessEqual": binary(.<=), "greater": binary(.>),
    "greaterEqual": binary(.>=), "where": { [`where`($1[0], $1[1], $1[2])] },
]

private let activationGoldens: [String: GoldenOperation] = [
    "relu": unary(relu), "relu6": unary(relu6), "logSigmoid": unary(logSigmoid), "leakyReLU": unary { leakyReLU($0) },
    "elu": unary { elu($0) }, "selu": unary(selu), "celu": unary { celu($0) }, "softplus": unary { softplus($0) },
    "softsign": unary(softsign), "silu": unary(silu), "mish": unary(mish), "gelu": unary { gelu($0) },
    "gelu tanh": unary { gelu($0, approximate: .tanh) }, "hardSigmoid": unary(hardSigmoid),
    "hardSwish": unary(hardSwish), "hardTanh": unary { hardTanh($0) },
    "softmax": { [softmax($1[0], axis: $0["axis"].int)] },
    "logSoftmax": { [logSoftmax($1[0], axis: $0["axis"].int)] },
    "softmin": { [softmin($1[0], axis: $0["axis"].int)] },
]

/// A reduction of the first input, over axes that a golden names.
private func reduction(
    _ function: @escaping @Sendable (_ x: Tensor, _ axes: [Int], _ keepingAxes: Bool) -> Tensor
) -> GoldenOperation {
    { [function($1[0], $0["axes"].ints, $0["keepingAxes"].bool)] }
}

private let reductionGoldens: [String: GoldenOperation] = [
    "sum": reduction { $0.sum(axes: $1, keepingAxes: $2) },
    "mean": reduction { $0.mean(axes: $1, keepingAxes: $2) },
    "max": reduction { $0.max(axes: $1, keepingAxes: $2) },
    "min": reduction { $0.min(axes: $1, keepingAxes: $2) },
    "product": reduction { $0.product(axes: $1, keepingAxes: $2) },
    "any": reduction { $0.any(axes: $1, keepingAxes: $2) },
    "all": reduction { $0.all(axes: $1, keepingAxes: $2) },
    "logSumExp": reduction { $0.logSumExp(axes: $1, keepingAxes: $2) },
    "norm": reduction { $0.norm(axes: $1, keepingAxes: $2) },
    "variance": { [$1[0].variance(axes: $0["axes"].ints, correction: $0["correction"].int)] },
    "standardDeviation": { [$1[0].standardDeviation(axes: $0["axes"].ints, correction: $0["correction"].int)] },
    "argMax": { [$1[0].argMax(axis: $0["axis"].int)] },
    "argMin": { [$1[0].argMin(axis: $0["axis"].int)] },
    "cumulativeSum": { [$1[0].cumulativeSum(axis: $0["axis"].int, reverse: $0["reverse"].bool)] },
    "cumulativeProduct": { [$1[0].cumulativeProduct(axis: $0["axis"].int, reverse: $0["reverse"].bool)] },
    "cumulativeMax": { [$1[0].cumulativeMax(axis: $0["axis"].int, reverse: $0["reverse"].bool)] },
    "cumulativeMin": { [$1[0].cumulativeMin(axis: $0["axis"].int, reverse: $0["reverse"].bool)] },
]

private let orderGoldens: [String: GoldenOperation] = [
    "sort": { [$1[0].sorted(axis: $0["axis"].int, descending: $0["descending"].bool)] },
    "argSort": { [$1[0].argSort(axis: $0["axis"].int, descending: $0["descending"].bool)] },
    "topK": { golden, inputs in
        let (values, indices) = inputs[0].topK(golden["k"].int, axis: golden["axis"].int)
        return [values, indices]
    },
]

private let indexGoldens: [String: GoldenOperation] = [
    "gather": { [$1[0].gathered($1[1], axis: $0["axis"].int)] },
    "scatter": { [$1[0].scattered($1[1], $1[2], axis: $0["axis"].int, mode: scatterMode($0))] },
    "gather elements": { [$1[0].gathered(elements: $1[1], axis: $0["axis"].int)] },
    "scatter elements": { [$1[0].scattered(elements: $1[1], $1[2], axis: $0["axis"].int, mode: scatterMode($0))] },
    "one hot": { [$1[0].oneHot($0["count"].int)] },
    "index": { golden, inputs in [picked(inputs[0], subscripts(golden, Array(inputs.dropFirst())))] },
    "assign": { golden, inputs in
        [assigned(inputs[0], subscripts(golden, Array(inputs.dropFirst().dropLast())), inputs.last!)]
    },
]

private func scatterMode(_ golden: GoldenCase) -> ScatterMode { golden["mode"].string == "add" ? .add : .replace }

private func subscripts(_ golden: GoldenCase, _ tensors: [Tensor]) -> [any TensorIndexing] {
    golden["index"].list.map { entry -> any TensorIndexing in
        switch entry {
        case .int(let index): return index
        case .string("ellipsis"): return TensorIndex.ellipsis
        case .string: return TensorIndex.newAxis
        case .list(let ends):
            return TensorIndex.range(from: ends[0].optionalInt, to: ends[1].optionalInt, by: ends[2].optionalInt ?? 1)
        default: return tensors[entry["tensor"].int]
        }
    }
}

/// A subscript takes no array of entries, so each count is written out.
private func picked(_ x: Tensor, _ e: [any TensorIndexing]) -> Tensor {
    switch e.count {
    case 1: x[e[0]]
    case 2: x[e[0], e[1]]
    case 3: x[e[0], e[1], e[2]]
    default: x[e[0], e[1], e[2], e[3]]
    }
}

private func assigned(_ x: Tensor, _ e: [any TensorIndexing], _ value: Tensor) -> Tensor {
    var x = x
    switch e.count {
    case 1: x[e[0]] = value
    case 2: x[e[0], e[1]] = value
    case 3: x[e[0], e[1], e[2]] = value
    default: x[e[0], e[1], e[2], e[3]] = value
    }
    return x
}

private let movementGoldens: [String: GoldenOperation] = [
    "reshape": { [$1[0].reshaped(Shape($0["shape"].ints))] },
    "transpose": { [$1[0].transposed($0["axes"].ints)] },
    "move axis": { [$1[0].movingAxis($0["source"].int, to: $0["target"].int)] },
    "flatten": { [$1[0].flattened(from: $0["start"].int, to: $0["end"].int)] },
    "broadcast": { [$1[0].broadcast(to: Shape($0["shape"].ints))] },
    "reverse": { [$1[0].reversed(axes: $0["axes"].ints)] },
    "pad": { golden, inputs in
        let widths = golden["widths"].list.map { ($0.ints[0], $0.ints[1]) }
        return [inputs[0].padded(widths, value: golden["value"].double)]
    },
    "concatenate": { [concatenate($1, axis: $0["axis"].int)] },
    "stack": { [stack($1, axis: $0["axis"].int)] },
    "tile": { [$1[0].tiled($0["counts"].ints)] },
    "split": { $1[0].split(lengths: $0["lengths"].ints, axis: $0["axis"].int) },
    "chunk": { $1[0].chunked($0["count"].int, axis: $0["axis"].int) },
    "linspace": { golden, _ in
        [.linspace(golden["start"].double, golden["end"].double, count: golden["count"].int)]
    },
    "range": { golden, _ in [.range(golden["start"].int, golden["end"].int, step: golden["step"].int)] },
    "identity": { golden, _ in [.identity(golden["n"].int, golden["m"].int)] },
]

private let contractionGoldens: [String: GoldenOperation] = [
    "matmul": binary(matmul),
    "matmul transposed": binary { matmul($0.T, $1.T) },
    "convolution": { golden, inputs in
        [
            convolution(
                inputs[0], inputs[1], bias: inputs.count > 2 ? inputs[2] : nil, stride: golden["stride"].ints,
                padding: golden["padding"].ints, dilation: golden["dilation"].ints, groups: golden["groups"].int)
        ]
    },
    "transposed convolution": { golden, inputs in
        [
            convolutionTransposed(
                inputs[0], inputs[1], bias: inputs.count > 2 ? inputs[2] : nil, stride: golden["stride"].ints,
                padding: golden["padding"].ints, outputPadding: golden["outputPadding"].ints,
                dilation: golden["dilation"].ints, groups: golden["groups"].int)
        ]
    },
]

private let poolGoldens: [String: GoldenOperation] = [
    "max pool": { golden, inputs in
        let (window, stride, padding) = (golden["window"].ints, golden["stride"].ints, golden["padding"].ints)
        switch window.count {
        case 1: return [maxPool1d(inputs[0], window, stride: stride, padding: padding)]
        case 2: return [maxPool2d(inputs[0], window, stride: stride, padding: padding)]
        default: return [maxPool3d(inputs[0], window, stride: stride, padding: padding)]
        }
    },
    "average pool": { golden, inputs in
        let (window, stride, padding) = (golden["window"].ints, golden["stride"].ints, golden["padding"].ints)
        let counts = golden["countsPadding"].bool
        switch window.count {
        case 1: return [avgPool1d(inputs[0], window, stride: stride, padding: padding, countsPadding: counts)]
        case 2: return [avgPool2d(inputs[0], window, stride: stride, padding: padding, countsPadding: counts)]
        default: return [avgPool3d(inputs[0], window, stride: stride, padding: padding, countsPadding: counts)]
        }
    },
]

/// The gradient of another operation, to be differentiated once more.
private let gradientOfGolden: GoldenOperation = { golden, inputs in
    let operation = try #require(goldenOperations[golden["of"].string])
    return [try valueAndGradients(at: [inputs[0]]) { weightedSum(try operation(golden, $0)[0]) }.gradients[0]]
}
