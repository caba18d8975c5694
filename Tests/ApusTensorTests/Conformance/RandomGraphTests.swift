import ApusTensor
import ApusTestSupport
import Testing

/// Random programs of 5 to 40 instructions: what single operations cannot show, the backend's passes and its fusion get wrong here.
@Suite("Random graphs")
struct RandomGraphTests {
    @Test(arguments: 0..<150) func exact(_ seed: Int) throws {
        try check(seed, .float64, slack: 100)
    }

    @Test(arguments: 150..<300) func single(_ seed: Int) throws {
        try check(seed, .float32, slack: 20)
    }

    @Test(arguments: 300..<304) func large(_ seed: Int) throws {
        try check(seed, .float32, shape: [5, 210, 103], slack: 20)
    }

    private func check(_ seed: Int, _ dtype: DType, shape: Shape? = nil, slack: Double) throws {
        let maker = TensorMaker(seed: UInt64(seed))
        var graph = RandomGraph(maker, dtype, base: shape ?? maker.shape(rank: maker.integer(in: 1...4), largest: 33))
        let count = shape == nil ? maker.integer(in: 5...40) : 20
        for _ in 0..<count { graph.grow() }
        let (program, inputs) = graph.finished()
        try expectConformance(program, inputs, dtype: dtype, slack: slack)
    }
}

/// Grows a program by operations under which errors do not grow: what is continuous, and keeps values small.
private struct RandomGraph {
    private let maker: TensorMaker
    private let dtype: DType
    private let base: Shape
    private var inputs: [Tensor]
    private var program: Program

    init(_ maker: TensorMaker, _ dtype: DType, base: Shape) {
        self.maker = maker
        self.dtype = dtype
        self.base = base
        inputs = (0..<maker.integer(in: 1...4)).map { number in
            let extents = base.map { number > 0 && maker.chance(0.3) ? 1 : $0 }
            let shape = Shape(Array(extents.dropFirst(number > 1 ? 1 : 0)))
            return maker.uniform(shape, in: -1...1, dtype: dtype)
        }
        program = Program(inputs: inputs.map(\.node.type), instructions: [], outputs: [])
    }

    func finished() -> (Program, [Tensor]) {
        var program = program
        let outputs = (0..<maker.integer(in: 0...3)).map { _ in maker.integer(in: 0...(program.valueCount - 1)) }
        program.outputs = [program.valueCount - 1] + outputs
        return (program, inputs)
    }

    private mutating func add(_ operation: Operation, _ operands: Int...) -> Int {
        let types = operands.map { program.type($0) }
        program.instructions.append(.init(operation, operands, try! operation.resultType(types)))
        return program.valueCount - 1
    }

    /// Any value of the dtype, the last one more often.
    private func any() -> Int {
        let values = (0..<program.valueCount).filter { program.type($0).dtype == dtype }
        return maker.chance(0.4) ? values.last! : maker.choose(values)
    }

    /// A value of the wanted shape: one that broadcasts to it, or else the first input squeezed into a scalar by a maximum.
    private mutating func value(of shape: Shape) -> Int {
        for _ in 0..<8 {
            let candidate = any()
            let from = program.type(candidate).shape
            guard from.broadcast(with: shape) == shape else { continue }
            return from == shape ? candidate : add(.broadcast(shape), candidate)
        }
        let scalar = bounded(add(.reduce(.maximum, axes: Array(inputs[0].shape.indices)), 0))
        return add(.broadcast(shape), scalar)
    }

    /// Into [−1, 1], the empty maximum's −∞ too.
    private mutating func bounded(_ value: Int) -> Int { add(.unary(.tanh), value) }

    mutating func grow() {
        let x = any()
        let shape = program.type(x).shape
        guard shape.elementCount < 300_000 else { return }
        let axis = shape.isEmpty ? 0 : maker.integer(in: 0...(shape.rank - 1))
        switch maker.integer(in: 0...(shape.isEmpty ? 6 : 19)) {
        case 0...2:
            _ = add(.unary(maker.choose([.negate, .absolute, .tanh, .sigmoid, .sin, .cos, .erf, .atan, .asinh])), x)
        case 3...5:
            let sum = add(.binary(maker.choose([.add, .subtract, .multiply, .maximum, .minimum])), x, value(of: shape))
            _ = bounded(sum)
        case 6:
            // Compares two inputs, which are exact.
            let zero = add(.binary(.subtract), 0, 0)
            let condition = add(.compare(maker.choose([.less, .greaterEqual])), 0, zero)
            let kind = program.type(0).shape
            _ = add(.select, condition, value(of: kind), value(of: kind))
        case 7, 8:
            let reduced = add(.reduce(maker.choose([.sum, .maximum, .minimum]), axes: [axis]), x)
            let kept = add(.reshape(shape.keeping(axes: [axis])), bounded(reduced))
            _ = add(.binary(.add), add(.broadcast(shape), kept), x)
        case 9: _ = bounded(add(.reduce(.sum, axes: [axis]), x))
        case 10:
            var permutation = Array(shape.indices)
            permutation.swapAt(axis, permutation.count - 1)
            _ = add(.transpose(permutation), x)
        case 11: _ = add(.reverse(axes: [axis]), x)
        case 12:
            let ranges = shape.enumerated().map {
                $0 == axis ? SliceRange(start: 0, count: $1 / 2) : SliceRange(start: 0, count: $1)
            }
            _ = add(.slice(ranges), x)
        case 13:
            let zero = bounded(add(.reduce(.minimum, axes: Array(shape.indices)), x))
            let widths = shape.indices.map { $0 == axis ? 1 : 0 }
            _ = add(.pad(low: widths, high: widths.map { $0 * 2 }), x, zero)
        case 14: _ = add(.concatenate(axis: axis), x, x)
        case 15: _ = add(.softmax(axis: axis), x)
        case 16: _ = bounded(add(.scan(.sum, axis: axis, reverse: maker.chance(0.5)), x))
        case 17 where shape.rank >= 2:
            let transposed = add(.transpose(Array(shape.indices.dropLast(2)) + [shape.rank - 1, shape.rank - 2]), x)
            if shape[shape.rank - 2] < 300 { _ = bounded(add(.matmul, x, transposed)) }
        case 18: _ = add(.cast(dtype), bounded(add(.cast(.float64), x)))
        default: _ = add(.reshape([shape.elementCount]), x)
        }
    }
}
