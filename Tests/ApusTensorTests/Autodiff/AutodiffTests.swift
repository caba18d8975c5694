import ApusReference
import ApusTensor
import ApusTestSupport
import Synchronization
import Testing

/// What gradients do beyond the rules of single operations.
@Suite("Automatic differentiation")
struct AutodiffTests {
    private func uniform(_ shape: Shape, seed: UInt64 = 0) -> Tensor {
        TensorMaker(seed: seed).uniform(shape, dtype: .float64)
    }

    // MARK: Gradients of gradients

    /// The Hessian of cross-entropy by the logits is `diag(p) − p pᵀ`.
    @Test(arguments: TestedBackend.allCases) func hessianVectorProductOfCrossEntropy(_ backend: TestedBackend) {
        backend.run {
            let (logits, v) = (uniform([5]), uniform([5], seed: 1))
            let product = gradient(at: logits) { x in
                (gradient(at: x) { -logSoftmax($0)[2] } * v).sum()
            }
            let p = softmax(logits)
            expectClose(product, p * v - p * (p * v).sum())
        }
    }

    /// The gradient penalty of a critic (Gulrajani et al. 2017) differentiates through the gradient of convolutions.
    @Test(arguments: TestedBackend.allCases) func gradientPenalty(_ backend: TestedBackend) {
        backend.run {
            let x = uniform([2, 2, 5, 5])
            let weights = [uniform([3, 2, 3, 3], seed: 1), uniform([2, 3, 2, 2], seed: 2)]
            checkGradients(at: weights, tolerance: Tolerance(relative: 1e-4, absolute: 1e-5)) { weights in
                let slope = gradient(at: x) { x in
                    let hidden = tanh(convolution(x, weights[0], stride: 2, padding: 1))
                    return silu(convolution(hidden, weights[1])).sum()
                }
                return square(slope.flattened(from: 1).norm(axes: 1) - 1).mean()
            }
        }
    }

    @Test(arguments: TestedBackend.allCases) func thirdDerivative(_ backend: TestedBackend) {
        backend.run {
            let x = Tensor(0.7, dtype: .float64)
            let third = gradient(at: x) { gradient(at: $0) { gradient(at: $0) { exp($0 * 2) } } }
            expectClose(third, [8 * 4.0551999668446745])
        }
    }

    @Test(arguments: TestedBackend.allCases) func innerFunctionsSeeOuterVariables(_ backend: TestedBackend) {
        backend.run {
            // d/dx (x · d/dy (x y²) at y = 3) = d/dx (6 x²) = 12 x
            let x = Tensor(2.0, dtype: .float64)
            let slope = gradient(at: x) { x in x * gradient(at: Tensor(3.0, dtype: .float64)) { y in x * y * y } }
            expectClose(slope, [24])
            // The inner variable is the outer one: d/dx (d/dx x³ + x) = 6 x + 1
            expectClose(gradient(at: x) { x in gradient(at: x) { $0 * $0 * $0 } + x }, [13])
        }
    }

    // MARK: Shaping gradients

    @Test(arguments: TestedBackend.allCases) func stoppedGradients(_ backend: TestedBackend) {
        backend.run {
            let x = uniform([3])
            expectClose(gradient(at: x) { (stopGradient($0 * $0) * $0).sum() }, x * x)
            expectClose(gradient(at: x) { stopGradient($0).sum() }, .zeros(like: x))
        }
    }

    @Test(arguments: TestedBackend.allCases) func inputsThatAreNotUsedHaveZeroGradients(_ backend: TestedBackend) {
        backend.run {
            let inputs = [uniform([2, 3]), uniform([0, 4]), uniform([])]
            let gradients = valueAndGradients(at: inputs) { $0[0].sum() }.gradients
            expectClose(gradients[0], .ones(like: inputs[0]))
            expectClose(gradients[1], .zeros(like: inputs[1]))
            expectClose(gradients[2], .zeros(like: inputs[2]))
        }
    }

