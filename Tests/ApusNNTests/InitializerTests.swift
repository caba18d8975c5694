import ApusNN
import ApusTestSupport
import Testing

@Suite struct InitializerTests {
    private static let shape: Shape = [64, 16, 3, 3]  // fans 144 and 576

    /// Standard deviations as PyTorch's formulas give them; uniform ones also their bounds.
    @Test(arguments: TestedBackend.allCases) func deviations(on backend: TestedBackend) {
        backend.run {
            let shape = Self.shape
            func check(_ name: String, _ tensor: Tensor, variance: Double, bound: Double? = nil) {
                let ratio = tensor.standardDeviation().item() / variance.squareRoot()
                #expect((0.96...1.04).contains(ratio), "\(name): \(ratio)")
                guard let bound else { return }
                let largest = abs(tensor).max().item()
                #expect(largest <= bound + 1e-6 && largest > 0.97 * bound, "\(name): \(largest)")
            }
            withSeed(4) {
                check("xavier", .xavierUniform(shape), variance: 2.0 / 720, bound: (6.0 / 720).squareRoot())
                check("xavier normal", .xavierNormal(shape, gain: 2), variance: 8.0 / 720)
                check("kaiming", .kaimingUniform(shape, .relu), variance: 2.0 / 144, bound: (6.0 / 144).squareRoot())
                check("kaiming normal", .kaimingNormal(shape, mode: .output), variance: 2.0 / 576)
                check("Conv2d", Conv2d(16, 64, kernelSize: 3).weight, variance: 1.0 / 432, bound: 1.0 / 12)
                check("Linear", Linear(144, 64).weight, variance: 1.0 / 432, bound: 1.0 / 12)
                let truncated = Tensor.truncatedNormal(shape, standardDeviation: 0.5, low: -1, high: 1)
                check("truncated", truncated, variance: 0.25 * 0.7737, bound: 1)
            }
        }
    }

    @Test(arguments: TestedBackend.allCases) func biasesAreBoundedByTheFan(on backend: TestedBackend) {
        backend.run {
            let bound = abs(Linear(100, 5000).bias!).max().item()
            #expect(bound <= 0.1 && bound > 0.099)
            expectClose(MultiheadAttention(4, heads: 2).outProj.bias!, [0, 0, 0, 0])
            #expect(Embedding(4, 3, paddingIndex: 1).weight.sliced(axis: 0, 1, 1).sum().item() == 0)
        }
    }

    @Test(arguments: [[5, 3], [3, 5], [4, 4], [3, 2, 2]] as [Shape])
    func orthogonal(shape: Shape) {
        TestedBackend.reference.run {
            let matrix = Tensor.orthogonal(shape, gain: 2, dtype: .float64).reshaped(shape[0], -1)
            let product =
                matrix.shape[0] <= matrix.shape[1] ? matmul(matrix, matrix.T) : matmul(matrix.T, matrix)
            expectClose(product, Tensor.identity(product.shape[0], dtype: .float64) * 4)
        }
    }

    @Test(arguments: TestedBackend.allCases) func diracHandsChannelsThrough(on backend: TestedBackend) {
        backend.run {
            let x = Tensor.normal([2, 3, 5, 4])
            expectClose(convolution(x, .dirac([3, 3, 3, 3]), padding: 1), x)
        }
    }

    @Test func oneSeedGivesOneModel() {
        TestedBackend.reference.run {
            let (one, same) = (withSeed(3) { Linear(3, 4) }, withSeed(3) { Linear(3, 4) })
            expectClose(one.weight, same.weight, .exact)
            let other = Linear(3, 4, generator: Generator(seed: 4))
            #expect(other.weight.elements(as: Double.self) != one.weight.elements(as: Double.self))
        }
    }
}
