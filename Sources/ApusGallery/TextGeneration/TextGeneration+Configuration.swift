import Apus
import Foundation

extension TextGeneration {
    /// Everything that a run's results depend on; `config.json` in its folder.
    struct Configuration: Codable, Hashable {
        var preset: String
        /// The texts' file or folder; Jane Austen's novels where nil.
        var data: String?
        /// The part of each text, at its end, that is held out.
        var heldOut: Double
        var epochs: Int
        var batchSize: Int
        var learningRate: Double
        var seed: UInt64
        var precision: Precision
    }
}

extension TextGeneration.Configuration {
    /// What the user said, completed by the preset's recipe.
    init(_ options: TrainOptions, preset: TextGeneration.Preset) {
        let recipe = preset.recipe
        self.init(
            preset: preset.rawValue, data: options.data?.standardizedFileURL.path, heldOut: 0.05,
            epochs: options.epochs ?? recipe.epochs, batchSize: options.batchSize ?? recipe.batchSize,
            learningRate: options.learningRate ?? recipe.learningRate, seed: options.seed,
            precision: options.precision ?? .fastest)
    }

    func corpus(output: any SystemOutput) throws -> TextCorpus {
        guard let data else {
            let progress = FetchProgress("austen", output: output)
            return try .austen(heldOut: heldOut, progress: progress.receive)
        }
        return try TextCorpus(contentsOf: URL(fileURLWithPath: data), heldOut: heldOut)
    }

    func makeModel(_ preset: TextGeneration.Preset, _ tokenizer: TextGeneration.SavedTokenizer) -> any LanguageModel {
        withSeed(seed) { preset.makeModel(vocabularySize: tokenizer.value.vocabularySize) }
    }
}
