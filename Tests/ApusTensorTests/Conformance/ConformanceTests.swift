import ApusCPU
import ApusReference
import ApusTensor
import ApusTestSupport
import Testing

/// Runs every operation, alone and in random company, on each backend and compares the values with the reference backend's.
@Suite("Conformance")
struct ConformanceTests {
    @Test(arguments: OperationFamily.allCases, DType.allCases)
    func operation(_ family: OperationFamily, on dtype: DType) throws {
        for round in 0..<12 {
            let maker = TensorMaker(seed: UInt64(round) << 16 + UInt64(dtype.rawValue))
            try check(SampleMaker(maker: maker, dtype: dtype, size: .small), family)
        }
    }

    @Test(arguments: OperationFamily.allCases, [DType.float32, .bfloat16, .int64])
    func largeOperation(_ family: OperationFamily, on dtype: DType) throws {
        try check(SampleMaker(maker: TensorMaker(seed: 5), dtype: dtype, size: .large), family)
    }

    @Test(arguments: OperationFamily.allCases) func everyOperationHasSamples(_ family: OperationFamily) {
        let samples = DType.allCases.flatMap { dtype in
            SampleMaker(maker: TensorMaker(seed: 1), dtype: dtype, size: .small).samples(of: family)
        }
        #expect(samples.contains { $0.operation == .constant || $0.isDefined })
        #expect(samples.allSatisfy { OperationFamily($0.operation) == family })
    }

    /// Matrices in reverse order, which no library takes as they lie.
    @Test(arguments: [DType.float32, .bfloat16, .float64]) func productsOfReversedBatches(_ dtype: DType) {
        let maker = TensorMaker(seed: 2)
        let (a, b) = (maker.uniform([5, 4, 3], dtype: dtype), maker.uniform([5, 3, 6], dtype: dtype))
        expectClose(matmul(a.reversed(axes: 0), b), matmul(a.reversed(axes: 0).evaluated(), b))
        expectClose(matmul(a, b.reversed(axes: 0)), matmul(a, b.reversed(axes: 0).evaluated()))
    }

    private func check(_ samples: SampleMaker, _ family: OperationFamily) throws {
        let chosen = samples.samples(of: family).filter { $0.operation == .constant || $0.isDefined }
        for sample in chosen {
            let (program, inputs) = Disguise(samples.maker).program(of: sample)
            try expectConformance(program, inputs, slack: sample.slack)
        }
    }
}

/// Expects the processor's values of a program's outputs to be close to the reference's.
///
/// - Parameter dtype: what the program computes in, where outputs may be wider; each output's own if it isn't given.
func expectConformance(
    _ program: Program, _ inputs: [Tensor], dtype: DType? = nil, slack: Double = 1,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let (actual, expected) = try Engine.withBackend(ReferenceBackend.shared) {
        let buffers = inputs.map(\.buffer)
        return (
            try CPUBackend.shared.prepare(program).run(buffers),
            try ReferenceBackend.shared.prepare(program).run(buffers)
        )
    }
    try #require(actual.count == program.outputs.count, sourceLocation: sourceLocation)
    for (output, (actual, expected)) in zip(program.outputs, zip(actual, expected)) {
        let type = program.type(output)
        expectClose(
            Tensor(Node(actual, type: type)), Tensor(Node(expected, type: type)),
            Tolerance.rounding(of: dtype ?? type.dtype).scaled(by: slack), "\n\(program)\n",
            sourceLocation: sourceLocation)
    }
}

/// Feeds a sample's operands through movements that leave them as they are, so that an operation meets strided, reversed and repeated
/// memory as well as dense.
private struct Disguise {
    private let maker: TensorMaker

    init(_ maker: TensorMaker) { self.maker = maker }

    func program(of sample: Sample) -> (Program, [Tensor]) {
        let disguised = sample.operands.map(disguised)
        var program = Program(inputs: disguised.map(\.stored.node.type), instructions: [], outputs: [])
        var operands: [Int] = []
        for (number, (_, movement)) in disguised.enumerated() {
            guard let movement else { operands.append(number); continue }
            operands.append(program.valueCount)
            program.instructions.append(.init(movement, [number], sample.operands[number].node.type))
        }
        if sample.operation == .constant {
            program.outputs = operands
        } else {
            program.outputs = [program.valueCount]
            let type = try! sample.operation.resultType(sample.operands.map(\.node.type))
            program.instructions.append(.init(sample.operation, operands, type))
        }
        return (program, disguised.map(\.stored))
    }

    /// What to store, and the movement that gives `x` of it.
    private func disguised(_ x: Tensor) -> (stored: Tensor, movement: Operation?) {
        guard x.rank > 0 else { return (x, nil) }
        switch maker.integer(in: 0...7) {
        case 0:
            var source = maker.generator
            let permutation = Array(0..<x.rank).shuffled(using: &source)
            let inverse = permutation.indices.map { permutation.firstIndex(of: $0)! }
            return (x.transposed(inverse), .transpose(permutation))
        case 1:
            let axis = maker.integer(in: 0...(x.rank - 1))
            return (x.reversed(axes: axis), .reverse(axes: [axis]))
        case 2:
            let ranges = x.shape.map { SliceRange(start: 1, count: $0, step: 1) }
            return (
                x.padded(x.shape.map { _ in (1, 2) }),
                .slice(ranges.map { $0.count == 0 ? SliceRange(start: 0, count: 0) : $0 })
            )
        case 3: return (x.reshaped(x.elementCount), .reshape(x.shape))
        default: return (x, nil)
        }
    }
}
