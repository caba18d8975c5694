import Apus
import Foundation

extension ImageClassification {
    /// Everything that a run's results depend on; `config.json` in its folder.
    struct Configuration: Codable, Hashable {
        var preset: String
        /// The data's folder; Fashion-MNIST where nil.
        var data: String?
        var epochs: Int
        var batchSize: Int
        var learningRate: Double
        var labelSmoothing: Double
        var augmentation: Augmentation
        var seed: UInt64
        var precision: Precision
        var classNames: [String]
        var preparation: PicturePreparation
    }
}

extension ImageClassification.Configuration {
    /// What the user said, completed by the preset's recipe and by what the data are.
    init(_ options: TrainOptions, preset: ImageClassification.Preset, pictures: LabelledPictures) {
        let recipe = preset.recipe
        let preparation = pictures.preparation(isDefault: options.data == nil)
        // On a black ground there may be digits and letters, which mirroring changes; garments it does not.
        let mayMirror = options.data == nil || preparation.ground == .scene
        self.init(
            preset: preset.rawValue, data: options.data?.standardizedFileURL.path,
            epochs: options.epochs ?? recipe.epochs,
            batchSize: min(options.batchSize ?? recipe.batchSize, pictures.train.count),
            learningRate: options.learningRate ?? recipe.learningRate, labelSmoothing: recipe.labelSmoothing,
            augmentation: Augmentation(shift: recipe.shift, mirrors: recipe.mirrors && mayMirror), seed: options.seed,
            precision: options.precision ?? .float32, classNames: pictures.classNames, preparation: preparation)
    }

    var dataURL: URL? { data.map { URL(fileURLWithPath: $0) } }

    /// The run's own data, or other data of the same kind, ready for its model.
    ///
    /// - Throws: `InputError` where they don't go with the model.
    func pictures(at other: URL? = nil, output: any SystemOutput) throws -> LabelledPictures {
        try LabelledPictures.located(
            at: other ?? dataURL, matching: preparation, classCount: classNames.count, output: output)
    }

    func makeModel() throws -> any Layer {
        let preset = try ImageClassification().preset(named: preset)
        let format = preparation.format
        guard min(format.height, format.width) >= preset.smallestSide else {
            throw InputError(
                data ?? "the data", "pictures of \(format) are too small for \(preset.rawValue)",
                remedy: "Give pictures of at least \(preset.smallestSide) pixels a side, or use another --preset")
        }
        return withSeed(seed) { preset.makeModel(format, classCount: classNames.count) }
    }

    /// The model that a run trained.
    ///
    /// - Throws: as `Module.load(_:architecture:)`.
    func trainedModel(in folder: RunFolder) throws -> any Layer {
        let model = try makeModel()
        try model.load(folder, architecture: preset)
        return model.eval()
    }
}
