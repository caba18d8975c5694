import ApusTensor
import ApusTestSupport
import Testing

/// Functions made of functions: for many elements at once, and their derivatives.
@Suite("Transformations")
struct TransformTests {
    private let maker = TensorMaker(seed: 9)

    private func values(_ shape: Shape) -> Tensor { maker.uniform(shape, in: 0.2...1, dtype: .float64) }

    // MARK: Many elements at once

    /// `f` of all elements at once and one by one; values, and gradients of gradients.
    private func check(
        _ shapes: [Shape], _ name: String, gradients: Bool = true, _ f: ([Tensor]) -> Tensor
    ) {
        let inputs = shapes.map { values(Shape([3] + $0.dimensions)) }
        let together = vmap(inputs) { [f($0)] }[0]
        let alone = stack((0..<3).map { number in f(inputs.map { $0[number] }) }, axis: 0)
        expectClose(together, alone, nil, name)
        if gradients { checkGradients(at: inputs, name) { vmap($0) { [f($0)] }[0] } }
    }

    private let indices = Tensor([1, 0, 1])

    @Test func elementwise() {
        check([[2], [2]], "pointwise") { exp($0[0]) * $0[1] + 2 }
        check([[2], []], "broadcast") { $0[0] / $0[1] }
        check([[2, 2]], "where") { `where`($0[0] .> 0.5, $0[0], Tensor([1.0, 2.0], dtype: .float64)) }
        check([[3]], "cast", gradients: false) { $0[0].cast(to: .float32).cast(to: .float64) }
        check([[2]], "captured alone", gradients: false) { _ in Tensor([1.0, 2.0], dtype: .float64) }
    }

    @Test func linearAlgebra() {
        let identity = Tensor.identity(2, dtype: .float64) * 2
        check([[2, 2]], "cholesky") { cholesky(matmul($0[0], $0[0].T) + identity) }
        check([[3, 2]], "qr") { qr($0[0]).r }
        check([[2, 2], [2]], "solve") { solve($0[0] + identity, $0[1]) }
        check([[2, 2]], "triangularSolve") { triangularSolve($0[0] + identity, identity, upper: true) }
        check([[5]], "rfft") { rfft($0[0]).pairs }
        check([[3, 4]], "fft") { fft($0[0], axis: 0).pairs }
    }

    @Test func alongAxes() {
        check([[2, 3]], "sum") { $0[0].sum(axes: 0) }
        check([[2, 3]], "max") { $0[0].max(axes: 1) }
        check([[2, 3]], "argMax", gradients: false) { $0[0].argMax(axis: 1).cast(to: .float64) }
        check([[4]], "cumulative") { $0[0].cumulativeSum(axis: 0) }
        check([[4]], "sorted") { $0[0].sorted() }
        check([[2, 3]], "softmax") { softmax($0[0], axis: 0) + logSoftmax($0[0], axis: 1) }
    }

    @Test func movements() {
        check([[2, 3]], "reshape") { $0[0].reshaped(3, 2) }
        check([[2, 3]], "transpose") { $0[0].T }
        check([[3]], "broadcast") { $0[0].broadcast(to: [2, 3]) }
        check([[3]], "slice") { $0[0].sliced(axis: 0, 1, 2).reversed(axes: 0) }
        check([[3]], "pad") { $0[0].padded([(1, 2)]) }
        check([[2], [3]], "concatenate") { concatenate([$0[0], $0[1], Tensor([1.0], dtype: .float64)], axis: 0) }
    }

    @Test func indexing() {
        let table = values([4, 2])
        check([[4, 2]], "gather from each") { $0[0].gathered(indices, axis: 0) }
        check([[2, 4]], "gather from each") { $0[0].gathered(indices, axis: 1) }
        check([[2]], "gather by each", gradients: false) { table.gathered(($0[0] * 3).cast(to: .int64), axis: 0) }
        check([[2]], "gather by each", gradients: false) { table.T.gathered(($0[0] * 3).cast(to: .int64), axis: 1) }
        check([[4, 2], [2]], "gather from each by each", gradients: false) {
            $0[0].gathered(($0[1] * 3).cast(to: .int64), axis: 0)
        }
        check([[2, 3]], "one of each row") { $0[0].gathered(elements: Tensor([[1], [0]]), axis: 1) }
        check([[2, 3]], "scatter") { Tensor.zeros([2, 4], dtype: .float64).scattered(indices, $0[0], axis: 1) }
        check([[4, 3]], "a block") { $0[0].block(at: Tensor([1, 1]), sizes: [2, 2]) }
        check([[4], [2]], "a block replaced") { $0[0].replacing(at: Tensor([1]), with: $0[1]) }
    }

