import Apus
import Foundation

/// Continues a text.
public struct TextGeneration: System {
    public init() {}

    /// Jane Austen's novels by default, with the bits per character that training aims at.
    public let card = SystemCard(
        name: "text-generation",
        title: "Text generation",
        summary: "The beginning of a text goes in, a continuation comes out as it is made.",
        references: [
            "Recurrent networks: Elman, “Finding structure in time”, 1990",
            "LSTM: Graves, “Generating sequences with recurrent neural networks”, 2013; Zaremba, Sutskever, Vinyals, “Recurrent neural network regularization”, 2014",
            "GPT-2: Radford et al., “Language models are unsupervised multitask learners”, 2019",
            "Llama: Touvron et al., “LLaMA: open and efficient foundation language models”, 2023",
            "Byte-pair encoding: Sennrich, Haddow, Birch, “Neural machine translation of rare words with subword units”, 2016",
        ],
        defaultData: "Jane Austen's six novels, 4 million characters; the last twentieth of each is held out",
        formats: [
            "a text file in UTF-8, plain or gzipped",
            "a folder of .txt, .md and .gz files; of each the last twentieth is held out",
        ],
        metric: "bits per character over all held-out characters, whatever the tokens",
        target: "at most 1.9 bits per character of the held-out text",
        goal: Goal("bitsPerCharacter", 1.9),
        baseline:
            "interpolated modified Kneser–Ney, the better one of 5-grams of characters and longer n-grams of the model's tokens",
        limits: [
            "It has read one author. It knows how sentences sound, and nothing of what they mean.",
            "What lies further back than the context of 128 tokens is forgotten.",
            "A model over characters knows those of its training text only; byte pairs have no unknown character.",
        ],
        input: "the beginning of a text, a text file, or - for standard input",
        presets: Preset.allCases.map { .init(name: $0.rawValue, summary: $0.summary) },
        defaultPreset: Preset.llama.rawValue,
        settings: [
            Setting("length", "400", for: .prediction, "characters to write"),
            Setting("temperature", "0.8", for: .prediction, "0 takes the likeliest token, 1 the model's own chances"),
            Setting("top-k", "0", for: .prediction, "draw among so many of the likeliest tokens; 0 for all"),
            Setting("top-p", "0.95", for: .prediction, "draw among the likeliest tokens of this probability"),
            Setting("seed", "0", for: .prediction, "what the draws come from"),
        ])

    /// The layers of a preset's model for one training sequence.
    public func summary(preset: String?) throws -> Summary {
        let preset = try self.preset(named: preset)
        // Characters of English text.
        let model = preset.makeModel(vocabularySize: preset.recipe.tokens ?? 90)
        return Self.summary(of: model, contextLength: preset.recipe.contextLength)
    }

    static func summary(of model: some LanguageModel, contextLength: Int) -> Summary {
        Apus.summary(model, input: .zeros([1, contextLength], dtype: .int64)) { $0($1) }
    }

    func preset(named name: String?) throws -> Preset { Preset(rawValue: try card.preset(named: name).name)! }
}

// MARK: Use

extension TextGeneration {
    /// Measures the model and its baselines on the held-out text, or on all of the user's.
    public func evaluate(_ options: EvaluateOptions, output: any SystemOutput) throws -> RunEvent.Finished {
        let trained = try TrainedModel(in: RunFolder.open(options.model), of: self)
        let corpus = try trained.configuration.corpus(output: output)
        let texts = try options.data.map { try TextCorpus(contentsOf: $0, heldOut: 1) } ?? corpus

        let bar = output.progressBar("Evaluating", total: nil, unit: "windows")
        bar.start(at: 0)
        let evaluation = withPrecision(trained.configuration.precision) {
            Evaluation(of: trained.model, on: texts, trained.tokenizer, trained.preset.recipe) { done, all in
                bar.total = all
                bar.update(completed: done)
            }
        }
        bar.finish()
        let baselines = Baselines(trainedOn: corpus, trained.tokenizer, measuredOn: texts)
        output.show(Self.table(evaluation, baselines, texts).rendered())
        return RunEvent.Finished(
            system: name, metrics: evaluation.metrics, baseline: baselines.metrics, seconds: output.seconds,
            run: trained.folder.path)
    }

