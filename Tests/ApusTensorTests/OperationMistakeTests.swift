import ApusTensor
import Testing

/// Mistakes are reported by name with the shapes that are wrong, and work goes on without a trap.
@Suite("Mistakes in compositions")
struct OperationMistakeTests {
    private static let matrix = Tensor.zeros([2, 3])
    private static let vector = Tensor.zeros([4])
    private static let image = Tensor.zeros([1, 3, 4, 5])
    private static let indices = Tensor([0, 1])

    struct Mistake: Sendable, CustomTestStringConvertible {
        let name: String
        let make: @Sendable () -> Tensor

        init(_ name: String, _ make: @escaping @Sendable () -> Tensor) { (self.name, self.make) = (name, make) }
        var testDescription: String { name }
    }

    private static let rearranging: [Mistake] = [
        Mistake("rolled") { matrix.rolled(by: 1, axis: 2) },
        Mistake("rolled") { matrix.rolled(by: [1], axes: [0, 1]) },
        Mistake("rotated") { matrix.rotated(axes: (0, 0)) },
        Mistake("repeatInterleaved") { matrix.repeatInterleaved(-1, axis: 0) },
        Mistake("repeatInterleaved") { matrix.repeatInterleaved([1], axis: 0) },
        Mistake("unstacked") { matrix.unstacked(axis: -3)[0] }, Mistake("split") { matrix.split(size: 0)[0] },
        Mistake("split") { matrix.split(count: 0)[0] }, Mistake("movingAxes") { matrix.movingAxes([0], to: [0, 1]) },
        Mistake("unflattened") { matrix.unflattened(axis: 1, into: [2, 2]) },
        Mistake("broadcast") { broadcast([matrix, vector])[0] }, Mistake("meshgrid") { meshgrid([matrix])[0] },
        Mistake("channelShuffle") { channelShuffle(image, groups: 2) },
        Mistake("pixelShuffle") { pixelShuffle(image, 2) }, Mistake("pixelUnshuffle") { pixelUnshuffle(image, 2) },
        Mistake("diagonal") { vector.diagonal() }, Mistake("diagonalEmbedded") { Tensor(1).diagonalEmbedded() },
        Mistake("lowerTriangle") { vector.lowerTriangle() },
        Mistake("padded") { vector.padded([(4, 0)], mode: .reflect) },
        Mistake("padded") { vector.padded([(5, 0)], mode: .circular) },
        Mistake("padded") { vector.padded([(0, 0), (0, 0)], mode: .replicate) },
        Mistake("unfold") { unfold(matrix, 2) }, Mistake("unfold") { unfold(image, 9) },
        Mistake("fold") { fold(image, outputSize: [4, 5], 2) },
        Mistake("windows") { vector.windows(axis: 0, size: 5) },
    ]

    private static let ordering: [Mistake] = [
        Mistake("searchSorted") { searchSorted(Tensor(1), vector) },
        Mistake("searchSorted") { searchSorted(matrix, vector) },
        Mistake("kthValue") { vector.kthValue(5).values }, Mistake("kthValue") { vector.kthValue(0).values },
        Mistake("median") { Tensor.zeros([0]).median().values }, Mistake("mode") { Tensor.zeros([0]).mode().values },
        Mistake("quantile") { vector.quantile(1.5) }, Mistake("quantile") { Tensor.zeros([0]).quantile(0.5) },
        Mistake("selected") { matrix.selected(where: vector) },
        Mistake("compressed") { matrix.compressed(vector, axis: 0) },
        Mistake("binCounts") { vector.binCounts() }, Mistake("histogram") { vector.histogram(edges: Tensor([1.0])) },
        Mistake("histogram") { vector.histogram(bins: 0).counts },
        Mistake("histogram") { matrix.histogram(ofRowsBetween: [vector]) },
        Mistake("scatter") {
            vector.scattered(elements: indices, vector, axis: 0, reduction: .mean)
        },
    ]

    private static let products: [Mistake] = [
        Mistake("vecdot") { vecdot(matrix, vector) }, Mistake("tensordot") { tensordot(matrix, matrix, axes: 1) },
        Mistake("tensordot") { tensordot(matrix, matrix, axes: 3) },
        Mistake("tensordot") { tensordot(matrix, matrix, axes: ([5], [0])) },
        Mistake("cross") { cross(vector, vector) }, Mistake("blockDiagonal") { blockDiagonal([image]) },
        Mistake("matmul") { matmul([matrix, image, matrix]) }, Mistake("matrixPower") { matrix.matrixPower(2) },
        Mistake("cdist") { cdist(matrix, vector) },
        Mistake("covariance") { image.covariance() }, Mistake("cosineSimilarity") { cosineSimilarity(matrix, vector) },
        Mistake("einsum") { einsum("ij,jk->ik", matrix) }, Mistake("einsum") { einsum("ijk->i", matrix) },
        Mistake("einsum") { einsum("ij->k", matrix) }, Mistake("einsum") { einsum("ij->ii", matrix) },
        Mistake("einsum") { einsum("ij,ij->j", matrix, Tensor.zeros([2, 4])) },
        Mistake("einsum") { einsum("ii", matrix) },
        Mistake("einsum") { einsum("i.j", matrix) }, Mistake("einsum") { einsum("i->j->k", vector) },
        Mistake("einsum") { einsum("...ijk", matrix) }, Mistake("einsum") { einsum("", []) },
    ]