    @Test func products() {
        let weight = values([3, 2])
        check([[2, 3], [3, 2]], "matmul") { matmul($0[0], $0[1]) }
        check([[2, 3]], "matmul by one matrix") { matmul($0[0], weight) }
        check([[2, 2]], "one matrix by each") { matmul(weight, $0[0]) }
        check([[3]], "matrix and vector") { matmul(weight.T, $0[0]) }
        check([[2, 3], [2, 3]], "einsum") { einsum("ij,kj->ik", $0) }
        check([[2, 3], [4, 3], [4, 2]], "attention") { attention($0[0], $0[1], $0[2], isCausal: true, scale: 0.5) }
    }

    @Test func images() {
        let kernel = values([2, 1, 2, 2])
        check([[1, 1, 3, 3]], "convolution") { convolution($0[0], kernel) }
        check([[1, 1, 3, 3], [2, 1, 2, 2]], "another kernel for each") { convolution($0[0], $0[1]) }
        check([[1, 1, 4, 4]], "pooling") { maxPool2d($0[0], 2) + avgPool2d($0[0], 2) }
    }

    @Test func loopsAndMapsInMaps() {
        check([[3]], "scan") { scan(Tensor(0.0, dtype: .float64), over: $0[0]) { h, x in (h * x + x, h) }.outputs }
        check([[2, 3]], "vmap") { vmap($0[0]) { $0.sum() * $0 } }
        #expect(vmap(Tensor.zeros([0, 2])) { $0 * 2 }.shape == [0, 2])
    }

    @Test func gradientsOfEachExample() {
        let (w, x, y) = (values([3]), values([4, 3]), values([4]))
        func loss(_ w: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor { square((w * x).sum() - y) }
        let each = vmap([x, y]) { example in [gradient(at: w) { loss($0, example[0], example[1]) }] }[0]
        expectClose(each, 2 * (matmul(x, w) - y).expandingDims(1) * x)
    }

    @Test func randomNumbersDifferFromElementToElement() {
        let noise: [Double] = withSeed(1) { vmap(Tensor.zeros([4, 2])) { $0 + Tensor.uniform([2]) } }.elements()
        #expect(Set(noise).count == 8)
    }

    // MARK: Derivatives

    private func f(_ x: [Tensor]) -> Tensor { sin(x[0]) * matmul(x[1], x[0]) }

    @Test func directionalDerivatives() {
        let (x, w, v, u) = (values([3]), values([3, 3]), values([3]), values([3, 3]))
        let (outputs, derivatives) = jacobianVectorProduct(at: [x, w], along: [v, u]) { [f($0)] }
        expectClose(outputs[0], f([x, w]))
        let h = 1e-6
        let expected = (f([x + v * h, w + u * h]) - f([x - v * h, w - u * h])) / (2 * h)
        expectClose(derivatives[0], expected, Tolerance(relative: 1e-7, absolute: 1e-8))
        checkGradients(at: [x, w]) { jacobianVectorProduct(at: $0, along: [v, u]) { [f($0)] }.derivatives[0] }
    }

    @Test func jacobiansAndHessians() {
        let x = values([3])
        // ∂ sin(xᵢ) xⱼ: two output axes, then the input's.
        let table = jacobian(at: x) { sin($0).expandingDims(1) * $0 }
        let identity = Tensor.identity(3, dtype: .float64)
        expectClose(table, einsum("i,ik,j->ijk", cos(x), identity, x) + einsum("i,jk->ijk", sin(x), identity))
        #expect(jacobian(at: x) { ($0 * $0).sum() }.shape == [3])

        let w = values([3, 3])
        let curvature = hessian(at: x) { matmul($0, matmul(w, $0)) + pow($0, 3).sum() }
        expectClose(curvature, w + w.T + (6 * x).diagonalEmbedded())

        let v = values([3])
        let (value, gradients, products) = hessianVectorProduct(at: [x], along: [v]) { x in
            matmul(x[0], matmul(w, x[0])) + pow(x[0], 3).sum()
        }
        expectClose(value, matmul(x, matmul(w, x)) + pow(x, 3).sum())
        expectClose(gradients[0], matmul(w + w.T, x) + 3 * x * x)
        expectClose(products[0], matmul(curvature, v))
    }

    @Test func mistakes() {
        #expect(throws: TensorError.self) { try withTensorErrors { vmap([Tensor.zeros([2]), .zeros([3])]) { $0 } } }
        #expect(throws: TensorError.self) {
            try withTensorErrors {
                hessianVectorProduct(at: [Tensor.zeros([2])], along: [.zeros([3])]) { $0[0].sum() }.value
            }
        }
    }
}
