import Apus
import Foundation

extension WordAnalogies {
    /// Everything that a run's results depend on; `config.json` in its folder.
    struct Configuration: Codable, Hashable {
        var preset: Preset
        /// The text's file or folder; Austen and the King James Bible where nil.
        var data: String?
        /// The questions' file; the standard ones where nil.
        var questions: String?
        var epochs: Int
        /// Words, or pairs of words, a step.
        var batchSize: Int
        /// The schedule's first.
        var learningRate: Double
        var seed: UInt64
        /// d, the length of a vector.
        var dimension: Int
        /// Words before and after that count as near.
        var window: Int
        /// Words drawn for each that was seen.
        var negatives: Int
        /// The least count of a word that has a vector.
        var minimumCount: Int
        /// The frequency from which words are partly left out; nil for none.
        var subsampling: Double?
        var shortestNGram: Int
        var longestNGram: Int
        var buckets: Int
        /// How much the vectors that words are predicted by count beside those that predict.
        var contextWeight: Double
        /// The count from which a pair weighs in full in GloVe's loss, `x_max`.
        var saturation: Double
    }

    static let settings: [Setting] = [
        Setting("dimension", preset, for: .training, "the length of a vector; 100, published up to 300"),
        Setting("window", preset, for: .training, "how many words before and after count as near"),
        Setting("negatives", preset, for: .training, "words drawn at random for each that was seen"),
        Setting("minimum-count", preset, for: .training, "how often a word has to occur to have a vector"),
        Setting(
            "subsampling", preset, for: .training, "the frequency from which words are partly left out; 0 for none"),
        Setting("shortest-n-gram", preset, for: .training, "of fasttext's parts of words"),
        Setting("longest-n-gram", preset, for: .training, "of fasttext's parts of words"),
        Setting("buckets", preset, for: .training, "vectors that all n-grams share; 2000000 are published"),
        Setting("context-weight", preset, for: .training, "the share of the vectors that are predicted; 0 for none"),
        Setting("saturation", preset, for: .training, "the count from which a pair weighs in full in glove's loss"),
        Setting("questions", "standard", for: .training, "a file of questions in the format of questions-words.txt"),
        Setting("count", "10", for: .prediction, "how many words are shown"),
        Setting("method", "3cosadd", for: .prediction, "how an analogy's words are compared: 3cosadd or 3cosmul"),
    ]

    /// A setting's value that stands for the preset's.
    private static let preset = SettingValues.presets
}

extension WordAnalogies.Configuration {
    /// What the user said, completed by the preset's recipe.
    ///
    /// - Throws: `InputError` for a setting out of its range.
    init(_ options: TrainOptions, preset: WordAnalogies.Preset) throws {
        let (recipe, settings) = (preset.recipe, options.settings)
        func count(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws -> Int {
            try settings.isPresets(name) ? value : settings.count(name, in: range)
        }
        let threshold =
            try settings.isPresets("subsampling") ? recipe.subsampling : settings.number("subsampling", in: 0...1)
        let shortest = try count("shortest-n-gram", recipe.shortestNGram, in: 1...20)
        let questions = settings.text("questions")
        self.init(
            preset: preset, data: options.data?.standardizedFileURL.path,
            questions: questions == "standard" ? nil : URL(fileURLWithPath: questions).standardizedFileURL.path,
            epochs: options.epochs ?? recipe.epochs, batchSize: options.batchSize ?? recipe.batchSize,
            learningRate: options.learningRate ?? recipe.learningRate, seed: options.seed,
            dimension: try count("dimension", recipe.dimension, in: 1...4096),
            window: try count("window", recipe.window, in: 1...100),
            negatives: try count("negatives", recipe.negatives, in: 1...100),
            minimumCount: try count("minimum-count", recipe.minimumCount, in: 1...1_000_000),
            subsampling: threshold > 0 ? threshold : nil, shortestNGram: shortest,
            longestNGram: max(shortest, try count("longest-n-gram", recipe.longestNGram, in: 1...20)),
            buckets: try count("buckets", recipe.buckets, in: 1...10_000_000),
            contextWeight: try settings.isPresets("context-weight")
                ? recipe.contextWeight : settings.number("context-weight", in: 0...10),
            saturation: try settings.isPresets("saturation")
                ? recipe.saturation : settings.number("saturation", in: 1e-3...1e6))
    }

    /// The settings as people read them.
    var facts: [(name: String, value: String)] {
        let all: [(name: String, value: String?)] = [
            ("Preset", preset.rawValue), ("Epochs", "\(epochs)"), ("Batch size", Format.count(batchSize)),
            ("First learning rate", "\(learningRate)"), ("Dimension", "\(dimension)"), ("Window", "\(window)"),
            ("Negative samples", preset.samplesNegatives ? "\(negatives)" : nil), ("Least count", "\(minimumCount)"),
            ("Subsampling from", preset == .glove ? nil : subsampling.map { "\($0)" }),
            ("n-grams", preset == .fastText ? "\(shortestNGram) to \(longestNGram) letters" : nil),
            ("Saturation", preset == .glove ? "\(saturation)" : nil),
            ("Weight of predicted vectors", contextWeight > 0 ? "\(contextWeight)" : nil),
            ("Buckets", preset == .fastText ? Format.count(buckets) : nil),
        ]
        return all.compactMap { fact in fact.value.map { (fact.name, $0) } }
    }
}
