import ApusData
import ApusIO
import ApusTestSupport
import ApusOptim
import ApusVision
import Foundation
import Testing

@Suite struct GradientPenaltyTests {
    private func makeCritic() -> Sequential {
        Sequential {
            Conv2d(2, 6, kernelSize: 4, stride: 2, padding: 1)
            LeakyReLU(slope: 0.2)
            Conv2d(6, 8, kernelSize: 4, stride: 2, padding: 1)
            GroupNorm(groups: 1, 8)
            LeakyReLU(slope: 0.2)
            Conv2d(8, 1, kernelSize: 2)
        }
    }

    /// Its value and its gradients by the critic's weights, which are second-order ones.
    @Test func itIsPyTorchs() throws {
        let url = Bundle.module.url(forResource: "Goldens/penalty", withExtension: "safetensors")!
        let golden = try SafetensorsFile(contentsOf: url).tensors()
        let critic = makeCritic()
        for (name, slot) in critic.namedParameters { slot.tensor = golden["weight.\(name)"]! }
        let (loss, gradients) = valueAndGradients(critic) { critic in
            10 * gradientPenalty(real: golden["real"]!, made: golden["made"]!, mix: golden["mix"]!) { critic($0) }
        }
        let tolerance = Tolerance(relative: 1e-3, absolute: 1e-4)
        expectClose(loss, golden["loss"]!, tolerance, "loss")
        #expect(gradients.count == 8)
        for element in gradients {
            expectClose(element.gradient, golden["gradient.\(element.name)"]!, tolerance, element.name)
        }
    }

    @Test func finiteDifferencesAgree() {
        let critic = withSeed(3) { makeCritic() }.cast(to: .float64)
        func draw(_ shape: Shape, _ seed: UInt64) -> Tensor {
            .normal(shape, dtype: .float64, generator: Generator(seed: seed))
        }
        let (real, made, mix) = (draw([2, 2, 8, 8], 4), draw([2, 2, 8, 8], 5), Tensor([0.3, 0.8]))
        let slot = (critic[0] as! Conv2d).$weight
        let weight = slot.tensor!
        checkGradients(at: [weight], tolerance: Tolerance(relative: 1e-4, absolute: 1e-6)) { inputs in
            slot.tensor = inputs[0]
            defer { slot.tensor = weight }
            return gradientPenalty(real: real, made: made, mix: mix) { critic($0) }
        }
    }

    @Test func aCriticOfSlopeOneHasNone() {
        let (x, y) = (Tensor.normal([4, 3], generator: Generator(seed: 1)), Tensor.ones([4, 3]))
        let penalty = gradientPenalty(real: x, made: y, mix: .ones([4]) * 0.5) { $0.sum(axes: 1) / 3.0.squareRoot() }
        #expect(penalty.item(as: Double.self) < 1e-10)
    }
}

@Suite struct AdversarialLossTests {
    private let real = Tensor([2.0, -1])
    private let made = Tensor([0.5, -3])

    @Test func crossEntropyIsThatOfLogits() {
        let loss = AdversarialLoss.crossEntropy.discriminator(real: real, made: made)
        let expected =
            binaryCrossEntropy(logits: real, .ones([2]))
            + binaryCrossEntropy(logits: made, .zeros([2]))
        expectClose(loss, expected)
        expectClose(
            AdversarialLoss.crossEntropy.generator(made: made),
            binaryCrossEntropy(logits: made, .ones([2])))
    }

    @Test func theOthers() {
        expectClose(AdversarialLoss.hinge.discriminator(real: real, made: made), [(0 + 2) / 2 + (1.5 + 0) / 2])
        expectClose(AdversarialLoss.hinge.generator(made: made), [1.25])
        expectClose(AdversarialLoss.wasserstein.discriminator(real: real, made: made), [-1.25 - 0.5])
        expectClose(AdversarialLoss.wasserstein.generator(made: made), [1.25])
    }
}

@Suite struct LatentTests {
    @Test func arcsKeepTheLength() {
        let (a, b) = (Tensor([3.0, 0, 0]), Tensor([0.0, 3, 0]))
        let arc = sphericalInterpolation(from: a, to: b, count: 5)
        expectClose(arc.norm(axes: 1), [Double](repeating: 3, count: 5))
        expectClose(arc.sliced(axis: 0, 0, 1), [3, 0, 0])
        expectClose(arc.sliced(axis: 0, 4, 1), [0, 3, 0], Tolerance(relative: 0, absolute: 1e-9))
        let half = 3 / 2.0.squareRoot()
        expectClose(arc.sliced(axis: 0, 2, 1), [half, half, 0])
    }

    @Test func thereIsAWayBetweenEqualAndOppositeVectors() {
        let a = Tensor([1.0, 2])
        expectClose(sphericalInterpolation(from: a, to: a, count: 2), [1, 2, 1, 2])
        expectClose(
            sphericalInterpolation(from: a, to: -a, count: 3), [1, 2, 0, 0, -1, -2],
            Tolerance(relative: 0, absolute: 1e-9))
    }

    /// The latent of a linear generator is found exactly, from wherever.
    @Test func searchFindsWhatThePictureWasMadeOf() {
        let matrix = Tensor.normal([3, 12], generator: Generator(seed: 1))
        let truth = Tensor.normal([1, 3], generator: Generator(seed: 2))
        let picture = matmul(truth, matrix)
        let starts = Tensor.normal([4, 3], generator: Generator(seed: 3))
        let (latents, distances) = LatentSearch(steps: 300)(from: starts) {
            square(matmul($0, matrix) - picture).mean(axes: 1)
        }
        #expect(distances.allSatisfy { $0 < 1e-6 })
        expectClose(latents, truth.broadcast(to: [4, 3]), Tolerance(relative: 1e-2, absolute: 1e-3))
    }
}

@Suite struct PictureGridTests {
    @Test func picturesLieSideBySide() {
        let pictures = (0..<3).map { Image(width: 2, height: 1, filledWith: [UInt8(10 * $0)]) }
        let grid = PictureGrid(pictures, columns: 2, gap: 1).image
        #expect((grid.width, grid.height) == (5, 3))
        #expect(grid.pixels == [0, 0, 255, 10, 10, 255, 255, 255, 255, 255, 20, 20, 255, 255, 255])
    }

    @Test func pixelsAreEnlarged() {
        let grid = PictureGrid([[Image(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])]], scale: 2).image
        #expect((grid.width, grid.height) == (4, 2))
        #expect(grid[1, 1, 2] == 3 && grid[0, 2, 0] == 4)
    }

    @Test func signedBatchesBecomePictures() {
        let batch = Tensor([-1, 0, 1, 2, -1, -1, 1, 1] as [Float], shape: [2, 1, 2, 2])
        #expect(Image.pictures(fromSigned: batch).map(\.pixels) == [[0, 128, 255, 255], [0, 0, 255, 255]])
    }
}
