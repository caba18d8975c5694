import Apus
import Foundation

/// The page that a training leaves.
struct WordAnalogiesReport {
    let card: SystemCard
    let configuration: WordAnalogies.Configuration
    let data: WordAnalogiesData
    let trained: TrainedVectors
    let summary: Summary
    let evaluation: WordEvaluation
    let baseline: WordEvaluation
    let result: TrainingResult

    /// - Throws: `FileError` where it can't be written.
    func write(to folder: RunFolder) throws {
        var report = Report(title: card.title, subtitle: "\(configuration.preset.rawValue) on \(data.name)")
        report.headline = headline
        let curves = Report.Section.learningCurves(try MetricsLog.read(folder.metricsURL), baseline: baseline.metrics)
        report.sections = [
            .metrics(
                evaluation.metrics, baseline: baseline.metrics, baselineName: "PPMI-SVD",
                descriptions: WordEvaluation.descriptions),
            categories, arithmetic, neighbours,
        ].compactMap { $0 }
        report.sections += maps
        report.sections += [
            curves, .model(summary), .data(dataFacts),
        ]
        report.sections += .provenance(of: result, seed: configuration.seed, settings: configuration.facts)
        try report.write(to: folder.reportURL)
    }

    private var headline: [Report.Figure] {
        let (accuracy, other) = (evaluation.analogies.accuracy, baseline.analogies.accuracy)
        return [
            .init(
                "Analogies answered", Format.percent(accuracy), note: "PPMI-SVD \(Format.percent(other))",
                verdict: accuracy > other ? .good : .bad),
            .init("Words", Format.count(data.vocabulary.count), note: "\(configuration.dimension) numbers each"),
            .training(result),
        ]
    }

    private var categories: Report.Section? {
        let asked = zip(evaluation.analogies.categories, baseline.analogies.categories).filter { $0.0.asked > 0 }
        guard !asked.isEmpty else { return nil }
        return .chart(
            "Accuracy by category",
            introduction: "Questions whose four words all have vectors: \(Format.count(evaluation.analogies.asked)) of "
                + "\(Format.count(evaluation.analogies.categories.reduce(0) { $0 + $1.total })).",
            BarChart(
                "Questions answered rightly", axis: Axis(style: .percent, range: 0...1),
                categories: asked.map { "\($0.0.name) (\($0.0.asked))" },
                series: [
                    .init(configuration.preset.rawValue, asked.map { $0.0.accuracy ?? 0 }),
                    .init("PPMI-SVD", asked.map { $0.1.accuracy ?? 0 }),
                ], width: 760))
    }

    // MARK: Words

    private static let expressions = [
        "king - man + woman", "brother - man + woman", "uncle - man + woman", "walked - walk + speak",
        "greater - great + small", "quickly - quick + slow", "men - man + child", "jerusalem - israel + egypt",
    ]

    private var arithmetic: Report.Section? {
        let rows = Self.expressions.compactMap { text -> [String]? in
            guard let words = WordExpression(text)?.words, words.allSatisfy({ trained.vectors.index(of: $0) != nil })
            else { return nil }
            return row(text, count: 5)
        }
        guard !rows.isEmpty else { return nil }
        return .table(
            "Word arithmetic", introduction: "The words nearest to each sum, the sum's own words aside.",
            Report.Table(head: ["Sum", "Nearest words"], rows: rows))
    }

    private var neighbours: Report.Section {
        let wanted = ["king", "mother", "happy", "walked", "house", "egypt", "elizabeth", "quickly"]
        let known = wanted.filter { trained.vectors.index(of: $0) != nil }
        let words = known.count > 3 ? known : Array(data.vocabulary.words.prefix(200).suffix(8))
        return .table(
            "Neighbours", introduction: "The words whose vectors have the smallest angle to each word's.",
            Report.Table(head: ["Word", "Nearest words"], rows: words.compactMap { row($0, count: 8) }))
    }

    private func row(_ text: String, count: Int) -> [String]? {
        (try? trained.answer(text, count: count, method: .sum)).map { answer in
            [
                text,
                answer.neighbours.map { "\($0.word) \(String(format: "%.2f", $0.similarity))" }.joined(separator: ", "),
            ]
        }
    }

    // MARK: Maps

    private static let groups: [(name: String, words: String)] = [
        (
            "family",
            "man woman boy girl father mother son daughter brother sister husband wife uncle aunt king queen prince princess lord lady"
        ),
        (
            "places",
            "egypt israel judah babylon syria jerusalem samaria galilee london bath highbury hartfield pemberley"
        ),
        (
            "people",
            "elizabeth darcy jane emma knightley anne fanny edmund moses david saul abraham isaac jacob joseph solomon"
        ),
        (
            "verbs",
            "walk walked walking speak spoke speaking write wrote writing see saw seeing go went going come came coming"
        ),
        (
            "degrees",
            "great greater greatest good better best small smaller smallest high higher highest old older oldest"
        ),
    ]

    private var maps: [Report.Section] {
        var groups = Self.groups.map { group in
            (
                name: group.name,
                words: group.words.split(separator: " ").map(String.init).filter {
                    trained.vectors.index(of: $0) != nil
                }
            )
        }.filter { $0.words.count > 3 }
        if groups.isEmpty { groups = [("frequent words", Array(data.vocabulary.words.prefix(60)))] }
        let words = groups.flatMap(\.words)
        guard words.count > 5 else { return [] }
        let units = trained.vectors.units.gathered(Tensor(words.compactMap { trained.vectors.index(of: $0) }))
        let components = PrincipalComponents(of: units, count: min(2, units.shape[1]))
        let share = components.shares.sum().item()
        return [
            .chart(
                "Map by t-SNE", introduction: "Near words stay near; distances between groups mean little.",
                plot("\(words.count) words", TSNE(perplexity: 12)(units).places, groups)),
            .chart(
                "Map by principal components",
                introduction:
                    "The two directions in which these words differ the most, \(Format.percent(share)) of it.",
                plot("\(words.count) words", components(units), groups)),
        ]
    }

    private func plot(_ title: String, _ places: Tensor, _ groups: [(name: String, words: [String])]) -> Plot {
        let (width, values) = (places.shape[1], places.elements(as: Double.self))
        var start = 0
        let series = groups.map { group in
            let points = group.words.indices.map { index in
                let place = (start + index) * width
                return Plot.Point(values[place], width > 1 ? values[place + 1] : 0)
            }
            start += group.words.count
            return Plot.Series(group.name, points, style: .points, labels: group.words)
        }
        return Plot(title, series: series, width: 1000, height: 620)
    }

    private var dataFacts: [(name: String, value: String)] {
        [
            (name: "Text", value: configuration.data ?? card.defaultData),
            (name: "Words in it", value: Format.count(data.corpus.wordCount)),
            (name: "Distinct words", value: Format.count(data.corpus.words.count)),
            (name: "Words with vectors", value: Format.count(data.vocabulary.count)),
            (name: "Sentences or paragraphs", value: Format.count(data.corpus.sentenceCount)),
            (name: "Questions", value: configuration.questions ?? "questions-words.txt"),
        ]
    }
}
