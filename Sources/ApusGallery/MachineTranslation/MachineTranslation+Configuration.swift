import Apus
import Foundation

extension MachineTranslation {
    /// Everything that a run's results depend on; `config.json` in its folder.
    struct Configuration: Codable, Hashable {
        var preset: String
        /// The data's path; the Bibles where nil.
        var data: String?
        var languages: LanguagePair
        var vocabulary: Int
        var epochs: Int
        var batchTokens: Int
        var learningRate: Double
        var labelSmoothing: Double
        /// Tokens of a sentence, at most.
        var longest: Int
        var seed: UInt64
        var precision: Precision
    }
}

/// From which language into which: `en-es`.
struct LanguagePair: Codable, Hashable, CustomStringConvertible {
    var source: String
    var target: String

    /// - Throws: `InputError` where the text is no pair of names.
    init(_ text: String) throws {
        let names = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard names.count == 2, names.allSatisfy({ !$0.isEmpty }), names[0] != names[1] else {
            throw InputError("--set direction=\(text)", "names no two languages", remedy: "Write, for instance, en-es")
        }
        (source, target) = (names[0], names[1])
    }

    var description: String { "\(source)-\(target)" }
}

extension MachineTranslation.Configuration {
    /// What the user said, completed by the preset's recipe.
    init(_ options: TrainOptions, preset: MachineTranslation.Preset) throws {
        let recipe = preset.recipe
        self.init(
            preset: preset.rawValue, data: options.data?.standardizedFileURL.path,
            languages: try LanguagePair(options.settings.text("direction")),
            vocabulary: try options.settings.count("vocabulary", in: 300...100_000),
            epochs: options.epochs ?? recipe.epochs, batchTokens: options.batchSize ?? recipe.batchTokens,
            learningRate: options.learningRate ?? recipe.learningRate, labelSmoothing: recipe.labelSmoothing,
            longest: 120, seed: options.seed, precision: options.precision ?? .fastest)
    }

    /// The run's own data, the same parts each time.
    func texts(output: any SystemOutput) throws -> ParallelText.Split {
        let text = try ParallelText.located(
            at: data.map { URL(fileURLWithPath: $0) }, languages, output: output)
        let held = min(1000, text.pairs.count / 10)
        guard held > 0 else {
            throw InputError(
                data ?? text.name, "\(text.pairs.count) pairs are too few to hold a tenth out",
                remedy: "Give at least 10; thousands are needed to learn a language")
        }
        // Whatever the run's seed, the same pairs are held out.
        return text.split(validation: held / 2, test: held, seed: 0)
    }

    private func tokenizerURL(in folder: RunFolder) -> URL { folder.url.appendingPathComponent("tokenizer.json") }

    /// Learns the tokens of both languages from the training sentences, and keeps them in the run's folder.
    func makeTokenizer(_ text: ParallelText, in folder: RunFolder) throws -> BytePairEncoding {
        let tokenizer = BytePairEncoding(
            trainedOn: text.pairs.lazy.flatMap { [$0.source, $0.target] }, vocabularySize: vocabulary,
            specialTokens: SpecialToken.names, addsPrefixSpace: true)
        try tokenizer.write(to: tokenizerURL(in: folder))
        return tokenizer
    }

    /// What an earlier session of the run has kept, if it came so far.
    func tokenizer(storedIn folder: RunFolder) throws -> BytePairEncoding? {
        FileManager.default.fileExists(atPath: tokenizerURL(in: folder).path) ? try tokenizer(in: folder) : nil
    }

    func tokenizer(in folder: RunFolder) throws -> BytePairEncoding {
        try BytePairEncoding(contentsOf: tokenizerURL(in: folder))
    }

    func makeModel(_ tokenizer: BytePairEncoding) throws -> any Translator {
        let preset = try MachineTranslation().preset(named: preset)
        return withSeed(seed) { preset.makeModel(vocabulary: tokenizer.vocabularySize) }
    }

    /// The model that a run trained.
    ///
    /// - Throws: as `Module.load(_:architecture:)`.
    func trainedModel(in folder: RunFolder, _ tokenizer: BytePairEncoding) throws -> any Translator {
        let model = try makeModel(tokenizer)
        try model.load(folder, architecture: preset)
        model.eval()
        return model
    }
}
