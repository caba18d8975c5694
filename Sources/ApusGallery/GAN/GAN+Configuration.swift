import Apus
import Foundation

extension GAN {
    /// Everything that a run's results depend on; `config.json` in its folder.
    package struct Configuration: Codable, Hashable {
        var preset: String
        /// The data's folder; Fashion-MNIST where nil.
        var data: String?
        var epochs: Int
        var batchSize: Int
        var learningRate: Double
        var seed: UInt64
        var precision: Precision
        var classNames: [String]
        var preparation: PicturePreparation
    }

    /// What a run has left behind, ready for use.
    struct Trained {
        let folder: RunFolder
        let configuration: Configuration
        let generator: DCGANGenerator
        let judge: Judge
        let baseline: VariationalAutoencoder

        /// - Throws: as `Module.load(_:architecture:)`.
        init(in folder: RunFolder, of system: GAN) throws {
            self.folder = folder
            configuration = try folder.configuration()
            let preset = try system.preset(named: configuration.preset)
            let model = configuration.makeModel(preset)
            try model.load(folder, architecture: configuration.preset)
            generator = model.averaged
            generator.eval()
            judge = try Judge(configuration, in: folder)
            baseline = configuration.makeBaseline(preset)
            try baseline.load(SafetensorsFile(contentsOf: GAN.baselineURL(in: folder)).tensors())
            baseline.eval()
        }
    }

    static func baselineURL(in folder: RunFolder) -> URL { folder.url.appendingPathComponent("baseline.safetensors") }
    static func judgeURL(in folder: RunFolder) -> URL { folder.url.appendingPathComponent("classifier.safetensors") }
}

extension GAN.Configuration {
    /// What the user said, completed by the preset's recipe and by what the data are.
    init(_ options: TrainOptions, preset: GAN.Preset, pictures: LabelledPictures) {
        let recipe = preset.recipe
        var preparation = pictures.preparation(isDefault: options.data == nil)
        // Generators end in tanh.
        let halves = [Float](repeating: 0.5, count: pictures.format.channels)
        preparation.normalization = Normalize(mean: halves, standardDeviation: halves)
        self.init(
            preset: preset.rawValue, data: options.data?.standardizedFileURL.path,
            epochs: options.epochs ?? recipe.epochs,
            batchSize: max(1, min(options.batchSize ?? recipe.batchSize, pictures.train.count / recipe.criticSteps)),
            learningRate: options.learningRate ?? recipe.learningRate, seed: options.seed,
            precision: options.precision ?? .fastest, classNames: pictures.classNames, preparation: preparation)
    }

    var baselineEpochs: Int { max(1, epochs / 2) }

    var dataURL: URL? { data.map { URL(fileURLWithPath: $0) } }

    /// The run's own data, or other data of the same kind, with values in [−1, 1].
    ///
    /// - Throws: `InputError` where they don't go with the model.
    func pictures(at other: URL? = nil, output: any SystemOutput) throws -> LabelledPictures {
        try LabelledPictures.located(
            at: other ?? dataURL, matching: preparation, classCount: classNames.count, output: output)
    }

    func makeModel(_ preset: GAN.Preset) -> Adversaries {
        withSeed(seed) { Adversaries(preset.size, preparation.format, classCount: classNames.count) }
    }

    func makeBaseline(_ preset: GAN.Preset) -> VariationalAutoencoder {
        withSeed(seed) { VariationalAutoencoder(preset.size, preparation.format, classCount: classNames.count) }
    }
}

extension Judge {
    /// One that was trained beside a run's model.
    init(_ configuration: GAN.Configuration, in folder: RunFolder) throws {
        self.init(configuration)
        try classifier.load(SafetensorsFile(contentsOf: GAN.judgeURL(in: folder)).tensors())
        classifier.eval()
    }

    init(_ configuration: GAN.Configuration) {
        self.init(
            configuration.preparation.format, classCount: configuration.classNames.count, seed: configuration.seed)
    }
}
