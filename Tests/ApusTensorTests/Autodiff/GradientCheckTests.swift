import ApusTensor
import ApusTestSupport
import Testing

/// Every operation's gradient rule against central differences in float64; a smooth operation's second gradient too.
@Suite("Gradient checks")
struct GradientCheckTests {
    @Test(arguments: UnaryOperation.allCases, TestedBackend.allCases)
    func unary(_ operation: UnaryOperation, _ backend: TestedBackend) {
        guard let range = operation.smoothRange else { return expectFlat(.unary(operation), backend) }
        check([GradientSample(.unary(operation), uniform([2, 3], range))], backend)
    }

    @Test(arguments: BinaryOperation.allCases, TestedBackend.allCases)
    func binary(_ operation: BinaryOperation, _ backend: TestedBackend) {
        guard let (a, b) = operation.smoothRanges else { return expectFlat(.binary(operation), backend) }
        check([GradientSample(.binary(operation), uniform([2, 3], a), uniform([2, 3], b, seed: 1))], backend)
    }

    @Test(arguments: Reduction.allCases, TestedBackend.allCases)
    func reduction(_ reduction: Reduction, _ backend: TestedBackend) {
        let axes = [[0], [1], [2], [0, 2], [1, 2], [0, 1, 2], []]
        check(axes.map { GradientSample(.reduce(reduction, axes: $0), distinct([2, 3, 2])) }, backend)
        check([GradientSample(.reduce(reduction, axes: [1]), .zeros([2, 0]))], backend)
        check([GradientSample(.reduce(reduction, axes: [0]), .zeros([2, 0]))], backend)
    }

    @Test(arguments: Scan.allCases, TestedBackend.allCases)
    func scan(_ scan: Scan, _ backend: TestedBackend) {
        for axis in 0..<3 {
            for reverse in [false, true] {
                check([GradientSample(.scan(scan, axis: axis, reverse: reverse), distinct([2, 3, 2]))], backend)
            }
        }
    }

    @Test(arguments: OperationFamily.allCases, TestedBackend.allCases)
    func family(_ family: OperationFamily, _ backend: TestedBackend) {
        let samples = backend.run { family.gradientSamples }
        #expect(samples.isEmpty == family.hasNoOwnCheck)
        #expect(samples.allSatisfy { OperationFamily($0.operation) == family })
        check(samples, backend)
    }

    private func check(_ samples: [GradientSample], _ backend: TestedBackend) {
        backend.run {
            for sample in samples {
                let comment = "\(sample.operation) of \(sample.variables.map(\.shape))"
                if sample.isSmooth {
                    checkSecondGradients(at: sample.variables, comment, sample.applied)
                } else {
                    checkGradients(at: sample.variables, comment, sample.applied)
                }
            }
        }
    }

    /// Operations that are constant between their jumps, or not for floats at all.
    private func expectFlat(_ operation: Operation, _ backend: TestedBackend) {
        let x = TensorMaker(seed: 2).uniform([6], in: 0.1...0.4, dtype: .float64)
        let operands = operation.isBinary ? [x, x + 0.51] : [x]
        guard let type = try? operation.resultType(operands.map(\.node.type)), type.dtype == .float64 else { return }
        backend.run {
            checkGradients(at: operands, operation.name) { Tensor(Node.make(operation, $0.map(\.node))) }
            let found = valueAndGradients(at: operands) { Tensor(Node.make(operation, $0.map(\.node))).sum() }.gradients
            for gradient in found { expectClose(gradient, .zeros(like: gradient)) }
        }
    }

    private func uniform(_ shape: Shape, _ range: ClosedRange<Double>, seed: UInt64 = 0) -> Tensor {
        TensorMaker(seed: seed).uniform(shape, in: range, dtype: .float64)
    }

    private func distinct(_ shape: Shape) -> Tensor { TensorMaker(seed: 4).distinct(shape) }
}

extension Operation {
    fileprivate var isBinary: Bool { if case .binary = self { true } else { false } }
}

extension UnaryOperation {
    /// Where to differentiate it; nil for what is flat.
    fileprivate var smoothRange: ClosedRange<Double>? {
        switch self {
        case .negate, .exp, .expm1, .sin, .cos, .atan, .sinh, .cosh, .tanh, .asinh, .erf, .sigmoid: -2...2
        case .absolute, .relu: 0.1...2
        case .log, .sqrt, .rsqrt, .reciprocal: 0.4...3
        case .log1p: -0.6...3
        case .tan: -1...1
        case .asin, .acos, .atanh, .erfinv: -0.8...0.8
        case .acosh: 1.3...3
        case .sign, .floor, .ceil, .round, .truncate, .not, .isNaN, .isInfinite, .isFinite: nil
        }
    }
}

extension BinaryOperation {
    fileprivate var smoothRanges: (ClosedRange<Double>, ClosedRange<Double>)? {
        switch self {
        case .add, .subtract, .multiply: (-2...2, -2...2)
        case .divide: (-2...2, 0.5...2)
        case .power: (0.4...2, -2...2)
        case .maximum: (-2...0, 0.1...2)
        case .minimum: (-2...0, 0.1...2)
        case .remainder: (1.1...1.25, 0.7...0.8)
        case .atan2: (-2...2, 0.5...2)
        case .floorDivide, .and, .or, .xor, .shiftLeft, .shiftRight: nil
        }
    }
}
