import Apus
import Foundation

/// Translates sentences.
public struct MachineTranslation: System {
    public init() {}

    /// The King James Version and the Reina-Valera by default.
    public let card = SystemCard(
        name: "machine-translation",
        title: "Machine translation",
        summary: "A sentence goes in, its translation comes out, with what each word of it was translated from.",
        references: [
            "RNNsearch: Bahdanau, Cho, Bengio, “Neural machine translation by jointly learning to align and translate”, 2015",
            "Transformer: Vaswani et al., “Attention is all you need”, 2017",
        ],
        defaultData: "King James Version (1769) and Reina-Valera (1909): 31,084 verses in English and Spanish",
        formats: [
            "TSV: a file with a sentence, a tab and its translation in each line, plain or .gz",
            "Moses: two files CORPUS.en and CORPUS.es with a sentence in each line, given as --data CORPUS; the endings are those of --set direction",
        ],
        metric:
            "BLEU as sacreBLEU computes it, chrF2, perplexity a token; on pairs of which neither sentence was trained on",
        target: "BLEU over both baselines on 1,000 held-out verses",
        goal: Goal("bleu"),
        baseline: "the better one of word by word (IBM Model 1) and the nearest training sentence's translation",
        limits: [
            "It knows the language of what it was trained on: by default that of the Bible, and no other words.",
            "A sentence at a time, at most as long as the longest that it was trained on.",
        ],
        input: "texts as they are, or files with a sentence in each line",
        presets: Preset.allCases.map { .init(name: $0.rawValue, summary: $0.summary) },
        defaultPreset: Preset.transformer.rawValue,
        settings: [
            Setting("direction", "en-es", for: .training, "the languages; en-es or es-en for the default data"),
            Setting("vocabulary", "3000", for: .training, "tokens that both languages share"),
            Setting("beam", "4", for: .prediction, "hypotheses that are kept; 1 is the fastest"),
            Setting("alternatives", "1", for: .prediction, "translations that are shown of each sentence"),
            Setting("alignment", "", for: .prediction, "an .svg file to draw what each word was translated from into"),
        ])

    package enum Preset: String, CaseIterable {
        case rnnsearch
        case transformer
        case rnnsearch50 = "rnnsearch-50"
        case transformerBase = "transformer-base"

        var summary: String {
            switch self {
            case .rnnsearch: "recurrent encoder and decoder with attention, 256 units"
            case .transformer: "Transformer of 2 + 2 layers, 256 features"
            case .rnnsearch50: "RNNsearch at its published size, 1,000 units"
            case .transformerBase: "the Transformer's published base model, 6 + 6 layers, 512 features"
            }
        }

        package func makeModel(vocabulary: Int) -> any Translator {
            switch self {
            case .rnnsearch:
                RNNSearch(.init(embedding: 256, hidden: 256, alignment: 128, maxout: 128), vocabulary: vocabulary)
            case .rnnsearch50:
                RNNSearch(.init(embedding: 620, hidden: 1000, alignment: 1000, maxout: 500), vocabulary: vocabulary)
            case .transformer:
                TransformerTranslator(
                    .init(features: 256, heads: 4, layers: 2, feedForward: 512, dropout: 0, isNormFirst: true),
                    vocabulary: vocabulary)
            case .transformerBase:
                TransformerTranslator(
                    .init(features: 512, heads: 8, layers: 6, feedForward: 2048, dropout: 0.1, isNormFirst: false),
                    vocabulary: vocabulary)
            }
        }

        var recipe: Recipe {
            switch self {
            case .rnnsearch: Recipe(epochs: 3, batchTokens: 2048, learningRate: 1.5e-3, labelSmoothing: 0)
            case .transformer: Recipe(epochs: 3, batchTokens: 2048, learningRate: 1.5e-3, labelSmoothing: 0.1)
            case .rnnsearch50: Recipe(epochs: 5, batchTokens: 6000, learningRate: 5e-4, labelSmoothing: 0)
            case .transformerBase: Recipe(epochs: 20, batchTokens: 25_000, learningRate: 7e-4, labelSmoothing: 0.1)
            }
        }
    }

    /// How a preset is trained where the user says nothing else.
    struct Recipe {
        var epochs: Int
        /// Of both languages together, padding included.
        var batchTokens: Int
        /// The highest of a one-cycle schedule.
        var learningRate: Double
        var labelSmoothing: Double
    }

    /// The layers of a preset's model for two sentences of 32 tokens.
    public func summary(preset: String?) throws -> Summary {
        try self.preset(named: preset).makeModel(vocabulary: 3000).summary
    }

    func preset(named name: String?) throws -> Preset { Preset(rawValue: try card.preset(named: name).name)! }
}

