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
    .init("lowerGamma", in: 0.3...4) { lowerGamma($0, $0 * 0.5 + 1) },
    .init("regularizedBeta", in: 0.3...4) { regularizedBeta($0, $0 + 1, sigmoid($0)) },
    .init("zeta", in: 1.5...4) { zeta($0, $0) }, .init("besselI1", besselI1),
    .init("besselI0", in: 31...33, scaledBesselI0),
    .init("besselK0", in: 0.3...4, besselK0),
    .init("cholesky") { cholesky(matmul($0, $0.T) + eye(2)) }, .init("lu", in: 0.3...2) { lu($0 + eye(2, 3)).upper },
    .init("qr") { qr($0).r }, .init("qr of more rows") { qr($0.T).q },
    .init("eigh") { square(eigh(matmul($0, $0.T)).vectors) }, .init("eigvalsh") { eigvalsh(matmul($0, $0.T)) },
    .init("svd") { square(svd($0, fullMatrices: false).vt) }, .init("singularValues", singularValues),
    .init("solve") { solve(matmul($0.T, $0) + eye(3), $0.T) }, .init("inverse") { inverse(matmul($0, $0.T) + eye(2)) },
    .init("determinant") { determinant(matmul($0, $0.T) + eye(2)) },
    .init("logDeterminant") { logDeterminant(matmul($0, $0.T) + eye(2)).logarithm },
    .init("pseudoInverse") { pseudoInverse($0) }, .init("matrixExponential") { matrixExponential(matmul($0, $0.T)) },
    .init("triangularSolve") { triangularSolve(matmul($0.T, $0) + eye(3), $0.T, upper: true) },
    .init("rfft") { square(abs(rfft($0))) },
    .init("irfft") { square(irfft(ComplexTensor(real: $0, imaginary: $0 * $0))) },
    .init("gridSample") { x in
        gridSample(
            x.reshaped(1, 1, 2, 3) * x.reshaped(1, 1, 2, 3),
            tanh(x).reshaped(1, 1, 3, 2) * 0.9, mode: .cubic, padding: .border)
    },
]

private func eye(_ rows: Int, _ columns: Int? = nil) -> Tensor { .identity(rows, columns, dtype: .float64) }

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