    private static let linearAlgebra: [Mistake] = [
        Mistake("cholesky") { cholesky(matrix) }, Mistake("lu") { lu(vector).lower }, Mistake("qr") { qr(vector).q },
        Mistake("svd") { svd(vector).u }, Mistake("singularValues") { singularValues(vector) },
        Mistake("eigh") { eigh(matrix).values }, Mistake("eigvalsh") { eigvalsh(matrix) },
        Mistake("solve") { solve(matrix, vector) }, Mistake("solve") { solve(.identity(2), vector) },
        Mistake("solve") { solve(.zeros([2, 3, 3]), .zeros([3, 3, 1])) },
        Mistake("triangularSolve") { triangularSolve(matrix, matrix, upper: true) },
        Mistake("triangularSolve") { triangularSolve(.identity(3), matrix, upper: true) },
        Mistake("triangularSolve") { triangularSolve(.identity(2), matrix, upper: true, fromRight: true) },
        Mistake("choleskySolve") { choleskySolve(matrix, factor: matrix) },
        Mistake("choleskyInverse") { choleskyInverse(matrix) }, Mistake("inverse") { inverse(matrix) },
        Mistake("isSingular") { isSingular(matrix) }, Mistake("determinant") { determinant(matrix) },
        Mistake("logDeterminant") { logDeterminant(matrix).sign },
        Mistake("leastSquares") { leastSquares(matrix, vector).solution },
        Mistake("pseudoInverse") { pseudoInverse(vector) }, Mistake("matrixRank") { matrixRank(vector) },
        Mistake("conditionNumber") { conditionNumber(matrix, .one) },
        Mistake("matrixExponential") { matrixExponential(matrix) },
        Mistake("factorization") { Tensor(Node.make(.factorization(.cholesky), [matrix.node])) },
        Mistake("factorization") { Tensor(Node.make(.factorization(.lu), [indices.expandingDims(0).node])) },
    ]

    private static let fourier: [Mistake] = [
        Mistake("fft") { fft(matrix, axis: 2).real }, Mistake("fft") { fft(matrix, length: 0).real },
        Mistake("ifft") { ifft(ComplexTensor(matrix), axis: -3).real }, Mistake("rfft") { rfft(matrix, axis: 5).real },
        Mistake("rfft") { rfft(.zeros([2, 0])).real }, Mistake("irfft") { irfft(ComplexTensor(.zeros([1]))) },
        Mistake("fftn") { fftn(ComplexTensor(matrix), axes: [0, 0]).real },
        Mistake("rfftn") { rfftn(matrix, lengths: [1], axes: [0, 1]).real },
        Mistake("fftshift") { fftshift(matrix, axes: [4]) }, Mistake("stft") { stft(vector, size: 0).real },
        Mistake("istft") { istft(ComplexTensor(matrix), size: 8) },
        Mistake("complex numbers") { ComplexTensor(pairs: matrix).pairs },
        Mistake("fourier") { Tensor(Node.make(.fourier(FourierTransform(.forward, length: 4)), [matrix.node])) },
    ]

    private static let images: [Mistake] = [
        Mistake("interpolate") { interpolate(matrix, size: 2) }, Mistake("interpolate") { interpolate(image, size: 0) },
        Mistake("interpolate") { interpolate(image, scale: [1, 2, 3]) },
        Mistake("interpolate") { interpolate(image, scale: [-1]) },
        Mistake("interpolate") { interpolate(image, scale: [0.01]) },
        Mistake("gridSample") { gridSample(image, matrix) },
        Mistake("gridSample") { gridSample(image, .zeros([1, 2, 2, 3])) },
        Mistake("affineGrid") { affineGrid(matrix, size: [1, 3, 4, 5]) }, Mistake("boxArea") { boxArea(matrix) },
        Mistake("boxIoU") { boxIoU(matrix, matrix) },
        Mistake("nonMaximumSuppression") { nonMaximumSuppression(matrix, scores: vector, threshold: 0.5) },
        Mistake("roiAlign") { roiAlign(image, matrix, images: indices, outputSize: [2, 2]) },
    ]

    private static let all = rearranging + ordering + products + linearAlgebra + fourier + images

    @Test(arguments: OperationMistakeTests.all)
    func isReported(_ mistake: Mistake) throws {
        let error = #expect(throws: TensorError.self) { try withTensorErrors { _ = mistake.make() } }
        #expect(error?.message.hasPrefix(mistake.name) == true, "\(String(describing: error))")
    }
}
