import ApusCPU
import ApusTensor
import ApusTestSupport
import Testing

/// Convolutions with what follows them, as one primitive and apart.
@Suite("Epilogues")
struct EpilogueTests {
    private let maker = TensorMaker(seed: 23)

    /// How a convolution may be computed: channels-last, in blocks, by Winograd's algorithm.
    private static let layouts: [Set<EngineOptions.Pass>] = [[.blockedActivations], [.winograd], []]

    /// A convolution's extents.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var x: Shape
        var weight: Shape
        var stride = 1
        var groups = 1
        var dtype = DType.float32
        var testDescription: String { name }

        static let all = [
            Case(name: "3×3", x: [4, 64, 12, 9], weight: [64, 64, 3, 3]),
            Case(name: "1×1", x: [2, 32, 7, 5], weight: [48, 32, 1, 1]),
            Case(name: "strided", x: [2, 64, 14, 14], weight: [64, 64, 3, 3], stride: 2),
            Case(name: "odd channels", x: [3, 5, 8, 9], weight: [7, 5, 3, 3]),
            Case(name: "picture", x: [2, 3, 20, 20], weight: [32, 3, 3, 3]),
            Case(name: "groups", x: [2, 32, 8, 8], weight: [64, 8, 3, 3], groups: 4),
            Case(name: "depthwise", x: [2, 32, 9, 9], weight: [32, 1, 3, 3], groups: 32),
            Case(name: "one channel", x: [2, 1, 9, 9], weight: [1, 1, 3, 3]),
            Case(name: "sequence", x: [2, 8, 30], weight: [16, 8, 3]),
            Case(name: "volume", x: [1, 4, 5, 6, 7], weight: [8, 4, 3, 3, 3]),
            Case(name: "empty", x: [0, 16, 8, 8], weight: [16, 16, 3, 3]),
            Case(name: "bfloat16", x: [2, 64, 8, 8], weight: [64, 64, 3, 3], dtype: .bfloat16),
        ]
    }

    /// What follows the convolution; `r` has the result's shape.
    enum Tail: CaseIterable, Sendable {
        case bias, biasAndReLU, reLU, residual, residualAndReLU, scaleShiftSumReLU, twoShifts, residualReadAgain
        case repeatedResidual, twice, scalar, resultReadTwice, convolutionOfItself

        func callAsFunction(_ y: Tensor, _ v: Tensor, _ r: Tensor) -> [Tensor] {
            let channels = v.reshaped(Shape([-1] + [Int](repeating: 1, count: y.rank - 2)))
            switch self {
            case .bias: return [y + channels]
            case .biasAndReLU: return [relu(y + channels)]
            case .reLU: return [relu(y)]
            case .residual: return [y + tanh(r)]
            case .residualAndReLU: return [relu(tanh(r) + y)]
            case .scaleShiftSumReLU: return [relu(y * channels + exp(channels) + tanh(r))]
            case .twoShifts: return [relu((y + channels) * sigmoid(channels) + channels)]
            case .residualReadAgain:
                let residual = tanh(r)
                let z = relu(y + channels + residual)
                return [z, residual * 2, z + residual]
            case .repeatedResidual: return [relu(y + r.sliced(axis: y.rank - 1, 0, min(1, r.shape[y.rank - 1])))]
            case .twice: return [relu(y + y)]
            case .scalar: return [relu(y + 0.25)]
            case .resultReadTwice: return [relu(y + channels), y]
            case .convolutionOfItself: return [relu(relu(y + channels) + channels)]
            }
        }
    }

    private func outputs(without disabled: Set<EngineOptions.Pass>, runs: Int, _ body: () -> [Tensor]) -> [Tensor] {
        Engine.withBackend(CPUBackend(options: EngineOptions(disabled: disabled))) {
            var tensors: [Tensor] = []
            // What stays the same from run to run is folded into the weights after some.
            for _ in 0..<runs {
                tensors = body()
                evaluate(tensors)
            }
            return tensors
        }
    }

    @Test(arguments: Case.all) func agreesWithConvolutionsAlone(_ c: Case) {
        let w = (maker.uniform(c.weight, in: -0.1...0.1)).cast(to: c.dtype)
        let v = maker.uniform([c.weight[0]]).cast(to: c.dtype)
        evaluate([w, v])
        for tail in Tail.allCases {
            for layout in Self.layouts {
                func values() -> [Tensor] {
                    let x = input(c.x, c.dtype).evaluated()
                    let y = convolution(x, w, stride: c.stride, padding: c.weight[2] / 2, groups: c.groups)
                    return tail(y, v, input(y.shape, c.dtype).evaluated())
                }
                let expected = outputs(without: layout.union([.epilogues]), runs: 1, values)
                for runs in [1, 5] {
                    let actual = outputs(without: layout, runs: runs, values)
                    for (index, (actual, expected)) in zip(actual, expected).enumerated() {
                        let tolerance = Tolerance.rounding(of: c.dtype).scaled(by: 20)
                        expectClose(
                            actual, expected, tolerance, "\(tail), output \(index), run \(runs), without \(layout)")
                    }
                }
            }
        }
    }

    /// A block of a residual network in evaluation: Winograd's layer, a strided one, and a shortcut with weights of its own.
    @Test(arguments: layouts, [1, 3]) func aResidualBlock(_ layout: Set<EngineOptions.Pass>, _ batch: Int) {
        let shapes: [Shape] = [[64, 64, 3, 3], [64, 64, 3, 3], [128, 64, 1, 1], [128, 64, 1, 1]]
        let weights = shapes.map { maker.uniform($0, in: -0.1...0.1) }
        let statistics = shapes.map { shape in (0..<4).map { _ in maker.uniform([shape[0]], in: 0.5...1.5) } }
        evaluate(weights + statistics.flatMap { $0 })
        func normalized(_ x: Tensor, _ layer: Int) -> Tensor {
            let (s, c) = (statistics[layer], [-1, 1, 1])
            let scale = rsqrt(s[0] + 1e-5) * s[1]
            return x * scale.reshaped(Shape(c)) + (s[3] - s[2] * scale).reshaped(Shape(c))
        }
        func block() -> [Tensor] {
            let x = input([batch, 64, 14, 14], .float32).evaluated()
            var y = relu(normalized(convolution(x, weights[0], padding: 1), 0))
            y = relu(normalized(convolution(y, weights[1], stride: 2, padding: 1), 1))
            y = normalized(convolution(y, weights[2]), 2)
            return [relu(y + normalized(convolution(x, weights[3], stride: 2), 3)).mean(axes: 2, 3)]
        }
        let expected = outputs(without: layout.union([.epilogues, .keptValues]), runs: 1, block)
        let actual = outputs(without: layout, runs: 5, block)
        expectClose(actual[0], expected[0], Tolerance(relative: 1e-4, absolute: 1e-4))
    }

    /// The same numbers in each call, in memory of their own.
    private func input(_ shape: Shape, _ dtype: DType) -> Tensor {
        TensorMaker(seed: 5).uniform(shape).cast(to: dtype)
    }

    @Test(arguments: layouts, [Double.nan, .infinity, -.infinity])
    func whatIsNoNumberStaysSo(_ layout: Set<EngineOptions.Pass>, _ special: Double) {
        let w = maker.uniform([64, 64, 3, 3], in: -0.1...0.1), v = maker.uniform([64])
        let broken = Tensor([special] + [Double](repeating: 0, count: 63), shape: [64], dtype: .float32)
        evaluate([w, v, broken])
        func values(_ v: Tensor, spoilt: Bool) -> [Tensor] {
            let x = input([2, 64, 9, 9], .float32).evaluated()
            let y = spoilt ? x + special * maker.uniform([1, 64, 1, 1]).mean() * 0 : x
            let z = relu(convolution(y, w, padding: 1) + v.reshaped(-1, 1, 1))
            return [relu(convolution(z, w) + v.reshaped(-1, 1, 1))]
        }
        for (v, spoilt) in [(broken, false), (v, true)] {
            let expected = outputs(without: layout.union([.epilogues]), runs: 1) { values(v, spoilt: spoilt) }
            for runs in [1, 5] {
                let actual = outputs(without: layout, runs: runs) { values(v, spoilt: spoilt) }
                expectClose(
                    isNaN(actual[0]).cast(to: .float32), isNaN(expected[0]).cast(to: .float32), .exact,
                    "run \(runs), without \(layout)")
            }
        }
    }
}
