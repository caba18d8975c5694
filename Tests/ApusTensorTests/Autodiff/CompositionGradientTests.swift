import ApusTensor
import ApusTestSupport
import Testing

private let samples: [CompositionGradientTests.Sample] = [
    .init("erfc", erfc), .init("scaledErfc", scaledErfc), .init("logNormalCDF", logNormalCDF),
    .init("normalQuantile", in: 0.2...0.8, normalQuantile), .init("logGamma", in: 0.3...4, logGamma),
    .init("digamma", in: 0.6...4, digamma), .init("polygamma", in: 0.6...4) { polygamma(1, $0) },
    .init("sinc", in: 0.3...2, sinc), .init("xlogy", in: 0.3...2) { xlogy($0, $0 + 1) },
    .init("logAddExp") { logAddExp($0, $0 * $0) }, .init("hypot", in: 0.3...2) { hypot($0, $0 * $0 + 2) },
    .init("cumulativeLogSumExp") { $0.cumulativeLogSumExp(axis: 1) },
    .init("einsum") { einsum("ij,kj,kl->il", $0, $0, $0) }, .init("matrixNorm") { $0.matrixNorm() },
    .init("cdist") { cdist($0, $0 * 2 + 1) }, .init("covariance") { $0.covariance() },
    .init("cosineSimilarity") { cosineSimilarity($0, $0 * $0 + 1) },
    .init("scattered product") {
        $0.scattered(elements: Tensor([[0, 1, 0], [2, 2, 2]]), $0 + 3, axis: 1, reduction: .product)
    },
    .init("gridSample") { x in
        gridSample(
            x.reshaped(1, 1, 2, 3) * x.reshaped(1, 1, 2, 3),
            tanh(x).reshaped(1, 1, 3, 2) * 0.9, mode: .cubic, padding: .border)
    },
]

/// Gradients of gradients of compositions, and of those with rules of their own above all.
@Suite("Second gradients of compositions")
struct CompositionGradientTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let range: ClosedRange<Double>
        let function: @Sendable (Tensor) -> Tensor

        init(_ name: String, in range: ClosedRange<Double> = -2...2, _ function: @escaping @Sendable (Tensor) -> Tensor)
        {
            (testDescription, self.range, self.function) = (name, range, function)
        }
    }

    @Test(arguments: samples)
    func second(_ sample: Sample) {
        let x = TensorMaker(seed: 3).uniform([2, 3], in: sample.range, dtype: .float64)
        checkSecondGradients(at: [x], sample.testDescription) { sample.function($0[0]) }
    }
}