extension Translator {
    /// The layers for a sentence of 32 tokens with a translation as long.
    var summary: Summary {
        Apus.summary(self, input: .ones([1, 32], dtype: .int64)) { model, tokens in model(tokens, tokens) }
    }
}

// MARK: Use

extension MachineTranslation {
    /// Measures the model and both baselines on the same held-out pairs.
    public func evaluate(_ options: EvaluateOptions, output: any SystemOutput) throws -> RunEvent.Finished {
        let folder = try RunFolder.open(options.model)
        let configuration: Configuration = try folder.configuration()
        let tokenizer = try configuration.tokenizer(in: folder)
        let model = try configuration.trainedModel(in: folder, tokenizer)
        var texts = try configuration.texts(output: output)
        if let other = options.data {
            texts.test = try ParallelText.located(at: other, configuration.languages, output: output)
        }
        let evaluation = try evaluation(of: model, tokenizer, configuration, texts.test, output)
        let baselines = TranslationBaselines(texts, output: output)
        show(evaluation, baselines, to: output)
        return RunEvent.Finished(
            system: name, metrics: evaluation.metrics, baseline: baselines.best.metrics, seconds: output.seconds,
            run: folder.path)
    }

    /// Translates texts, or the lines of files.
    public func predict(_ options: PredictOptions, output: any SystemOutput) throws -> Int {
        let folder = try RunFolder.open(options.model)
        let configuration: Configuration = try folder.configuration()
        let tokenizer = try configuration.tokenizer(in: folder)
        let model = try configuration.trainedModel(in: folder, tokenizer)
        let beam = BeamSearch(width: try options.settings.count("beam", in: 1...64))
        let alternatives = try options.settings.count("alternatives", in: 1...beam.width)
        let drawing = options.settings.text("alignment")

        var failures = 0
        var drawings = 0
        for input in options.inputs {
            do {
                let lines = try TextInput(input).lines
                guard !lines.isEmpty else { throw InputError(input, "holds no text", remedy: "Give a sentence") }
                for line in lines where tokenizer.encode(line).count > configuration.longest {
                    throw InputError(
                        input, "a sentence of \(tokenizer.encode(line).count) tokens begins with “\(line.prefix(40))…”",
                        remedy: "Give sentences of at most \(configuration.longest) tokens, each on a line of its own")
                }
                let writer = TranslationWriter(tokenizer: tokenizer, beam: beam)
                let found = withPrecision(configuration.precision) { writer.hypotheses(of: lines, by: model) }
                for (line, hypotheses) in zip(lines, found) {
                    let best = hypotheses.prefix(alternatives)
                    output.show(best.map { writer.text($0.tokens) }.joined(separator: "\n"))
                    output.emit("translation", Translation(line, Array(best), writer))
                    guard !drawing.isEmpty, let first = best.first else { continue }
                    drawings += 1
                    let map = writer.alignment(of: line, first.tokens, by: model).heatMap("“\(line)”")
                    try map.write(to: numbered(URL(fileURLWithPath: drawing), drawings))
                }
            } catch {
                output.fail(error, input: input)
                failures += 1
            }
        }
        return failures
    }

    /// A file of its own for each drawing after the first: `a.svg`, `a-2.svg`.
    private func numbered(_ url: URL, _ number: Int) -> URL {
        guard number > 1 else { return url }
        let name = url.deletingPathExtension().lastPathComponent
        return url.deletingLastPathComponent().appendingPathComponent("\(name)-\(number).\(url.pathExtension)")
    }

    /// The model with the baselines beside it.
    func show(_ evaluation: TranslationEvaluation, _ baselines: TranslationBaselines, to output: any SystemOutput) {
        let others = [baselines.wordByWord, baselines.nearest]
        var table = TextTable(
            header: ["On \(Format.count(evaluation.translations.count)) held-out pairs", "This model"]
                + others.map(\.name),
            [.left, .right, .right, .right])
        for name in ["bleu", "chrf", "perplexity"] {
            let description = MetricDescription.standard(name)
            table.append(
                [description.title]
                    + ([evaluation.metrics] + others.map(\.metrics)).map { $0[name].map(description.text) ?? "–" })
        }
        output.show(table.rendered())
    }
}

/// The fields of the event `translation`.
private struct Translation: Encodable, Sendable {
    struct Candidate: Encodable, Sendable {
        let text: String
        let logProbability: Double
    }
    let source: String
    /// The best ones, best first.
    let translations: [Candidate]

    init(_ source: String, _ hypotheses: [BeamSearch.Hypothesis], _ writer: TranslationWriter) {
        self.source = source
        translations = hypotheses.map {
            Candidate(text: writer.text($0.tokens), logProbability: $0.logProbability)
        }
    }
}
