import Apus
import Foundation

extension AdClick {
    package enum Preset: String, CaseIterable, Codable, Sendable {
        case logisticRegression = "logistic-regression"
        case wideAndDeep = "wide-and-deep"
        case deepFM = "deepfm"
        case dlrm
        case wideAndDeepPublished = "wide-and-deep-published"
        case deepFMPublished = "deepfm-published"
        case dlrmPublished = "dlrm-published"

        var summary: String {
            switch self {
            case .logisticRegression: "the baseline: hashed fields, FTRL-proximal"
            case .wideAndDeep: "crossed values beside a perceptron of 64 and 32 over vectors of 8"
            case .deepFM: "a factorization machine beside a perceptron of 64 and 32, vectors of 8"
            case .dlrm: "products of vectors of 8, perceptrons 32 and 64-32"
            case .wideAndDeepPublished: "Cheng et al.'s sizes: vectors of 32, perceptron 1024-512-256"
            case .deepFMPublished: "Guo et al.'s for Criteo: vectors of 10, perceptron 400-400-400, dropout 0.5"
            case .dlrmPublished: "Naumov et al.'s for Criteo Kaggle: vectors of 16, perceptrons 512-256-64 and 512-256"
            }
        }

        var isWide: Bool { self == .wideAndDeep || self == .wideAndDeepPublished }

        /// The model with its initial weights.
        package func makeModel(_ schema: ClickSchema, dropout: Double = 0) -> ClickModel {
            switch self {
            case .logisticRegression: LogisticRegression(schema)
            case .wideAndDeep: WideAndDeep(schema, dimension: 8, hidden: [64, 32], dropout: dropout)
            case .deepFM: DeepFM(schema, dimension: 8, hidden: [64, 32], dropout: dropout)
            case .dlrm:
                DLRM(schema, dimension: 8, bottom: [32], top: [64, 32], dropout: dropout, deviation: 0.05)
            case .wideAndDeepPublished:
                WideAndDeep(schema, dimension: 32, hidden: [1024, 512, 256], dropout: dropout)
            case .deepFMPublished: DeepFM(schema, dimension: 10, hidden: [400, 400, 400], dropout: dropout)
            case .dlrmPublished:
                DLRM(schema, dimension: 16, bottom: [512, 256, 64], top: [512, 256], dropout: dropout)
            }
        }

        /// FTRL-proximal for the linear model, row-wise Adagrad for the others.
        package func makeOptimizer(_ model: ClickModel, learningRate: Double) -> Optimizer {
            switch self {
            case .logisticRegression: FTRL(model, learningRate: learningRate, l1: 1e-6, l2: 1e-5)
            default: RowwiseAdagrad(model, learningRate: learningRate)
            }
        }

        var recipe: Recipe {
            switch self {
            case .logisticRegression: Recipe(epochs: 4, learningRate: 0.1)
            case .deepFMPublished: Recipe(epochs: 1, learningRate: 0.02, dropout: 0.5)
            // A second pass over impressions makes such models worse on new ones (Zhang et al. 2022), here too.
            default: Recipe(epochs: 1, learningRate: 0.01)
            }
        }
    }

    /// How a preset is trained where the user says nothing else.
    struct Recipe {
        /// Of which the best on the validation days counts.
        var epochs: Int
        var batchSize = 256
        var learningRate: Double
        var dropout = 0.0
    }

    /// Everything that a run's results depend on; `config.json` in its folder.
    package struct Configuration: Codable, Hashable, Sendable {
        var preset: Preset
        /// A file of Criteo's format or a folder of MovieLens; MovieLens 100k where nil.
        var data: String?
        /// How many lines of Criteo's format were simulated in place of data; none where nil.
        var simulatedLines: Int?
        var epochs: Int
        var batchSize: Int
        var learningRate: Double
        var dropout: Double
        var seed: UInt64
        /// Impressions a step once the model is in service.
        var onlineBatchSize: Int
        package var schema: ClickSchema
    }

    static let settings: [Setting] = [
        Setting(
            "buckets", SettingValues.presets, for: .training, "rows for each field's hashed values; 16384, Criteo 40000"
        ),
        Setting("dropout", SettingValues.presets, for: .training, "the share of hidden numbers that is left out"),
        Setting("online-batch-size", "32", for: .training, "impressions a step in continuous training"),
        Setting("simulated-lines", "0", for: .training, "train on so many simulated lines of Criteo's format"),
        Setting("publish-every", "1024", for: .serving, "events after which requests are answered by the newer model"),
        Setting("checkpoint-every", "16384", for: .serving, "events after which the model in service is saved"),
        Setting("window", "2000", for: .serving, "events over which progressive validation is shown"),
        Setting("socket", "", for: .prediction, "ask the server at this socket in place of the run's model"),
        Setting("reasons", "3", for: .prediction, "how many fields are shown that speak for or against a click"),
        Setting("out", "", for: .prediction, "a CSV file for the probabilities"),
    ]
}

extension AdClick.Configuration {
    /// What the user said, completed by the preset's recipe.
    ///
    /// - Throws: `InputError` for a setting out of its range.
    init(_ options: TrainOptions, preset: AdClick.Preset, kind: ClickSchema.Kind) throws {
        let (recipe, settings) = (preset.recipe, options.settings)
        let simulated = try settings.count("simulated-lines", in: 0...100_000_000)
        let buckets =
            try settings.isPresets("buckets")
            ? (kind == .criteo ? 40_000 : 16_384) : settings.count("buckets", in: 2...10_000_000)
        self.init(
            preset: preset, data: options.data?.standardizedFileURL.path,
            simulatedLines: simulated > 0 ? simulated : nil,
            // Real logs are gone through once.
            epochs: options.epochs ?? (kind == .criteo ? 1 : recipe.epochs),
            batchSize: options.batchSize ?? recipe.batchSize,
            learningRate: options.learningRate ?? recipe.learningRate,
            dropout: try settings.isPresets("dropout") ? recipe.dropout : settings.number("dropout", in: 0...0.9),
            seed: options.seed, onlineBatchSize: try settings.count("online-batch-size", in: 1...4096),
            schema: kind == .criteo
                ? .criteo(buckets: buckets, crossed: preset.isWide)
                : .movieLens(buckets: buckets, crossed: preset.isWide))
    }

    /// The model with its initial weights.
    package func makeModel() -> ClickModel { withSeed(seed) { preset.makeModel(schema, dropout: dropout) } }

    /// The linear baseline with its initial weights, and what trains it.
    func makeBaseline() -> (model: ClickModel, optimizer: Optimizer) {
        let preset = AdClick.Preset.logisticRegression
        let model = preset.makeModel(schema)
        return (model, preset.makeOptimizer(model, learningRate: preset.recipe.learningRate))
    }

    /// The settings as people read them.
    var facts: [(name: String, value: String)] {
        [
            ("Preset", preset.rawValue), ("Epochs at most", "\(epochs)"), ("Batch size", Format.count(batchSize)),
            ("Learning rate", "\(learningRate)"), ("Dropout", "\(dropout)"),
            ("Buckets a field", Format.count(schema.categories[0].buckets)),
            ("Batch size in service", "\(onlineBatchSize)"),
        ]
    }
}