    @Test(arguments: TestedBackend.allCases) func gradientsPassValuesThatWereLookedAt(_ backend: TestedBackend) {
        backend.run {
            let x = uniform([4])
            let slope = gradient(at: x) { x in
                let inner = sin(x)
                let scale = inner.sum().item()
                return (inner * inner * scale).sum()
            }
            let scale = sin(x).sum().item()
            expectClose(slope, sin(x) * cos(x) * (2 * scale))
        }
    }

    @Test(arguments: TestedBackend.allCases) func customGradients(_ backend: TestedBackend) {
        backend.run {
            let (x, y) = (uniform([3]), uniform([3], seed: 1))
            // The straight-through estimator: rounds, and lets the gradient pass.
            let straight = gradient(at: x) { x in
                (withCustomGradient([x]) {
                    round($0[0])
                } rule: { _, _, gradient in
                    [gradient]
                } * y).sum()
            }
            expectClose(straight, y)
            // A rule sees inputs, output and gradient; nil is no gradient.
            let gradients = valueAndGradients(at: [x, y]) { inputs in
                withCustomGradient(inputs) {
                    $0[0] * $0[1]
                } rule: { inputs, output, gradient in
                    [gradient * output * inputs[1], nil]
                }.sum()
            }.gradients
            expectClose(gradients[0], x * y * y)
            expectClose(gradients[1], .zeros(like: y))
        }
    }

    // MARK: Checkpoints

    @Test(arguments: TestedBackend.allCases) func checkpointsChangeNoGradient(_ backend: TestedBackend) {
        backend.run {
            let inputs = [uniform([3, 4]), uniform([4, 4], seed: 1), uniform([4], seed: 2)]
            func loss(_ v: [Tensor], _ layer: ([Tensor], ([Tensor]) -> Tensor) -> Tensor) -> Tensor {
                // The bias is not among the inputs: the function captures it.
                let hidden = layer([v[0], v[1]]) { tanh(matmul(sin($0[0]), $0[1]) + v[2]) }
                return square(layer([hidden]) { exp($0[0]) * v[2] }).sum()
            }
            let plain = valueAndGradients(at: inputs) { loss($0) { $1($0) } }
            let saved = valueAndGradients(at: inputs) { loss($0) { checkpoint($0, $1) } }
            expectClose(saved.value, plain.value)
            for (a, b) in zip(saved.gradients, plain.gradients) { expectClose(a, b) }
        }
    }

    @Test func checkpointsComputeInnerValuesAgain() throws {
        let backend = RecordingBackend()
        func sines(_ f: @escaping (Tensor) -> Tensor) -> Int {
            Engine.withBackend(backend) {
                _ = gradient(at: uniform([3])) { f($0).sum() }.evaluated()
                return backend.last.simplified().instructions.count { $0.operation == .unary(.sin) }
            }
        }
        // The gradient of cos(sin(x)) needs sin(x): once kept, and once more made.
        #expect(sines { cos(sin($0)) * cos(sin($0)) } == sines { cos(sin($0)) })
        let twice = sines { x in
            let y = checkpoint([x]) { cos(sin($0[0])) }
            return y * y
        }
        #expect(twice > sines { x in square(cos(sin(x))) })
    }

    @Test(arguments: TestedBackend.allCases) func gradientsOfCheckpointsDifferentiateAgain(_ backend: TestedBackend) {
        backend.run {
            let x = uniform([3])
            checkSecondGradients(at: [x]) { v in checkpoint(v) { sin($0[0]) * $0[0] } }
        }
    }

    // MARK: Mistakes

    @Test func gradientsOfWhatIsNoScalarAreRefused() {
        #expect(throws: TensorError.self) { try withTensorErrors { gradient(at: uniform([3])) { $0 * 2 } } }
        #expect(throws: TensorError.self) {
            try withTensorErrors { gradient(at: uniform([3])) { $0.cast(to: .int64).sum() } }
        }
    }
}

/// The reference backend, with a memory of the last program.
private final class RecordingBackend: Backend {
    let name = "recording"
    private let program = Mutex<Program?>(nil)

    var last: Program { program.withLock { $0! } }

    func prepare(_ program: Program) throws -> any Executable {
        self.program.withLock { $0 = program }
        return try ReferenceBackend.shared.prepare(program)
    }
}
