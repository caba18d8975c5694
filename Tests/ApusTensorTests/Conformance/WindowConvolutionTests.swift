import ApusCPU
import ApusTensor
import ApusTestSupport
import Testing

/// Convolutions as products of matrices give what oneDNN's own give, and so do their gradients.
@Suite("Convolutions by windows")
struct WindowConvolutionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var x: Shape
        var weight: Shape
        var stride = [1, 1]
        var padding = [0, 0]
        var dilation = [1, 1]
        var testDescription: String { name }

        static let all = [
            Case(name: "3×3", x: [4, 64, 4, 4], weight: [96, 64, 3, 3], padding: [1, 1]),
            Case(name: "halving", x: [2, 64, 16, 16], weight: [64, 64, 4, 4], stride: [2, 2], padding: [1, 1]),
            Case(name: "odd", x: [9, 67, 5, 7], weight: [65, 67, 2, 3], stride: [2, 3], padding: [0, 2]),
            Case(name: "dilated", x: [3, 64, 9, 8], weight: [64, 64, 3, 2], padding: [1, 0], dilation: [2, 3]),
            Case(name: "gaps", x: [8, 64, 7, 7], weight: [64, 64, 2, 2], stride: [3, 3]),
            Case(name: "the whole picture", x: [40, 64, 4, 4], weight: [64, 64, 4, 4]),
        ]
    }

    private let maker = TensorMaker(seed: 31)

    @Test(arguments: Case.all) func agreesWithOneDNN(_ c: Case) {
        let x = maker.uniform(c.x)
        let weight = maker.uniform(c.weight, in: -0.1...0.1)
        evaluate([x, weight])
        func values(without disabled: Set<EngineOptions.Pass>) -> [Tensor] {
            Engine.withBackend(CPUBackend(options: EngineOptions(disabled: disabled))) {
                let (y, gradients) = valueAndGradients(at: [x, weight]) { operands in
                    let y = convolution(
                        operands[0], operands[1], stride: c.stride, padding: c.padding, dilation: c.dilation)
                    return (y * sin(y)).sum()
                }
                let tensors = [y] + gradients
                evaluate(tensors)
                return tensors
            }
        }
        let expected = values(without: [.windows])
        for (actual, expected) in zip(values(without: []), expected) {
            // Gradients are sums of some hundreds of numbers of both signs.
            expectClose(actual, expected, Tolerance(relative: 1e-4, absolute: 1e-3), "\(c.name)")
        }
    }
}
