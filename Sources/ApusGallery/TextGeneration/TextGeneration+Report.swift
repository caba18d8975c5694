import Apus
import Foundation

/// What people look at after a training.
struct TextGenerationReport {
    let card: SystemCard
    let configuration: TextGeneration.Configuration
    let preset: TextGeneration.Preset
    let corpus: TextCorpus
    let tokenizer: any Tokenizer
    let trainingTokens: Int
    let model: any LanguageModel
    let evaluation: TextGeneration.Evaluation
    let baselines: TextGeneration.Baselines
    let result: TrainingResult

    /// - Throws: `FileError` where it can't be written.
    func write(to folder: RunFolder) throws {
        var report = Report(title: card.title, subtitle: "\(configuration.preset) on \(corpusName)")
        report.headline = headline
        let summary = TextGeneration.summary(of: model, contextLength: preset.recipe.contextLength)
        report.sections = [
            .table("Results", introduction: "Less is better. All are measured on the same held-out text.", results),
            .learningCurves(try MetricsLog.read(folder.metricsURL), baseline: baselines.metrics),
            samples, surprise, continuations, inside, .model(summary), .data(dataFacts),
        ]
        report.sections += .provenance(of: result, seed: configuration.seed, settings: settings)
        try report.write(to: folder.reportURL)
    }

    // MARK: Figures

    private var headline: [Report.Figure] {
        let (bits, other) = (evaluation.bitsPerCharacter, baselines.metrics["bitsPerCharacter"]!)
        return [
            .init(
                "Bits per character", String(format: "%.3f", bits), note: String(format: "Kneser–Ney %.3f", other),
                verdict: bits < other ? .good : .bad),
            .init("Parameters", Format.count(model.parameterCount)),
            .training(result),
        ]
    }

    private var results: Report.Table {
        let rows = [("This model", evaluation.bitsPerCharacter)] + baselines.all.map { ($0.name, $0.bitsPerCharacter) }
        return Report.Table(
            head: ["Model", "Bits per character"], rows: rows.map { [$0.0, String(format: "%.4f", $0.1)] })
    }

    private var corpusName: String { configuration.data ?? "Jane Austen's novels" }

    private var dataFacts: [(name: String, value: String)] {
        [
            (name: "Source", value: configuration.data ?? card.defaultData),
            (name: "Texts", value: corpus.documents.map(\.name).joined(separator: ", ")),
            (name: "Training characters", value: Format.count(corpus.trainingCharacters)),
            (name: "Held-out characters", value: Format.count(corpus.heldOutCharacters)),
            (name: "Vocabulary", value: "\(Format.count(tokenizer.vocabularySize)) tokens"),
            (name: "Training tokens", value: Format.count(trainingTokens)),
            (
                name: "Characters a token",
                value: String(format: "%.2f", Double(corpus.trainingCharacters) / Double(trainingTokens))
            ),
        ]
    }

    private var settings: [(name: String, value: String)] {
        [
            (name: "Preset", value: configuration.preset),
            (name: "Epochs", value: "\(configuration.epochs)"),
            (name: "Batch", value: "\(configuration.batchSize) sequences of \(preset.recipe.contextLength) tokens"),
            (name: "Highest learning rate", value: "\(configuration.learningRate)"),
            (name: "Precision", value: configuration.precision.rawValue),
        ]
    }

    // MARK: Text

    /// The beginnings of some held-out lines.
    private func prompts(_ count: Int) -> [String] {
        let lines = corpus.documents.flatMap { $0.heldOut.split(separator: "\n") }.filter { $0.count > 60 }
        guard !lines.isEmpty else { return ["\n"] }
        return (0..<min(count, lines.count)).map { index in
            let words = lines[index * lines.count / min(count, lines.count)].split(separator: " ")
            return words.prefix(5).joined(separator: " ")
        }
    }

    private var samples: Report.Section {
        let groups = [0.5, 0.8, 1.0].map { temperature -> Markup in
            let texts = prompts(2).enumerated().map { number, prompt in
                "<p class=\"text\"><b>\(prompt)</b>\(continued(prompt, temperature, number))</p>" as Markup
            }
            return "<h3>Temperature \(String(temperature))</h3>\(texts)"
        }
        return Report.Section(
            "Samples",
            introduction:
                "What the model makes of the beginnings of held-out lines, in bold type. A low temperature keeps to likely words.",
            body: "<style>\(Self.style)</style>\(groups)")
    }

    /// - Parameter number: texts of the same draws are much alike, so each has its own.
    private func continued(_ prompt: String, _ temperature: Double, _ number: Int) -> String {
        let draws = Generator(seed: configuration.seed, stream: UInt64(number))
        func write(_ model: some LanguageModel) -> String {
            let generator = TextGenerator(model, tokenizer)
            generator.read(tokenizer.encode(prompt))
            var text = ""
            generator.write(500, Sampling(temperature: temperature), using: draws) {
                step in
                text += step.text
                return text.count < 500
            }
            return text
        }
        return write(model)
    }

