import Apus
import Foundation

/// Makes pictures that look as if they were of the training data.
public struct GAN: System {
    public init() {}

    /// Fashion-MNIST by default, with the Fréchet distance that training aims at.
    public let card = SystemCard(
        name: "gan",
        title: "Generative adversarial network",
        summary:
            "The name of a class, a number or a picture goes in; made pictures come out, and the ways between them.",
        references: [
            "Generative adversarial nets: Goodfellow et al., “Generative adversarial nets”, 2014",
            "DCGAN: Radford, Metz, Chintala, “Unsupervised representation learning with deep convolutional generative adversarial networks”, 2016",
            "WGAN-GP: Gulrajani et al., “Improved training of Wasserstein GANs”, 2017",
            "Classes: Mirza, Osindero, “Conditional generative adversarial nets”, 2014; Miyato, Koyama, “cGANs with projection discriminator”, 2018",
            "Fréchet inception distance: Heusel et al., “GANs trained by a two time-scale update rule converge to a local Nash equilibrium”, 2017",
            "Precision and recall: Kynkäänniemi et al., “Improved precision and recall metric for assessing generative models”, 2019",
        ],
        defaultData: "Fashion-MNIST: 60,000 + 10,000 garments, 28×28 grayscale, 10 classes",
        formats: LabelledPictures.formats,
        metric:
            "Fréchet distance (FID) of as many made pictures as held-out ones, at most 10,000, in the features of a classifier that is trained beside; precision, recall, variety",
        target: "an FID at most half of the baseline's",
        goal: Goal("fid"),
        baseline: "a variational autoencoder with the same decoder, told classes too where the generator is",
        limits: [
            "Its distances compare only with each other: the features are those of a small classifier of the same data, not Inception's.",
            "Pictures of the training data's size, at most 64×64, and of their kinds only: a picture of something else is answered with the nearest that can be made.",
            "A classifier that was trained on the same pictures judges them. Where it is blind, the distance is too.",
        ],
        input:
            "names of classes, whole numbers (each draws other pictures), or JPEG and PNG files, whose nearest makeable picture is sought; two and more are joined by interpolation",
        presets: Preset.allCases.map { .init(name: $0.rawValue, summary: $0.summary) },
        defaultPreset: Preset.conditional.rawValue,
        settings: [
            Setting("out", "gan.png", for: .prediction, "the picture file to write"),
            Setting("count", "10", for: .prediction, "pictures in a row"),
            Setting("seed", "0", for: .prediction, "what the draws come from"),
        ])

    package enum Preset: String, CaseIterable {
        case dcgan
        case conditional
        case wganGP = "wgan-gp"
        case dcgan64

        var summary: String {
            switch self {
            case .dcgan: "DCGAN for small pictures: each side halved twice"
            case .conditional: "the same of half the width, told classes: projection discriminator"
            case .wganGP: "Wasserstein critic with gradient penalty and layer norm"
            case .dcgan64: "DCGAN at its published size, for folders of pictures (64×64)"
            }
        }

        package var size: DCGANSize {
            switch self {
            case .dcgan: DCGANSize(widths: [64, 128])
            case .conditional: DCGANSize(widths: [32, 64], classFeatures: 4)
            case .wganGP: DCGANSize(widths: [64, 128], discriminatorNorm: .layer)
            case .dcgan64: DCGANSize(widths: [64, 128, 256, 512])
            }
        }

        package var recipe: Recipe {
            switch self {
            case .dcgan: Recipe(epochs: 6, batchSize: 64, learningRate: 2e-4)
            case .conditional: Recipe(epochs: 10, batchSize: 64, learningRate: 5e-4)
            case .wganGP:
                Recipe(
                    epochs: 30, batchSize: 64, learningRate: 1e-4, momentum: 0, squareDecay: 0.9, loss: .wasserstein,
                    criticSteps: 5, penalty: 10)
            case .dcgan64: Recipe(epochs: 25, batchSize: 64, learningRate: 2e-4)
            }
        }
    }

    /// How a preset is trained where the user says nothing else.
    package struct Recipe: Sendable {
        var epochs: Int
        /// Real pictures, and as many made ones, a step of the discriminator.
        var batchSize: Int
        package var learningRate: Double
        /// Adam's β₁ and β₂.
        var momentum = 0.5
        var squareDecay = 0.999
        var loss = AdversarialLoss.crossEntropy
        /// Steps of the discriminator for one of the generator.
        package var criticSteps = 1
        /// The gradient penalty's weight λ; nil for none.
        var penalty: Double?
    }

    /// The layers of both networks for a grayscale picture of 28×28, or RGB of 64×64, and 10 classes: a picture is made and judged.
    public func summary(preset: String?) throws -> Summary {
        let preset = try self.preset(named: preset)
        let format =
            preset == .dcgan64
            ? PictureFormat(channels: 3, height: 64, width: 64) : PictureFormat(channels: 1, height: 28, width: 28)
        return Self.summary(of: withSeed(0) { Players(preset.size, format, classCount: 10) }, classCount: 10)
    }

    static func summary(of players: Players, classCount: Int) -> Summary {
        Apus.summary(players, input: .zeros([1, players.generator.noise])) { players, noise in
            let shares = Tensor([0]).oneHot(classCount)
            return players.discriminator(players.generator(noise, shares), shares)
        }
    }

    func preset(named name: String?) throws -> Preset { Preset(rawValue: try card.preset(named: name).name)! }
}

// MARK: Measuring

extension GAN {
    /// Measures the generator and the autoencoder beside held-out pictures.
    public func evaluate(_ options: EvaluateOptions, output: any SystemOutput) throws -> RunEvent.Finished {
        let trained = try Trained(in: RunFolder.open(options.model), of: self)
        let pictures = try trained.configuration.pictures(at: options.data, output: output)
        let reference = try Reference(trained.judge, pictures)
        let seed = trained.configuration.seed
        let evaluation = Evaluation(of: trained.generator, beside: reference, seed: seed)
        let baseline = Evaluation(of: trained.baseline.decoder, beside: reference, seed: seed)
        output.show(Self.table(evaluation, baseline).rendered())
        return RunEvent.Finished(
            system: name, metrics: evaluation.metrics, baseline: baseline.metrics, seconds: output.seconds,
            run: trained.folder.path)
    }

    /// What both reach.
    static func table(_ evaluation: Evaluation, _ baseline: Evaluation) -> TextTable {
        var table = TextTable(
            header: ["On \(Format.count(evaluation.count)) held-out pictures", "This model", "Autoencoder"],
            [.left, .right, .right])
        for name in Evaluation.names {
            guard let value = evaluation.metrics[name], let other = baseline.metrics[name] else { continue }
            let description = MetricDescription.standard(name)
            table.append(description.title, description.text(value), description.text(other))
        }
        table.append(
            "FID of training pictures", MetricDescription.standard("fid").text(evaluation.floor), "")
        return table
    }
}
