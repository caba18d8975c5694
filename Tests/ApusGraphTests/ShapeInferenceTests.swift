import ApusGraph
import Testing

private func f(_ shape: Shape, _ dtype: DType = .float32) -> TensorType { TensorType(shape, dtype) }
private func i(_ shape: Shape) -> TensorType { TensorType(shape, .int64) }

private func geometry(
    stride: [Int] = [1], low: [Int] = [0], high: [Int] = [0], dilation: [Int] = [1], groups: Int = 1
) -> Convolution {
    Convolution(stride: stride, paddingLow: low, paddingHigh: high, dilation: dilation, groups: groups)
}

private func window(
    _ kind: PoolingKind = .maximum, _ size: [Int] = [2], stride: [Int] = [2], low: [Int] = [0], high: [Int] = [0]
) -> Pooling {
    Pooling(kind, windowSize: size, stride: stride, paddingLow: low, paddingHigh: high)
}

@Suite struct ShapeInferenceTests {
    struct Rule: Sendable, CustomTestStringConvertible {
        let operation: Operation
        let operands: [TensorType]
        let result: TensorType
        var testDescription: String { "\(operation.name) \(operands)" }

        init(_ operation: Operation, _ operands: [TensorType], _ result: TensorType) {
            self.operation = operation
            self.operands = operands
            self.result = result
        }
    }

    private static let leavesAndPointwise: [Rule] = [
        Rule(.iota([2, 3], axis: 1, .int32), [], f([2, 3], .int32)),
        Rule(.random(.uniform, [0], .float64), [i([])], f([0], .float64)),
        Rule(.random(.bits, [3], .int32), [i([])], f([3], .int32)),
        Rule(.unary(.exp), [f([2], .bfloat16)], f([2], .bfloat16)),
        Rule(.unary(.isNaN), [f([2])], f([2], .bool)),
        Rule(.unary(.not), [f([2], .bool)], f([2], .bool)),
        Rule(.binary(.add), [f([], .bool), f([], .bool)], f([], .bool)),
        Rule(.compare(.less), [f([2, 0]), f([2, 0])], f([2, 0], .bool)),
        Rule(.select, [f([2], .bool), i([2]), i([2])], i([2])),
        Rule(.cast(.uint8), [f([2, 2])], f([2, 2], .uint8)),
    ]
    private static let reductions: [Rule] = [
        Rule(.reduce(.sum, axes: [0, 2]), [f([2, 3, 4])], f([3])),
        Rule(.reduce(.maximum, axes: [0]), [f([0], .bool)], f([], .bool)),
        Rule(.argReduce(.maximum, axis: 1), [f([2, 3])], i([2])),
        Rule(.scan(.sum, axis: 0, reverse: true), [f([0, 3])], f([0, 3])),
    ]
    private static let movement: [Rule] = [
        Rule(.reshape([6]), [f([2, 3])], f([6])),
        Rule(.reshape([1, 1]), [f([])], f([1, 1])),
        Rule(.transpose([2, 0, 1]), [f([2, 3, 4])], f([4, 2, 3])),
        Rule(.broadcast([5, 2, 3]), [f([2, 1])], f([5, 2, 3])),
        Rule(.slice([SliceRange(start: 3, count: 2, step: -3)]), [f([4])], f([2])),
        Rule(.slice([SliceRange(start: 9, count: 0)]), [f([4])], f([0])),
        Rule(.pad(low: [1], high: [2]), [f([0]), f([])], f([3])),
        Rule(.reverse(axes: [0]), [f([4])], f([4])),
        Rule(.concatenate(axis: 1), [f([2, 0]), f([2, 3])], f([2, 3])),
    ]
    private static let indexing: [Rule] = [
        Rule(.gather(axis: 1), [f([2, 3, 4]), i([5, 6])], f([2, 5, 6, 4])),
        Rule(.gather(axis: 0), [f([3]), i([])], f([])),
        Rule(.scatter(.add, axis: 0), [f([3, 4]), i([2]), f([2, 4])], f([3, 4])),
        Rule(.gatherElements(axis: 1), [f([2, 3]), i([2, 7])], f([2, 7])),
        Rule(.scatterElements(.replace, axis: 0), [f([2, 3]), i([4, 3]), f([4, 3])], f([2, 3])),
        Rule(.dynamicSlice(sizes: [2, 1]), [f([3, 4]), i([2])], f([2, 1])),
        Rule(.dynamicUpdate, [f([3, 4]), f([2, 1]), i([2])], f([3, 4])),
        Rule(.sort(axis: 0, descending: false), [f([3])], f([3])),
        Rule(.argSort(axis: 0, descending: false), [f([3])], i([3])),
    ]
    private static let contractions: [Rule] = [
        Rule(.matmul, [f([7, 2, 3]), f([7, 3, 4])], f([7, 2, 4])),
        Rule(.matmul, [f([2, 0]), f([0, 4])], f([2, 4])),
        Rule(
            .convolution(geometry(stride: [2], low: [1], high: [2], dilation: [2], groups: 2)),
            [f([5, 4, 9]), f([6, 2, 3])], f([5, 6, 4])),
        Rule(
            .convolutionInputGradient(geometry(stride: [2]), inputSize: [6]), [f([5, 3, 3]), f([3, 4, 2])],
            f([5, 4, 6])),
        Rule(
            .convolutionWeightGradient(geometry(groups: 2), kernelSize: [3]), [f([5, 4, 6]), f([5, 6, 4])],
            f([6, 2, 3])),
        Rule(.pool(window(low: [1])), [f([1, 2, 5])], f([1, 2, 3])),
        Rule(.poolGradient(window(.average), inputSize: [5]), [f([1, 2, 2])], f([1, 2, 5])),
        Rule(.softmax(axis: 0), [f([3])], f([3])),
        Rule(.recurrence(.tanh), [f([5, 2, 3]), f([3, 3]), f([3]), f([2, 3])], f([6, 2, 3])),
        Rule(.recurrence(.gru), [f([5, 2, 9]), f([9, 3]), f([9]), f([2, 3])], f([26, 2, 3])),
        Rule(.recurrence(.lstm), [f([5, 2, 12]), f([12, 3]), f([12]), f([2, 3]), f([2, 3])], f([32, 2, 3])),
        Rule(
            .recurrenceGradient(.gru),
            [f([5, 2, 9]), f([9, 3]), f([9]), f([2, 3]), f([26, 2, 3]), f([5, 2, 3])], f([186])),
        Rule(.variable, [f([3])], f([3])),
        Rule(.invalid(f([3])), [], f([3])),
    ]

