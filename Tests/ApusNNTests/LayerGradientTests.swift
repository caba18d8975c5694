import ApusNN
import ApusTestSupport
import Testing

/// Compositions whose gradients PyTorch's numbers test in float32, element by element in float64; and odd shapes.
@Suite("Gradients of layers") struct LayerGradientTests {
    private func drawn(_ shape: Shape, _ seed: UInt64 = 1) -> Tensor {
        withSeed(seed) { Tensor.normal(shape, dtype: .float64).evaluated() }
    }

    @Test(arguments: TestedBackend.allCases) func windows(on backend: TestedBackend) {
        backend.run {
            let x = drawn([2, 2, 5, 6])
            checkGradients(at: [x], "dilated") { maxPool2d($0[0], 2, stride: 1, padding: 1, dilation: 2) }
            checkGradients(at: [x], "ceil") { maxPool2d($0[0], [2, 3], stride: 2, ceilMode: true) }
            checkGradients(at: [x], "indices") {
                maxPoolWithIndices($0[0], [3, 2], stride: 2, padding: 1, ceilMode: true).values
            }
            checkGradients(at: [x], "mean") {
                avgPool2d($0[0], 3, stride: 2, padding: 1, ceilMode: true)
            }
            checkGradients(at: [abs(x) + 0.5], "power") { lpPool($0[0], order: 3, [2, 2]) }
            checkGradients(at: [x], "adaptive") { adaptiveMaxPoolWithIndices($0[0], [3, 2]).values }
            let samples = withSeed(2) { Tensor.uniform([2, 2, 2], dtype: .float64).evaluated() }
            checkGradients(at: [x], "fractional") {
                fractionalMaxPool($0[0], [2, 2], outputSize: [3, 4], samples: samples).values
            }
            let (values, indices) = maxPoolWithIndices(x, [2, 2])
            checkGradients(at: [values], "unpooled") { maxUnpool($0[0], indices, outputSize: [5, 6]) }
        }
    }

    @Test(arguments: TestedBackend.allCases) func statisticsAndLosses(on backend: TestedBackend) {
        backend.run {
            let x = drawn([3, 4, 5])
            checkGradients(at: [x], "response") { localResponseNorm($0[0], size: 3, alpha: 0.3, beta: 0.6) }
            let (weight, bias) = (drawn([4], 3), drawn([4], 4))
            checkGradients(at: [x, weight, bias], "instance") { instanceNorm($0[0], $0[1], $0[2]) }
            checkGradients(at: [drawn([3, 4, 2])], "pairs") { cosineSimilarity($0[0], drawn([3, 4, 2], 5), axis: -1) }
            let scores = drawn([3, 4], 6)
            checkGradients(at: [scores]) { multiMargin($0[0], Tensor([1, 0, 3]), p: 2, reduction: .none) }
            checkGradients(at: [scores]) {
                multiLabelMargin($0[0], Tensor([[1, 0, -1, 2], [3, -1, 0, 0], [0, 1, 2, 3]]), reduction: .none)
            }
            checkGradients(at: [scores, drawn([3, 4], 7), abs(drawn([3, 4], 8)) + 0.2]) {
                gaussianNegativeLogLikelihood($0[0], $0[1], variance: $0[2], isFull: true, reduction: .none)
            }
            checkGradients(at: [abs(scores) + 0.1]) {
                poissonNegativeLogLikelihood($0[0], Tensor([[0.0, 1, 2, 3]]), isLog: false, isFull: true)
            }
        }
    }

    @Test(arguments: TestedBackend.allCases) func emptyBatchesAndSingleElements(on backend: TestedBackend) {
        backend.run {
            let empty = Tensor.zeros([0, 2, 5])
            #expect(maxPool1d(empty, 2, dilation: 2).shape == [0, 2, 2])
            #expect(Pad([(1, 2)], mode: .circular)(empty).shape == [0, 2, 8])
            #expect(EmbeddingBag(4, 3)(.zeros([0, 2], dtype: .int64)).shape == [0, 3])
            expectClose(EmbeddingBag(4, 3)(.zeros([2, 0], dtype: .int64)), [0, 0, 0, 0, 0, 0])
            expectClose(maxPool1d(Tensor.full([1, 1, 1], 7.0), 3, stride: 1, padding: 1), [7])
            let (values, indices) = maxPoolWithIndices(Tensor.full([1, 1, 3], 7.0), [2], stride: 1)
            expectClose(values, [7, 7])
            expectClose(indices, [0, 1])  // the first of equals
            let (output, hidden) = GRU(2, 3)(PackedSequence(padded: .ones([1, 1, 2]), lengths: [1]))
            #expect(output.data.shape == [1, 3] && hidden.shape == [1, 1, 3])
        }
    }

    @Test func packingKeepsElements() {
        TestedBackend.reference.run {
            let x = Tensor.range(24).reshaped(4, 3, 2).cast(to: .float32)  // (T, B, features)
            let packed = PackedSequence(padded: x, lengths: [2, 4, 1])
            #expect(packed.batchSizes == [3, 2, 1, 1] && packed.order == [1, 0, 2] && packed.lengths == [2, 4, 1])
            expectClose(packed.data.sliced(axis: 0, 0, 3), [2, 3, 0, 1, 4, 5])
            let (again, lengths) = packed.padded(value: -1, totalLength: 5)
            #expect(lengths == [2, 4, 1] && again.shape == [5, 3, 2])
            expectClose(again[1, 0], x[1, 0])
            expectClose(again[2, 0], [-1, -1])
            let parts = packed.unpacked()
            #expect(parts.map(\.shape) == [[2, 2], [4, 2], [1, 2]])
            expectClose(PackedSequence(parts).data, packed.data, .exact)
        }
    }

    // MARK: Mistakes

    @Test(
        arguments: [
            { _ = maxPool2d(.zeros([1, 1, 4, 4]), 2, padding: 2) },
            { _ = maxPool2d(.zeros([1, 1, 4, 4]), 3, dilation: 2) },
            { _ = avgPool2d(.zeros([1, 4]), 2) },
            { _ = maxUnpool(.zeros([1, 1, 2]), .zeros([1, 1, 3], dtype: .int64), outputSize: [4]) },
            { _ = fractionalMaxPool(.zeros([1, 1, 4]), [2], outputSize: [4]) },
            { _ = adaptiveMaxPoolWithIndices(.zeros([1, 1, 4]), [0]) },
            { _ = Pad([(1, 1), (1, 1)])(.zeros([4, 4])) },
            { _ = Pad([(4, 0)], mode: .reflect)(.zeros([2, 4])) },
            { _ = localResponseNorm(.zeros([2, 3]), size: 2) },
            { _ = EmbeddingBag(4, 3)(.zeros([4], dtype: .int64)) },
            { _ = EmbeddingBag(4, 3)(.zeros([2, 2], dtype: .int64), weights: .ones([2, 2])) },
            { _ = ConvTranspose1d(1, 1, kernelSize: 3, stride: 2)(.zeros([1, 1, 4]), outputSize: [12]) },
            { _ = multiLabelMargin(.zeros([2, 3]), .zeros([2, 2], dtype: .int64)) },
            { _ = LSTM(3, 4)(.zeros([5, 2, 2])) },
            { _ = pairDistances(.zeros([2, 3, 4])) },
        ] as [@Sendable () -> Void])
    func areReported(_ mistake: @Sendable () -> Void) {
        #expect(throws: TensorError.self) { try withTensorErrors(mistake) }
    }
}
