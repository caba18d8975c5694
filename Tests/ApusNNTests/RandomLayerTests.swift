import ApusNN
import ApusTestSupport
import Testing

/// Layers that draw random numbers: what their draws must look like on the whole.
@Suite("Layers that draw") struct RandomLayerTests {
    @Test(arguments: TestedBackend.allCases) func alphaDropoutKeepsMeanAndVariance(on backend: TestedBackend) {
        backend.run {
            withSeed(1) {
                let x = Tensor.normal([100, 300])
                for probability in [0.1, 0.5] {
                    let y = AlphaDropout(probability)(x)
                    #expect(abs(y.mean()).item() < 0.03)
                    #expect(Swift.abs(y.variance().item() - 1) < 0.05)
                }
                expectClose(AlphaDropout(0.5).eval()(x), x, .exact)
            }
        }
    }

    @Test(arguments: TestedBackend.allCases) func channelsAreDroppedWhole(on backend: TestedBackend) {
        backend.run {
            withSeed(2) {
                func distinct(_ y: Tensor) -> Int { Set(y.elements(as: Float.self)).count }
                let x = Tensor.ones([4, 8, 5, 3])
                for layer in [Dropout2d(0.5), FeatureAlphaDropout(0.5)] as [DropoutLayer] {
                    let channels = layer(x).reshaped(32, 15)
                    #expect((channels.max(axes: 1) .== channels.min(axes: 1)).all().item() == 1)
                    #expect(distinct(channels) == 2)
                }
                // Without a batch the first axis is that of the channels.
                let single = Dropout1d(0.5)(.ones([64, 5]))
                #expect((single.max(axes: 1) .== single.min(axes: 1)).all().item() == 1)
                #expect(distinct(single) == 2)
                let volume = Dropout3d(0.5)(.ones([64, 2, 2, 2])).flattened(from: 1)
                #expect((volume.max(axes: 1) .== volume.min(axes: 1)).all().item() == 1)
                #expect(distinct(volume) == 2)
            }
        }
    }

    @Test(arguments: TestedBackend.allCases) func slopesAreWithinTheirRange(on backend: TestedBackend) {
        backend.run {
            withSeed(3) {
                let slopes = -RReLU()(.full([10_000], -1.0))
                #expect(slopes.min().item() >= 0.125 && slopes.max().item() < 1.0 / 3 + 1e-6)
                #expect(Swift.abs(slopes.mean().item() - 11.0 / 48) < 0.003)
                expectClose(RReLU()(.full([3], 2.0)), [2, 2, 2])
            }
        }
    }

    @Test(arguments: TestedBackend.allCases) func gumbelSamplesFollowTheSoftmax(on backend: TestedBackend) {
        backend.run {
            withSeed(4) {
                let logits = Tensor([[0.0, 1, 2]]).broadcast(to: [20_000, 3])
                let samples = gumbelSoftmax(logits, isHard: true)
                expectClose(samples.sum(axes: 1), .ones([20_000]))
                expectClose(
                    samples.mean(axes: 0), softmax(Tensor([0.0, 1, 2])), Tolerance(relative: 0, absolute: 0.015))
                let (_, gradients) = valueAndGradients(at: [Tensor([[0.0, 1, 2]])]) {
                    weightedSum(gumbelSoftmax($0[0], isHard: true))
                }
                #expect(abs(gradients[0]).max().item() > 1e-3)
                let soft = gumbelSoftmax(logits, temperature: 0.5)
                #expect(soft.max().item() < 1 + 1e-6 && soft.min().item() >= 0)
            }
        }
    }

    @Test(arguments: TestedBackend.allCases) func fractionalWindowsCoverTheImage(on backend: TestedBackend) {
        backend.run {
            withSeed(5) {
                let x = Tensor.iota([2, 3, 9, 9], axis: 3).cast(to: .float32)
                let layer = FractionalMaxPool(kernelSize: [2, 3], outputRatio: [0.6, 0.5])
                let (values, indices) = layer.withIndices(x)
                #expect(values.shape == [2, 3, 5, 4])
                // Columns rise, the last window ends with the image.
                #expect((values.differences(axis: 3) .>= 0).all().item() == 1)
                expectClose(values.sliced(axis: 3, 3, 1), .full([2, 3, 5, 1], 8.0))
                expectClose((indices % 9).cast(to: .float32), values, .exact)
            }
        }
    }

    @Test(arguments: TestedBackend.allCases) func sparseColumnsHaveTheirZeros(on backend: TestedBackend) {
        backend.run {
            let matrix = withSeed(6) { Tensor.sparse([20, 30], sparsity: 0.31) }
            expectClose((matrix .== 0).cast(to: .int64).sum(axes: 0), Tensor.full([30], 7), .exact)
            let kept = matrix.selected(where: matrix .!= 0)
            #expect((0.009...0.011).contains(kept.standardDeviation().item()))
            let grouped = Tensor.dirac([4, 2, 3], groups: 2)
            let x = withSeed(7) { Tensor.normal([1, 4, 6]) }
            expectClose(convolution(x, grouped, padding: 1, groups: 2), x)
        }
    }

    /// Drawn anew at each call of a compiled step.
    @Test func compiledDrawsDiffer() {
        let layer = AlphaDropout(0.5)
        let step = compile(layer) { layer($0) }
        let x = Tensor.ones([64])
        withSeed(8) {
            let draws = (0..<4).map { _ in step(x).elements(as: Float.self) }
            #expect(Set(draws).count == 4)
        }
    }
}