    @Test(arguments: leavesAndPointwise + reductions + movement + indexing + contractions)
    func infers(_ rule: Rule) throws {
        #expect(try rule.operation.resultType(rule.operands) == rule.result)
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let operation: Operation
        let operands: [TensorType]
        let message: String
        var testDescription: String { message }

        init(_ operation: Operation, _ operands: [TensorType], _ message: String) {
            self.operation = operation
            self.operands = operands
            self.message = message
        }
    }

    private static let leafAndPointwiseMistakes: [Mistake] = [
        Mistake(.iota([2], axis: 1, .int64), [], "iota: axis 1 of shape [2]"),
        Mistake(
            .random(.normal, [2], .int32), [i([])], "random: normal random numbers do not come as int32"),
        Mistake(.random(.bits, [2], .float32), [i([])], "random: bits random numbers do not come as float32"),
        Mistake(.unary(.exp), [i([2])], "exp: needs a floating-point dtype, got int64; cast first"),
        Mistake(.unary(.not), [f([2])], "not: is not defined on float32; compare with 0"),
        Mistake(.unary(.negate), [f([2], .bool)], "negate: is not defined on bool; use `!`"),
        Mistake(.binary(.add), [f([2]), f([3])], "add: float32[2] with float32[3]"),
        Mistake(.binary(.add), [f([2]), i([2])], "add: float32[2] with int64[2]"),
        Mistake(
            .binary(.and), [f([2]), f([2])], "and: float32 has no bits to combine; cast to bool or an integer"),
        Mistake(
            .binary(.shiftLeft), [f([], .bool), f([], .bool)], "shiftLeft: bool cannot be shifted; cast to an integer"),
        Mistake(.binary(.atan2), [i([2]), i([2])], "atan2: needs a floating-point dtype, got int64"),
        Mistake(
            .binary(.subtract), [f([], .bool), f([], .bool)],
            "subtract: is not defined on bool; cast to a number"),
        Mistake(.compare(.less), [f([2]), f([])], "less: float32[2] with float32[]"),
        Mistake(.select, [f([2]), f([2]), f([2])], "select: the condition is float32, not bool"),
        Mistake(.select, [f([2], .bool), f([2]), i([2])], "select: float32[2] with int64[2]"),
        Mistake(.select, [f([], .bool), f([2]), f([2])], "select: condition [], values [2]"),
    ]
    private static let reductionMistakes: [Mistake] = [
        Mistake(.reduce(.sum, axes: [1]), [f([2])], "sum: axes [1] of shape [2]"),
        Mistake(.reduce(.sum, axes: [1, 0]), [f([2, 2])], "sum: axes [1, 0] of shape [2, 2]"),
        Mistake(.reduce(.sum, axes: [0, 0]), [f([2, 2])], "sum: axes [0, 0] of shape [2, 2]"),
        Mistake(
            .reduce(.sum, axes: [0]), [f([2], .bool)], "sum: is not defined on bool; cast to int64 first"),
        Mistake(.argReduce(.maximum, axis: 0), [f([])], "argMax: axes [0] of shape []"),
        Mistake(
            .argReduce(.minimum, axis: 1), [f([2, 0])], "argMin: axis 1 of [2, 0] is empty and has no extreme"),
        Mistake(.scan(.sum, axis: 2, reverse: false), [f([2])], "cumulative sum: axes [2] of shape [2]"),
        Mistake(.argSort(axis: -1, descending: false), [f([2])], "argSort: axes [-1] of shape [2]"),
        Mistake(.softmax(axis: 1), [f([2])], "softmax: axes [1] of shape [2]"),
        Mistake(
            .recurrence(.lstm), [f([0, 2, 12]), f([12, 3]), f([12]), f([2, 3]), f([2, 3])],
            "recurrence: projected inputs [0, 2, 12] must be (time, batch, 4 · hidden) with at least one step"),
        Mistake(
            .recurrence(.gru), [f([5, 2, 9]), f([9, 2]), f([9]), f([2, 3])],
            "recurrence: weight [9, 2] and bias [9] for projected inputs [5, 2, 9]"),
        Mistake(
            .recurrence(.tanh), [f([5, 2, 3]), f([3, 3]), f([3]), f([1, 3])],
            "recurrence: states [[1, 3]] for projected inputs [5, 2, 3]"),
        Mistake(.logSoftmax(axis: 0), [i([2])], "logSoftmax: needs a floating-point dtype, got int64"),
    ]
    private static let movementMistakes: [Mistake] = [
        Mistake(.reshape([4]), [f([2, 3])], "reshape: [2, 3] has 6 elements, [4] has 4"),
        Mistake(.transpose([0, 0]), [f([2, 3])], "transpose: [0, 0] is no permutation of [2, 3]'s axes"),
        Mistake(.broadcast([2]), [f([3])], "broadcast: [3] does not broadcast to [2]"),
        Mistake(.broadcast([3]), [f([2, 3])], "broadcast: [2, 3] does not broadcast to [3]"),
        Mistake(.slice([]), [f([3])], "slice: 0 ranges for shape [3]"),
        Mistake(
            .slice([SliceRange(start: 1, count: 3)]), [f([3])],
            "slice: 3 elements from 1 by 1 are not all inside axis 0 of [3]"),
        Mistake(
            .slice([SliceRange(start: 0, count: 1, step: 0)]), [f([3])],
            "slice: 1 elements from 0 by 0 are not all inside axis 0 of [3]"),
        Mistake(.pad(low: [1], high: []), [f([3]), f([])], "pad: [1], [] for shape [3]"),
        Mistake(.pad(low: [-1], high: [0]), [f([3]), f([])], "pad: negative padding [-1], [0]"),
        Mistake(.pad(low: [1], high: [0]), [f([3]), i([])], "pad: the value must be a float32 scalar"),
        Mistake(.reverse(axes: [1]), [f([3])], "reverse: axes [1] of shape [3]"),
        Mistake(.concatenate(axis: 0), [], "concatenate: no tensors"),
        Mistake(.concatenate(axis: 0), [f([2]), i([2])], "concatenate: float32[2] with int64[2]"),
        Mistake(
            .concatenate(axis: 0), [f([2, 3]), f([2, 4])],
            "concatenate: [2, 3] with [2, 4]: extents off axis 0 differ"),
    ]
    private static let indexingMistakes: [Mistake] = [
        Mistake(.gather(axis: 0), [f([3]), f([2])], "gather: indices are float32, not int64"),
        Mistake(.gather(axis: 1), [f([3]), i([2])], "gather: axes [1] of shape [3]"),
        Mistake(.gather(axis: 0), [f([0, 2]), i([1])], "gather: axis 0 of [0, 2] is empty"),
        Mistake(
            .scatter(.add, axis: 0), [f([3, 4]), i([2]), f([2])],
            "scatter: updates float32[2], expected float32[2, 4]"),
        Mistake(
            .gatherElements(axis: 0), [f([2, 3]), i([2, 4])],
            "gatherElements: indices [2, 4] for [2, 3] along axis 0: the other extents must be equal"),
        Mistake(.gatherElements(axis: 0), [f([0]), i([1])], "gatherElements: axis 0 of [0] is empty"),
        Mistake(
            .scatterElements(.add, axis: 0), [f([3]), i([2]), i([2])],
            "scatterElements: updates int64[2], expected float32[2]"),
        Mistake(
            .dynamicSlice(sizes: [2]), [f([3]), i([])], "dynamicSlice: starts [] for [3]: expected [1]"),
        Mistake(
            .dynamicSlice(sizes: [4]), [f([3]), i([1])], "dynamicSlice: a block [4] does not fit in [3]"),
        Mistake(
            .dynamicUpdate, [f([3]), i([2]), i([1])], "dynamicUpdate: an update int64[2] of float32[3]"),
    ]
    private static let matmulMistakes: [Mistake] = [
        Mistake(
            .matmul, [f([2, 3]), f([3, 4], .float64)], "matmul: float32[2, 3] × float64[3, 4]: dtypes differ"),
        Mistake(.matmul, [i([2, 3]), i([3, 4])], "matmul: needs a floating-point dtype, got int64; cast first"),
        Mistake(.matmul, [f([3]), f([3])], "matmul: [3] × [3]: ranks must be equal and at least 2"),
        Mistake(
            .matmul, [f([8, 256]), f([128, 10])],
            "matmul: [8, 256] × [128, 10]: inner dimensions 256 and 128 differ"),
        Mistake(.matmul, [f([2, 3, 3]), f([1, 3, 3])], "matmul: [2, 3, 3] × [1, 3, 3]: batch dimensions differ"),
    ]
    private static let windowMistakes: [Mistake] = [
        Mistake(
            .convolution(geometry()), [i([1, 1, 3]), i([1, 1, 3])],
            "convolution: int64[1, 1, 3] with int64[1, 1, 3]: one floating-point dtype is needed"),
        Mistake(
            .convolution(geometry(stride: [], low: [], high: [], dilation: [])), [f([1, 1]), f([1, 1])],
            "convolution: 0 spatial axes: 1 to 3 are possible"),
        Mistake(
            .convolution(geometry()), [f([1, 3]), f([1, 1, 3])],
            "convolution: [1, 3] with weight [1, 1, 3]: both need batch, channel and 1 spatial axes"),
        Mistake(
            .convolution(geometry(groups: 2)), [f([1, 3, 5]), f([2, 1, 3])],
            "convolution: [1, 3, 5] has 3 channels, weight [2, 1, 3] with 2 groups takes 2"),
        Mistake(
            .convolution(geometry(groups: 2)), [f([1, 2, 5]), f([3, 1, 3])],
            "convolution: 3 output channels do not divide into 2 groups"),
        Mistake(
            .convolution(geometry(stride: [0])), [f([1, 1, 5]), f([1, 1, 3])],
            "convolution: stride and dilation must be at least 1 and padding at least 0"),
        Mistake(.convolution(geometry()), [f([1, 1, 5]), f([1, 1, 0])], "convolution: an empty kernel [0]"),
        Mistake(
            .convolution(geometry()), [f([1, 1, 2]), f([1, 1, 3])],
            "convolution: input [1, 1, 2] with its padding is smaller than the kernel [1, 1, 3]"),
        Mistake(
            .convolutionInputGradient(geometry(), inputSize: [5]), [f([1, 1, 4]), f([1, 1, 3])],
            "convolutionInputGradient: a gradient float32[1, 1, 4] for an output float32[1, 1, 3]"),
        Mistake(
            .convolutionWeightGradient(geometry(), kernelSize: [3]), [f([1, 1, 5]), f([1, 1, 4])],
            "convolutionWeightGradient: a gradient float32[1, 1, 4] for an output float32[1, 1, 3]"),
        Mistake(
            .pool(window()), [f([2, 4])], "maximum pool: [2, 4] needs batch, channel and 1 axes to pool"),
        Mistake(.pool(window()), [f([2, 4, 0])], "maximum pool: [2, 4, 0] has an empty axis to pool"),
        Mistake(
            .pool(window(.average)), [i([1, 1, 4])],
            "average pool: needs a floating-point dtype, got int64; cast first"),
        Mistake(
            .pool(window(stride: [0])), [f([1, 1, 4])], "maximum pool: window and stride must be at least 1"),
        Mistake(
            .pool(window(low: [2])), [f([1, 1, 4])],
            "maximum pool: padding [2], [0] must be smaller than the window [2]"),
        Mistake(.pool(window()), [f([1, 1, 1])], "maximum pool: [1, 1, 1] is smaller than the window [2]"),
        Mistake(
            .poolGradient(window(.average), inputSize: [4]), [f([1, 1, 3])],
            "average pool gradient: a gradient float32[1, 1, 3] for an output float32[1, 1, 2]"),
    ]

    @Test(
        arguments: leafAndPointwiseMistakes + reductionMistakes + movementMistakes + indexingMistakes + matmulMistakes
            + windowMistakes)
    func saysWhichRuleIsBroken(_ mistake: Mistake) {
        #expect(throws: TensorError(mistake.message)) { try mistake.operation.resultType(mistake.operands) }
    }
}