    /// Continues the user's texts and returns how many could not be used.
    public func predict(_ options: PredictOptions, output: any SystemOutput) throws -> Int {
        let writer = try Writer(options.settings)
        let trained = try TrainedModel(in: RunFolder.open(options.model), of: self)
        var failureCount = 0
        for input in options.inputs {
            do {
                let prompt = try TextInput(input)
                try writer.write(after: prompt, trained.model, trained.tokenizer, output: output)
            } catch {
                output.fail(error, input: input)
                failureCount += 1
            }
        }
        return failureCount
    }

    /// Bits per character of the model and its baselines.
    static func table(_ evaluation: Evaluation, _ baselines: Baselines, _ texts: TextCorpus) -> TextTable {
        var table = TextTable(
            header: ["On \(Format.count(texts.heldOutCharacters)) held-out characters", "Bits per character"],
            [.left, .right])
        table.append("This model", Format.number(evaluation.bitsPerCharacter))
        for (name, value) in baselines.all { table.append(name, Format.number(value)) }
        return table
    }
}

extension TextGeneration {
    /// What a run has left behind, ready for use.
    struct TrainedModel {
        let folder: RunFolder
        let configuration: Configuration
        let preset: Preset
        let tokenizer: any Tokenizer
        let model: any LanguageModel

        /// - Throws: as `Module.load(_:architecture:)`, and `DataError` where the tokenizer can't be read.
        init(in folder: RunFolder, of system: TextGeneration) throws {
            self.folder = folder
            configuration = try folder.configuration()
            preset = try system.preset(named: configuration.preset)
            let saved = try SavedTokenizer(of: preset, in: folder)
            tokenizer = saved.value
            model = configuration.makeModel(preset, saved)
            try model.load(folder, architecture: configuration.preset)
            model.eval()
        }
    }

    /// Writes continuations as the user's settings ask.
    struct Writer {
        private let length: Int
        private let sampling: Sampling
        private let seed: UInt64

        /// A token as programs read it.
        private struct Piece: Encodable, Sendable {
            let text: String
            let probability: Double
        }
        private struct Continuation: Encodable, Sendable {
            let input: String
            let text: String
            let tokens: [Piece]
        }

        init(_ settings: SettingValues) throws {
            length = try settings.count("length", in: 1...1_000_000)
            let topK = try settings.count("top-k", in: 0...1_000_000)
            sampling = Sampling(
                temperature: try settings.number("temperature", in: 0...100), topK: topK == 0 ? nil : topK,
                topP: try settings.number("top-p", in: 0.000_001...1))
            seed = UInt64(try settings.count("seed", in: 0...Int.max))
        }

        /// Streams the prompt and what follows.
        ///
        /// - Throws: `InputError` for characters that the model doesn't know.
        func write(
            after prompt: TextInput, _ model: some LanguageModel, _ tokenizer: any Tokenizer, output: any SystemOutput
        ) throws {
            // A model can't go on with nothing; a new line is where anything may begin.
            let text = prompt.text.isEmpty ? "\n" : prompt.text
            try check(text, tokenizer, prompt.name)
            let generator = TextGenerator(model, tokenizer)
            generator.read(tokenizer.encode(text))
            output.stream(prompt.isFile ? "…" + text.suffix(200) : prompt.text)

            var pieces: [Piece] = []
            var written = 0
            generator.write(length, sampling, using: Generator(seed: seed)) { step in
                output.stream(step.text)
                output.emit("token", Piece(text: step.text, probability: step.probability))
                pieces.append(Piece(text: step.text, probability: step.probability))
                written += step.text.count
                return written < length
            }
            output.stream("\n")
            let continuation = pieces.map(\.text).joined()
            output.emit("prediction", Continuation(input: prompt.name, text: continuation, tokens: pieces))
        }

        private func check(_ text: String, _ tokenizer: any Tokenizer, _ name: String) throws {
            guard let tokenizer = tokenizer as? CharacterTokenizer else { return }
            let unknown = Set(text.unicodeScalars).subtracting(tokenizer.characters).sorted()
            guard unknown.isEmpty else {
                throw InputError(
                    name,
                    "the model has never seen \(unknown.prefix(10).map { "“\($0)”" }.joined(separator: ", "))",
                    remedy: "Leave such characters out, or use a model over byte pairs (--preset llama)")
            }
        }
    }
}
