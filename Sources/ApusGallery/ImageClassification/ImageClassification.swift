import Apus
import Foundation

/// Tells what a small picture shows.
public struct ImageClassification: System {
    public init() {}

    /// Fashion-MNIST by default, with the accuracy that training aims at.
    public let card = SystemCard(
        name: "image-classification",
        title: "Image classification",
        summary: "A picture goes in, the probabilities of its classes come out.",
        references: [
            "LeNet-5: LeCun, Bottou, Bengio, Haffner, “Gradient-based learning applied to document recognition”, 1998",
            "Residual networks: He, Zhang, Ren, Sun, “Deep residual learning for image recognition”, 2016",
        ],
        defaultData: "Fashion-MNIST: 60,000 + 10,000 garments, 28×28 grayscale, 10 classes",
        formats: LabelledPictures.formats,
        metric: "accuracy (top 1), top 5, F1 of each class, confusion matrix, all on held-out pictures",
        target: "at least 91 % on the 10,000 test pictures",
        goal: Goal("accuracy", 0.91),
        baseline: "multinomial logistic regression on the pixels, trained and measured beside it (about 84 %)",
        limits: [
            "One object a picture, centred and filling it. It always answers with one of its classes, whatever the picture shows.",
            "Pictures are brought to the size of the training pictures: 28×28 by default.",
            "Fashion-MNIST has light garments on black. A picture with a light ground is inverted first.",
        ],
        input: "JPEG or PNG files of any size and colour, or folders of them",
        presets: Preset.allCases.map { .init(name: $0.rawValue, summary: $0.summary) },
        defaultPreset: Preset.resnet.rawValue)

    package enum Preset: String, CaseIterable {
        case mlp, lenet, resnet

        var summary: String {
            switch self {
            case .mlp: "perceptron with two hidden layers of 256 and 128"
            case .lenet: "LeNet-5"
            case .resnet: "residual network of 3 blocks, widths 16, 32 and 64"
            }
        }

        package func makeModel(_ format: PictureFormat, classCount: Int) -> any Layer {
            switch self {
            case .mlp: MLP(format, classCount: classCount)
            case .lenet: LeNet(format, classCount: classCount)
            case .resnet: ResNet(format, classCount: classCount, widths: [16, 32, 64])
            }
        }

        /// The smallest side of a picture that leaves something after all poolings.
        var smallestSide: Int { self == .lenet ? 12 : 1 }

        package var recipe: Recipe {
            switch self {
            case .mlp: Recipe(epochs: 8, batchSize: 128, learningRate: 2e-3)
            case .lenet: Recipe(epochs: 12, batchSize: 128, learningRate: 5e-3)
            case .resnet: Recipe(epochs: 6, batchSize: 128, learningRate: 0.15, labelSmoothing: 0.05, mirrors: true)
            }
        }

        /// SGD with Nesterov's momentum where batch normalization keeps large steps safe, Adam elsewhere.
        package func makeOptimizer(_ model: Module, learningRate: Double) -> Optimizer {
            guard self == .resnet else { return Adam(model, learningRate: learningRate) }
            // Decay is for weights; biases and norms have nothing to gain from being small.
            let parameters = model.namedParameters
            let groups = [
                ParameterGroup(parameters.filter { $0.slot.tensor!.rank > 1 }, weightDecay: 5e-4),
                ParameterGroup(parameters.filter { $0.slot.tensor!.rank <= 1 }, weightDecay: 0),
            ]
            return SGD(groups, learningRate: learningRate, momentum: 0.9, nesterov: true)
        }
    }

    /// How a preset is trained where the user says nothing else.
    package struct Recipe {
        var epochs: Int
        var batchSize: Int
        /// The highest of a one-cycle schedule.
        package var learningRate: Double
        var labelSmoothing = 0.0
        var shift = 0
        var mirrors = false
    }

    /// The layers of a preset's model for one 28×28 grayscale picture and 10 classes.
    public func summary(preset: String?) throws -> Summary {
        let preset = try self.preset(named: preset)
        let format = PictureFormat(channels: 1, height: 28, width: 28)
        return Apus.summary(preset.makeModel(format, classCount: 10), inputShape: format.batchShape(1))
    }

    func preset(named name: String?) throws -> Preset { Preset(rawValue: try card.preset(named: name).name)! }
}

// MARK: Use

extension ImageClassification {
    /// Measures the model and its linear baseline on the same held-out pictures.
    public func evaluate(_ options: EvaluateOptions, output: any SystemOutput) throws -> RunEvent.Finished {
        let folder = try RunFolder.open(options.model)
        let configuration: Configuration = try folder.configuration()
        let model = try configuration.trainedModel(in: folder)
        let pictures = try configuration.pictures(at: options.data, output: output)

        let bar = output.progressBar("Evaluating", total: pictures.test.count, unit: "images")
        bar.start(at: 0)
        let evaluation = try configuration.evaluation(of: model, on: pictures.test) { bar.update(completed: $0) }
        bar.finish()
        let baseline = try LinearBaseline(
            contentsOf: LinearBaseline.url(in: folder.url), format: pictures.format,
            classCount: pictures.classNames.count)
        let linear = try ClassifierEvaluation(of: baseline.model, on: pictures.test)

        show(evaluation, beside: linear, of: pictures, to: output)
        output.show("\n" + evaluation.classTable(pictures.classNames).rendered())
        if pictures.classNames.count <= 20 {
            output.show("\n" + evaluation.confusionTable(pictures.classNames).rendered())
        }
        output.emit("classes", evaluation.classEvent(pictures.classNames))
        return RunEvent.Finished(
            system: name, metrics: evaluation.metrics, baseline: linear.metrics,
            seconds: output.seconds, run: folder.path)
    }

    /// Classifies a user's pictures and returns how many could not be used.
    public func predict(_ options: PredictOptions, output: any SystemOutput) throws -> Int {
        let folder = try RunFolder.open(options.model)
        let configuration: Configuration = try folder.configuration()
        let predictor = PicturePredictor(
            model: try configuration.trainedModel(in: folder), preparation: configuration.preparation,
            classNames: configuration.classNames)
        let inputs = options.inputs.map { URL(fileURLWithPath: $0) }
        return try withPrecision(configuration.precision) { try predictor.predict(inputs, output: output) }
    }

    /// The metrics of the model with the baseline's beside them.
    func show(
        _ evaluation: ClassifierEvaluation, beside linear: ClassifierEvaluation, of pictures: LabelledPictures,
        to output: any SystemOutput
    ) {
        var table = TextTable(
            header: ["On \(Format.count(pictures.test.count)) held-out pictures", "This model", "Linear baseline"],
            [.left, .right, .right])
        for name in ["accuracy", "top5", "f1", "loss"] {
            guard let value = evaluation.metrics[name], let other = linear.metrics[name] else { continue }
            let description = MetricDescription.standard(name)
            table.append(description.title, description.text(value), description.text(other))
        }
        output.show(table.rendered())
    }
}
