import Apus

/// What both networks of a game are made of.
package struct DCGANSize: Codable, Hashable, Sendable {
    /// Numbers that a picture is made of.
    package var noise = 100
    /// Channels of the discriminator's layers, each of which halves the picture; the generator's are the same backwards.
    package var widths: [Int]
    /// What stands between the discriminator's layers. A critic with a gradient penalty has none that mixes a batch's pictures.
    package var discriminatorNorm = Norm.batch
    /// How many numbers stand for a class in the generator; nil where the networks are not told classes. Few are best: where they weigh as
    /// much as the noise, the generator makes one picture of each class and forgets the noise.
    package var classFeatures: Int?

    package enum Norm: String, Codable, Hashable, Sendable {
        case batch
        /// Of each picture alone.
        case layer
    }
}

/// Makes pictures of noise: it is projected to a small picture of many channels, and each further layer doubles the size.
///
/// - Input: noise `(B, noise)`, and shares of classes `(B, K)` where it is told classes. Output: `(B, C, H, W)` in (−1, 1).
///
/// Reference: Radford, Metz and Chintala, “Unsupervised representation learning with deep convolutional generative adversarial
/// networks”, 2016; for classes Mirza and Osindero, “Conditional generative adversarial nets”, 2014.
package final class DCGANGenerator: Module {
    let classes: Embedding?
    let main: Sequential
    package let format: PictureFormat
    package let noise: Int

    package init(_ size: DCGANSize, _ format: PictureFormat, classCount: Int) {
        self.format = format
        noise = size.noise
        classes = size.classFeatures.map { Embedding(classCount, $0) }
        let widths = Array(size.widths.reversed())
        let smallest = format.halved(widths.count)
        main = Sequential {
            ConvTranspose2d(
                size.noise + (size.classFeatures ?? 0), widths[0], kernelSize: [smallest.height, smallest.width],
                bias: false)
            BatchNorm2d(widths[0])
            ReLU()
            for (inputs, outputs) in zip(widths, widths.dropFirst()) {
                ConvTranspose2d(inputs, outputs, kernelSize: 4, stride: 2, padding: 1, bias: false)
                BatchNorm2d(outputs)
                ReLU()
            }
            ConvTranspose2d(widths.last!, format.channels, kernelSize: 4, stride: 2, padding: 1, bias: false)
        }
        super.init()
        startAsDCGAN()
    }

    package func callAsFunction(_ z: Tensor, _ shares: Tensor) -> Tensor { tanh(logits(z, shares)) }

    /// What the pictures are before tanh bounds them.
    func logits(_ z: Tensor, _ shares: Tensor) -> Tensor {
        // A share of several classes is a point between them.
        let z = classes.map { concatenate([z, matmul(shares, $0.weight)], axis: 1) } ?? z
        // (B, C, H, W), each side a multiple of 2 to the number of layers
        let x = main(z.expandingDims(2).expandingDims(3))
        return x.sliced(axis: 2, 0, format.height).sliced(axis: 3, 0, format.width)
    }
}

/// Halves a picture again and again, with leaky ReLUs: what a discriminator judges by. The first layer has no normalization.
final class DCGANFeatures: Module, Layer {
    let main: Sequential

    init(_ channels: Int, _ size: DCGANSize) {
        main = Sequential {
            for (index, (inputs, outputs)) in zip([channels] + size.widths, size.widths).enumerated() {
                Conv2d(inputs, outputs, kernelSize: 4, stride: 2, padding: 1, bias: false)
                if index > 0 {
                    switch size.discriminatorNorm {
                    case .batch: [BatchNorm2d(outputs)] as [any Layer]
                    case .layer: [GroupNorm(groups: 1, outputs)] as [any Layer]
                    }
                }
                LeakyReLU(slope: 0.2)
            }
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor { main(x) }
}

/// Tells real pictures from made ones.
///
/// Where it is told classes it projects on them: `score = ψ(φ(x)) + ⟨e(y), Σ φ(x)⟩`.
///
/// - Input: pictures `(B, C, H, W)`, and shares of classes `(B, K)`. Output: scores `(B)`.
///
/// Reference: Radford et al. 2016; Miyato and Koyama, “cGANs with projection discriminator”, 2018.
package final class DCGANDiscriminator: Module {
    let features: DCGANFeatures
    let score: Conv2d
    let classes: Embedding?

    package init(_ size: DCGANSize, _ format: PictureFormat, classCount: Int) {
        let smallest = format.floorHalved(size.widths.count)
        features = DCGANFeatures(format.channels, size)
        score = Conv2d(size.widths.last!, 1, kernelSize: [smallest.height, smallest.width], bias: false)
        classes = size.classFeatures.map { _ in Embedding(classCount, size.widths.last!) }
        super.init()
        startAsDCGAN()
        // It is multiplied with sums over all places, which would drown the score at first.
        classes?.weight = .normal([classCount, size.widths.last!], standardDeviation: 0.02)
    }

    package func callAsFunction(_ x: Tensor, _ shares: Tensor) -> Tensor {
        let features = features(x)  // (B, widths.last, H / 2ⁿ, W / 2ⁿ)
        let score = score(features).flattened()  // (B)
        guard let classes else { return score }
        return score + (matmul(shares, classes.weight) * features.sum(axes: 2, 3)).sum(axes: 1)
    }
}

/// The two networks that play against each other.
package final class Players: Module {
    package let generator: DCGANGenerator
    package let discriminator: DCGANDiscriminator

    package init(_ size: DCGANSize, _ format: PictureFormat, classCount: Int) {
        generator = DCGANGenerator(size, format, classCount: classCount)
        discriminator = DCGANDiscriminator(size, format, classCount: classCount)
    }
}

/// The two players, and the average of the generator over its training, which is what makes pictures in the end.
package final class Adversaries: Module {
    package let players: Players
    package let averaged: DCGANGenerator

    package init(_ size: DCGANSize, _ format: PictureFormat, classCount: Int) {
        players = Players(size, format, classCount: classCount)
        averaged = DCGANGenerator(size, format, classCount: classCount)
        super.init()
        // The two are of one architecture.
        try! averaged.load(players.generator.stateDictionary())
        averaged.freeze()
    }
}

extension Module {
    /// Convolutions from N(0, 0.02), scales of norms from N(1, 0.02), as DCGAN starts.
    func startAsDCGAN() {
        for (name, slot) in namedParameters where name.hasSuffix("weight") {
            guard let shape = slot.tensor?.shape, shape.rank == 4 || shape.rank == 1 else { continue }
            slot.tensor = .normal(shape, mean: shape.rank == 1 ? 1 : 0, standardDeviation: 0.02)
        }
        evaluate(namedParameters.compactMap(\.slot.tensor))
    }
}

extension PictureFormat {
    /// What sides are doubled `count` times to be at least these.
    func halved(_ count: Int) -> PictureFormat {
        let step = 1 << count
        return PictureFormat(
            channels: channels, height: (height + step - 1) / step, width: (width + step - 1) / step)
    }

    /// What convolutions that halve leave of the sides.
    func floorHalved(_ count: Int) -> PictureFormat {
        PictureFormat(channels: channels, height: height >> count, width: width >> count)
    }
}
