import ApusCPU
import ApusNN
import ApusTensor
import ApusTestSupport
import Testing

/// What reduces rows and uses the result again for their elements is one pass over memory.
@Suite("Row fusion")
struct RowFusionTests {
    private static let rows = Tensor.normal([37, 96], generator: Generator(seed: 1)).evaluated()
    private static let (scale, shift) = (Tensor.ones([96]).evaluated(), Tensor.zeros([96]).evaluated())
    private static let weights = Tensor.normal([37, 96], generator: Generator(seed: 2)).evaluated()

    /// The steps of a function of rows.
    private func steps(_ f: (Tensor) -> Tensor) -> [String] {
        let rows = Self.rows  // evaluated before plans are recorded
        return PlanRecorder.steps { f(rows).evaluated() }
    }

    @Test func aSoftmaxIsOneStep() {
        #expect(steps { softmax($0) }.count == 1)
        #expect(steps { logSoftmax($0 * 2 + 1) }.count == 1)
    }

    @Test func aNormIsOneStep() {
        let (scale, shift) = (Self.scale, Self.shift)
        #expect(steps { layerNorm($0, [96], scale, shift) }.count == 1)
        #expect(steps { RMSNorm(96)($0) }.count == 1)
        #expect(steps { GroupNorm(groups: 3, 12)($0.reshaped(37, 12, 8)) }.count == 1)
    }

    @Test func whatUsersWriteInThatStyleIsOneStep() {
        #expect(steps { x in x / sqrt(square(x).sum(axes: -1, keepingAxes: true)) }.count == 1)
        #expect(
            steps { x in (x - x.min(axes: 1, keepingAxes: true)) / (x.max(axes: 1, keepingAxes: true) + 1) }.count == 1)
    }

    @Test func aNormAndItsGradientsAreTwoStepsAtMost() {
        let (rows, scale, weights) = (Self.rows, Self.scale, Self.weights)
        let steps = PlanRecorder.steps {
            let result = valueAndGradients(at: [rows, scale]) { (layerNorm($0[0], [96], $0[1]) * weights).sum() }
            evaluate(result.gradients)
        }
        #expect(steps.filter { $0.contains("region") }.count <= 2, "\(steps)")
    }

    @Test func crossEntropyKeepsNothingOfTheLogitsSize() {
        let labels = Tensor.randomIntegers([37], in: 0..<96, generator: Generator(seed: 5)).evaluated()
        let rows = Self.rows
        let steps = PlanRecorder.steps {
            let result = valueAndGradients(at: [rows]) { crossEntropy($0[0], labels) }
            evaluate([result.value] + result.gradients)
        }
        #expect(steps.filter { $0.contains("rows of 96") }.count <= 2, "\(steps)")
    }

    @Test func rowsTooLongAreReducedApart() {
        let x = Tensor.ones([2, 65537]).evaluated()
        let steps = PlanRecorder.steps { (x - x.mean(axes: 1, keepingAxes: true)).evaluated() }
        #expect(steps.count > 1)
    }

    private static let lengths = [0, 1, 2, 7, 64, 1000, 1025, 4099, 8191, 8193, 65_536, 65_537, 100_000]
    private static let functions: [(String, @Sendable (Tensor) -> Tensor)] = [
        ("softmax", { softmax($0) }),
        ("logSoftmax", { logSoftmax($0) }),
        ("layerNorm", { layerNorm($0, [$0.shape[1]]) }),
        ("maximum", { $0 / ($0.max(axes: 1, keepingAxes: true) + 9) }),
        (
            "statistics",
            { x in
                let mean = x.mean(axes: 1, keepingAxes: true)
                return (x - mean) * square(mean)
                    + sqrt(square(x - mean).sum(axes: 1, keepingAxes: true)).reshaped(-1, 1)
            }
        ),
    ]

    @Test(arguments: lengths) func anyLength(_ length: Int) {
        let dtypes: [DType] = (7..<10_000).contains(length) ? [.float32, .float64, .bfloat16, .float16] : [.float32]
        for count in [0, 1, 3, 50] where count <= 1 || count * length <= 30_000 {
            let x = Tensor.normal([count, length], dtype: .float64, generator: Generator(seed: 3)).evaluated()
            for (name, f) in Self.functions where length > 0 || name != "maximum" {
                for dtype in dtypes {
                    let operand = x.cast(to: dtype)
                    let expected = Engine.withBackend(unfused) { f(operand.cast(to: .float64)).evaluated() }
                    let slack = Tolerance.rounding(of: dtype).scaled(by: dtype == .float32 ? 5 : 2)
                    let actual = f(operand).cast(to: .float64)
                    expectClose(actual, expected, slack, "\(name) \(count) × \(length) \(dtype)")
                }
            }
        }
    }

    @Test func stridedAndRepeatedRows() {
        let x = Tensor.normal([12, 6, 50], generator: Generator(seed: 4)).evaluated()
        let operands: [(String, Tensor)] = [
            ("transposed", x.transposed([1, 0, 2])), ("inner transposed", x.transposed([0, 2, 1])),
            ("reversed", x.reversed(axes: -1)), ("sliced", x.sliced(axis: 2, 3, 37)),
            ("repeated row", x[0].broadcast(to: [12, 6, 50])),
            ("repeated element", x.sliced(axis: 2, 0, 1).broadcast(to: [12, 6, 50])),
        ]
        for (name, operand) in operands {
            for (function, f) in [
                ("softmax", { softmax($0) }), ("norm", { layerNorm($0, [$0.shape[1], $0.shape[2]]) }),
            ]
                as [(String, (Tensor) -> Tensor)]
            {
                let expected = Engine.withBackend(unfused) { f(operand).evaluated() }
                expectClose(f(operand), expected, nil, "\(function) of \(name)")
            }
        }
    }

    @Test func rowValuesThatAreLookedAt() {
        let x = Self.rows
        func statistics() -> [Tensor] {
            let mean = x.mean(axes: 1)
            let centred = x - mean.expandingDims(1)
            let root = sqrt(square(centred).mean(axes: 1))
            return [mean, centred / root.expandingDims(1), root, (centred * root.reshaped(37, 1)).sum(axes: 0)]
        }
        let (fused, expected) = (statistics(), Engine.withBackend(unfused) { evaluated(statistics()) })
        evaluate(fused)
        for (a, b) in zip(fused, expected) { expectClose(a, b) }
    }

    private let unfused = CPUBackend(options: EngineOptions(disabled: [.rowFusion]))
    private func evaluated(_ tensors: [Tensor]) -> [Tensor] {
        evaluate(tensors)
        return tensors
    }
}
