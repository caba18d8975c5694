import Apus

/// What people look at after a training.
struct MachineTranslationReport {
    let card: SystemCard
    let configuration: MachineTranslation.Configuration
    let texts: ParallelText.Split
    let tokenizer: BytePairEncoding
    let evaluation: TranslationEvaluation
    let baselines: TranslationBaselines
    let result: TrainingResult

    private static let exampleCount = 10
    private static let alignmentCount = 4

    /// - Throws: `FileError` where it can't be written.
    func write(of model: any Translator, to folder: RunFolder) throws {
        var report = Report(
            title: card.title,
            subtitle: "\(configuration.preset), \(configuration.languages), on \(texts.training.name)")
        let summary = model.summary
        report.headline = headline(summary)
        report.sections = [
            .metrics(evaluation.metrics, baseline: baselines.best.metrics, baselineName: baselines.best.name),
            scores, examples, alignments(of: model),
            .learningCurves(try MetricsLog.read(folder.metricsURL)),
            .model(summary), .data(dataFacts),
        ]
        report.sections += .provenance(of: result, seed: configuration.seed, settings: settings)
        try report.write(to: folder.reportURL)
    }

    private func headline(_ summary: Summary) -> [Report.Figure] {
        let (score, other) = (evaluation.bleu.score, baselines.best)
        let bleu = MetricDescription.standard("bleu")
        return [
            .init(
                "BLEU", bleu.text(score), note: "\(other.name.lowercased()) \(bleu.text(other.bleu.score))",
                verdict: score > other.bleu.score ? .good : .bad),
            .init("chrF2", bleu.text(evaluation.metrics["chrf"] ?? .nan)),
            .init("Parameters", Format.count(summary.parameterCount)),
            .training(result),
        ]
    }

    // MARK: Sections

    private var scores: Report.Section {
        let methods = [evaluation, baselines.wordByWord, baselines.nearest]
        let orders = (1...4).map { "\($0)-grams" }
        let precisions = BarChart(
            "n-grams that the reference has",
            summary: "In percent; BLEU is their geometric mean, less for short translations.",
            categories: orders, series: methods.map { .init($0.name, $0.bleu.precisions) })
        return .charts(
            "BLEU, part by part",
            introduction: "The corpus score is one number for all held-out sentences; this is what it is made of.",
            [precisions, byLength(methods)])
    }

    private func byLength(_ methods: [TranslationEvaluation]) -> BarChart {
        let lengths = texts.test.pairs.map { mtevalTokens($0.source).count }
        let ranges = [0..<15, 15..<25, 25..<35, 35..<1000]
        let members = ranges.map { range in lengths.indices.filter { range.contains(lengths[$0]) } }
        func score(_ method: TranslationEvaluation, _ members: [Int]) -> Double {
            BLEU(
                members.map { method.translations[$0] }, references: members.map { texts.test.pairs[$0].target }
            ).score
        }
        return BarChart(
            "BLEU by length of the source", summary: "Words and signs in a sentence.",
            categories: ["under 15", "15 to 24", "25 to 34", "35 and more"],
            series: methods.map { method in .init(method.name, members.map { score(method, $0) }) })
    }

    private var examples: Report.Section {
        let numbers = spread(Self.exampleCount)
        let body = numbers.map { number -> Markup in
            let pair = texts.test.pairs[number]
            let rows = [
                ("Source", pair.source), ("Reference", pair.target), ("This model", evaluation.translations[number]),
                (baselines.wordByWord.name, baselines.wordByWord.translations[number]),
                (baselines.nearest.name, baselines.nearest.translations[number]),
            ]
            return Report.Table(head: ["", "Sentence \(number + 1)"], rows: rows.map { [$0.0, $0.1] }).markup
        }
        return .init(
            "Translations",
            introduction: "Held-out sentences at even distances in the text, not chosen by their results.",
            body: "\(body)")
    }

    private func alignments(of model: any Translator) -> Report.Section {
        let writer = TranslationWriter(tokenizer: tokenizer, beam: BeamSearch())
        let short = texts.test.pairs.indices.filter {
            (8...16).contains(mtevalTokens(texts.test.pairs[$0].source).count)
        }
        let maps = short.prefix(Self.alignmentCount).map { number -> HeatMap in
            let source = texts.test.pairs[number].source
            let translation = tokenizer.encode(evaluation.translations[number])
            return writer.alignment(of: source, translation, by: model).heatMap("“\(source)”")
        }
        return .charts(
            "What each word was translated from",
            introduction: """
                A row for each token of the translation, a column for each of the source: the darker, the more the model looked at it. \
                ∎ is the sentence's end. The first held-out sentences of 8 to 16 words.
                """, maps)
    }

    /// Numbers of held-out sentences at even distances.
    private func spread(_ count: Int) -> [Int] {
        let total = texts.test.pairs.count
        return (0..<min(count, total)).map { $0 * total / min(count, total) }
    }

    private var dataFacts: [(name: String, value: String)] {
        [
            (name: "Source", value: configuration.data ?? card.defaultData),
            (name: "Training pairs", value: Format.count(texts.training.pairs.count)),
            (name: "Validation pairs", value: Format.count(texts.validation.pairs.count)),
            (name: "Held-out pairs", value: Format.count(texts.test.pairs.count)),
            (name: "Tokens", value: "\(Format.count(tokenizer.vocabularySize)), of both languages together"),
        ]
    }

    private var settings: [(name: String, value: String)] {
        [
            (name: "Preset", value: configuration.preset),
            (name: "Direction", value: "\(configuration.languages)"),
            (name: "Epochs", value: "\(configuration.epochs)"),
            (name: "Tokens a batch", value: Format.count(configuration.batchTokens)),
            (name: "Highest learning rate", value: "\(configuration.learningRate)"),
            (name: "Label smoothing", value: "\(configuration.labelSmoothing)"),
            (name: "Precision", value: configuration.precision.rawValue),
        ]
    }
}