    private var surprise: Report.Section {
        guard let text = evaluation.texts.first, let bits = evaluation.bits.first else {
            return Report.Section("Surprise", body: "")
        }
        var decoder = StreamingDecoder(tokenizer)
        var pending = 0.0
        var pieces: [Markup] = []
        var length = 0
        for (token, bits) in zip(text.tokens, bits) where length < 1000 {
            pending += bits
            let text = decoder.append(token)
            guard !text.isEmpty else { continue }
            let (title, strength) = (
                String(format: "%.1f bits", pending), String(format: "%.2f", min(1, pending / 12) * 0.8)
            )
            pieces.append("<span title=\"\(title)\" style=\"--surprise:\(strength)\">\(text)</span>")
            length += text.count
            pending = 0
        }
        return Report.Section(
            "Surprise",
            introduction:
                "Held-out text. The darker a token, the less the model expected it; 12 bits are one chance in 4,096.",
            body: "<p class=\"text surprise\">\(pieces)</p>")
    }

    private static let style = Markup(
        raw: """
            .text{white-space:pre-wrap;max-width:80ch;margin:0 0 14px}\
            .surprise span{background:rgba(217,83,40,var(--surprise));border-radius:3px}
            """)

    private var continuations: Report.Section {
        let rows = prompts(6).map { prompt -> [String] in
            let candidates = nextTokens(after: prompt)
            return [prompt + " …"] + candidates.map { "\(shown($0.token)) \(Format.percent($0.probability))" }
                + [String](repeating: "", count: 5 - candidates.count)
        }
        return .table(
            "Likeliest continuations",
            introduction: "The five tokens that the model expects most, with their probabilities.",
            Report.Table(head: ["Beginning", "First", "Second", "Third", "Fourth", "Fifth"], rows: rows))
    }

    private func nextTokens(after prompt: String) -> [(token: Int, probability: Double)] {
        func candidates(_ model: some LanguageModel) -> [(token: Int, probability: Double)] {
            let generator = TextGenerator(model, tokenizer)
            generator.read(tokenizer.encode(prompt))
            var result: [(token: Int, probability: Double)] = []
            generator.write(1, Sampling(), using: Generator(seed: 0)) { step in
                result = step.candidates
                return true
            }
            return result
        }
        return candidates(model)
    }

    /// A token as it can be seen: spaces and line breaks too.
    private func shown(_ token: Int) -> String {
        tokenizer.decode([token]).replacingOccurrences(of: " ", with: "␣").replacingOccurrences(of: "\n", with: "⏎")
    }

    // MARK: Inside

    /// What goes on inside the model over a sentence: attention, or the activations of recurrent cells.
    private var inside: Report.Section {
        let sentence = corpus.documents.flatMap { $0.heldOut.split(separator: "\n") }.first { $0.count > 60 } ?? ""
        if let model = model as? any AttentionModel {
            let tokens = Array(tokenizer.encode(String(sentence)).prefix(24))
            return .charts(
                "Attention",
                introduction:
                    "Each row is a token that looks at those before it; darker is more. Of each layer, the head that looks nearest and the one that looks furthest back.",
                tokens.isEmpty ? [] : attentionMaps(model, tokens))
        }
        guard let model = model as? RecurrentLanguageModel else { return Report.Section("Inside", body: "") }
        let tokens = Array(tokenizer.encode(String(sentence)).prefix(60))
        return .charts(
            "Activations",
            introduction:
                "What the cells of the last layer put out along a sentence: the 24 that change most, each a row.",
            tokens.isEmpty ? [] : [activationMap(model, tokens)])
    }

    private func attentionMaps(_ model: some AttentionModel, _ tokens: [Int]) -> [any Chart] {
        let labels = tokens.map(shown)
        return model.attentionWeights(Tensor(tokens, shape: [1, tokens.count])).enumerated().flatMap { layer, weights in
            let heads = (0..<weights.shape[0]).map { head -> (number: Int, rows: [[Double]], distance: Double) in
                let cells: [Float] = weights.sliced(axis: 0, head, 1).elements()
                let rows = tokens.indices.map { row in
                    tokens.indices.map { $0 > row ? Double.nan : Double(cells[row * tokens.count + $0]) }
                }
                let distances = tokens.indices.map { row in
                    (0...row).reduce(0.0) { $0 + rows[row][$1] * Double(row - $1) }
                }
                return (head, rows, distances.reduce(0, +) / Double(tokens.count))
            }.sorted { $0.distance < $1.distance }
            return [heads.first!, heads.last!].prefix(heads.count).map { head in
                HeatMap(
                    "Layer \(layer + 1), head \(head.number + 1)",
                    summary: String(format: "looks %.1f tokens back on average", head.distance), values: head.rows,
                    rowLabels: labels, columnLabels: labels, limit: 1)
            }
        }
    }

    private func activationMap(_ model: RecurrentLanguageModel, _ tokens: [Int]) -> any Chart {
        let output = model.activations(Tensor(tokens, shape: [1, tokens.count]))  // (1, T, width)
        let cells: [Float] = output.elements()
        let width = output.shape[2]
        let units = (0..<width).map { unit in tokens.indices.map { Double(cells[$0 * width + unit]) } }
        func change(_ values: [Double]) -> Double {
            zip(values, values.dropFirst()).reduce(0) { $0 + abs($1.0 - $1.1) }
        }
        let liveliest = units.indices.sorted { change(units[$0]) > change(units[$1]) }.prefix(24)
        return HeatMap(
            "Activations of \(liveliest.count) cells of \(width)", values: liveliest.map { units[$0] },
            rowLabels: liveliest.map { "\($0)" }, columnLabels: tokens.map(shown), palette: .diverging, limit: 1,
            width: 980)
    }
}
