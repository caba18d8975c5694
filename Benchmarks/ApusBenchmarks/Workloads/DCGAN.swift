import Apus

/// Makes images of 64×64 from noise (Radford et al. 2016): `(B, 100, 1, 1)` → `(B, 3, 64, 64)`.
final class Generator64: Module, Layer {
    let layers: Sequential

    init(noise: Int = 100, width: Int = 64) {
        func up(_ inputs: Int, _ outputs: Int, stride: Int, padding: Int) -> ConvTranspose2d {
            ConvTranspose2d(inputs, outputs, kernelSize: 4, stride: stride, padding: padding, bias: false)
        }
        layers = Sequential {
            up(noise, 8 * width, stride: 1, padding: 0)  // (B, 512, 4, 4)
            BatchNorm2d(8 * width)
            ReLU()
            for multiple in [4, 2, 1] {
                up(2 * multiple * width, multiple * width, stride: 2, padding: 1)  // 8×8, 16×16, 32×32
                BatchNorm2d(multiple * width)
                ReLU()
            }
            up(width, 3, stride: 2, padding: 1)
            Tanh()
        }
    }

    func callAsFunction(_ z: Tensor) -> Tensor { layers(z) }
}

/// Tells real images from made ones: `(B, 3, 64, 64)` → a logit each, `(B)`.
final class Discriminator64: Module, Layer {
    let layers: Sequential

    init(width: Int = 64) {
        func down(_ inputs: Int, _ outputs: Int) -> Conv2d {
            Conv2d(inputs, outputs, kernelSize: 4, stride: 2, padding: 1, bias: false)
        }
        layers = Sequential {
            down(3, width)  // (B, 64, 32, 32)
            LeakyReLU(slope: 0.2)
            for multiple in [1, 2, 4] {
                down(multiple * width, 2 * multiple * width)  // 16×16, 8×8, 4×4
                BatchNorm2d(2 * multiple * width)
                LeakyReLU(slope: 0.2)
            }
            Conv2d(8 * width, 1, kernelSize: 4, bias: false)
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor { layers(x).flattened() }
}

/// The two networks that play against each other.
final class DCGAN: Module {
    let generator = Generator64()
    let discriminator = Discriminator64()
}

/// A step of the discriminator on 64 real and 64 made images, then a step of the generator.
struct AdversarialWorkload: Workload {
    let name = "dcgan"
    let kind = WorkloadKind.training
    let isCompiled = true
    private static let inputs: [String: Input] = [
        "real": .normal([64, 3, 64, 64]), "noise": .normal([64, 100, 1, 1]),
    ]

    /// The discriminator judges real and made images, forward and backward; the generator makes images and learns through it: its
    /// gradient passes the discriminator's inputs but not its weights.
    var flops: Double {
        let generator = summary(Generator64(), inputShape: [64, 100, 1, 1]).multiplyAdds
        let discriminator = summary(Discriminator64(), inputShape: [64, 3, 64, 64]).multiplyAdds
        return Double(2 * (3 * 2 * discriminator + 3 * generator + 2 * discriminator))
    }

    func makeRunner(state: [String: Tensor]) throws -> any Runner {
        let model = DCGAN()
        if !state.isEmpty { try model.load(state.under("model")) }
        return AdversarialRunner(model, try Self.inputs.tensors(from: state))
    }
}

private final class AdversarialRunner: Runner {
    private let generator: Generator64
    private let discriminator: Discriminator64
    private let generatorOptimizer: Adam
    private let discriminatorOptimizer: Adam
    private let real: Tensor
    private let noise: Tensor
    private let yes = Tensor.ones([64]).evaluated()
    private let no = Tensor.zeros([64]).evaluated()

    init(_ model: DCGAN, _ inputs: [String: Tensor]) {
        generator = model.generator
        discriminator = model.discriminator
        generatorOptimizer = Adam(generator, learningRate: 1e-3)
        discriminatorOptimizer = Adam(discriminator, learningRate: 1e-3)
        real = inputs["real"]!
        noise = inputs["noise"]!
    }

    func step() -> Double { run(real, noise).item() }

    private lazy var run = compile(generator, discriminator, generatorOptimizer, discriminatorOptimizer) {
        [unowned self] in losses(real: $0, noise: $1)
    }

    /// The sum of both losses. The images are made once: the discriminator learns to tell them from real ones, then the generator
    /// learns from what the discriminator says of them.
    private func losses(real: Tensor, noise: Tensor) -> Tensor {
        let (fooled, judged, gradients) = valueAndGradients(generator) { generator in
            let made = generator(noise)
            let (judged, gradients) = valueAndGradients(discriminator) {
                binaryCrossEntropy(logits: $0(real), yes) + binaryCrossEntropy(logits: $0(stopGradient(made)), no)
            }
            discriminatorOptimizer.step(gradients)
            return (binaryCrossEntropy(logits: discriminator(made), yes), judged)
        }
        generatorOptimizer.step(gradients)
        return fooled + judged
    }
}
