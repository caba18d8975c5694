import Apus

/// The page that a training leaves.
struct AdClickReport {
    let card: SystemCard
    let configuration: AdClick.Configuration
    let data: ClickData
    let comparison: ClickComparison
    /// As it was before the test period.
    let model: ClickModel
    let summary: Summary
    let result: TrainingResult

    /// - Throws: `FileError` where it can't be written.
    func write(to folder: RunFolder) throws {
        var report = Report(title: card.title, subtitle: "\(configuration.preset.rawValue) on \(data.name)")
        report.headline = headline
        report.sections = [
            .metrics(
                comparison.model.metrics, baseline: comparison.baseline.metrics, baselineName: "Logistic regression",
                descriptions: ClickEvaluation.metricNames.map(MetricDescription.standard),
                introduction: comparison.sentences.joined(separator: ". ")
                    + ". Samples are drawn with replacement, users as a whole where they are known."),
            .charts("Ranking and reliability", [curves, reliability]),
            .charts(
                "In service",
                introduction: "Each impression is predicted before anything is learned from it. The frozen model stays "
                    + "as training left it; the other learns from each impression once it has been asked about it.",
                [progress("ROC AUC", \.auc), progress("Log-loss") { $0.logLoss.value }]),
        ]
        report.sections += films
        report.sections += [
            .learningCurves(try MetricsLog.read(folder.metricsURL)), .model(summary), .data(dataFacts),
        ]
        report.sections += .provenance(of: result, seed: configuration.seed, settings: configuration.facts)
        try report.write(to: folder.reportURL)
    }

    private var headline: [Report.Figure] {
        let (auc, other) = (comparison.model.frozen.auc, comparison.baseline.frozen.auc)
        let (continuous, linear) = (comparison.model.continuous.auc, comparison.baseline.continuous.auc)
        let title = MetricDescription.standard("auc")
        return [
            .init(
                "ROC AUC", title.text(auc), note: "logistic regression \(title.text(other))",
                verdict: auc > other ? .good : .bad),
            .init(
                "Trained continuously", title.text(continuous), note: "logistic regression \(title.text(linear))",
                verdict: continuous > linear ? .good : .bad),
            .init(
                "Log-loss", Format.number(comparison.model.frozen.logLoss.value),
                note: "logistic regression \(Format.number(comparison.baseline.frozen.logLoss.value))"),
            .training(result),
        ]
    }

    // MARK: Measures

    private var curves: Plot {
        Plot(
            "ROC curves", summary: "Clicked impressions found against others taken for clicked, for every threshold.",
            x: Axis("Others taken for clicked", style: .percent, range: 0...1),
            y: Axis("Clicked ones found", style: .percent, range: 0...1),
            series: [
                .init(configuration.preset.rawValue, comparison.model.frozen.curve),
                .init("logistic regression", comparison.baseline.frozen.curve),
                .init("chance", [.init(0, 0), .init(1, 1)], style: .faintLine),
            ], height: 360)
    }

    private var reliability: Plot {
        func points(_ evaluation: ClickEvaluation) -> [Plot.Point] {
            // Bins of few impressions say nothing.
            evaluation.calibration().bins.filter { $0.count >= 30 }.map { .init($0.predicted, $0.observed) }
        }
        return Plot(
            "Reliability", summary: "What was said in ten bins, and how often it happened; on the diagonal they agree.",
            x: Axis("Predicted", style: .percent, range: 0...1), y: Axis("Observed", style: .percent, range: 0...1),
            series: [
                .init(configuration.preset.rawValue, points(comparison.model.frozen)),
                .init("logistic regression", points(comparison.baseline.frozen)),
                .init("perfect", [.init(0, 0), .init(1, 1)], style: .faintLine),
            ], height: 360)
    }

    private func progress(_ name: String, _ value: (ClickEvaluation) -> Double) -> Plot {
        func points(_ evaluation: ClickEvaluation) -> [Plot.Point] {
            evaluation.byPeriod(comparison.periods.of).filter { $0.evaluation.isClick.count >= 30 }
                .map { .init(Double($0.period), value($0.evaluation)) }
        }
        return Plot(
            name, x: Axis("\(comparison.periods.name) of the test period"), y: Axis(name),
            series: [
                .init("trained continuously", points(comparison.model.continuous)),
                .init("frozen", points(comparison.model.frozen)),
                .init("logistic regression, continuously", points(comparison.baseline.continuous)),
            ])
    }

    // MARK: Films

    /// The best-known films on a map, and the best-liked of each genre.
    private var films: [Report.Section] {
        guard case .columns(_, let clicks) = data.source, configuration.data == nil,
            let movieLens = try? MovieLens.load()
        else { return [] }
        var counts: [String: (views: Int, clicks: Int)] = [:]
        for index in data.train {
            counts[clicks.films[index], default: (0, 0)].views += 1
            counts[clicks.films[index]]!.clicks += clicks.records[index].isClick == true ? 1 : 0
        }
        return [likedByGenre(movieLens, counts)] + [map(movieLens, counts)].compactMap { $0 }
    }

    private func likedByGenre(_ movieLens: MovieLens, _ counts: [String: (views: Int, clicks: Int)]) -> Report.Section {
        let genres = Set(movieLens.films.values.flatMap(\.genres)).subtracting(["unknown"]).sorted()
        let rows = genres.map { genre -> [String] in
            let best = movieLens.films.values.filter { $0.genres.contains(genre) && (counts[$0.id]?.views ?? 0) >= 20 }
                .map { film in (film, Double(counts[film.id]!.clicks) / Double(counts[film.id]!.views)) }
                .sorted { ($0.1, $0.0.id) > ($1.1, $1.0.id) }.prefix(4)
            return [genre, best.map { "\($0.0.title) \(Format.percent($0.1))" }.joined(separator: ", ")]
        }
        return .table(
            "Best-liked films by genre",
            introduction: "By their share of clicks in the training period, of films with at least 20 ratings there.",
            Report.Table(head: ["Genre", "Films"], rows: rows))
    }

    private func map(_ movieLens: MovieLens, _ counts: [String: (views: Int, clicks: Int)]) -> Report.Section? {
        guard let table = model.namedParameters.first(where: { $0.name == "embedding.weight" })?.slot.tensor else {
            return nil
        }
        let schema = configuration.schema
        let field = schema.categories.firstIndex { $0.name == "film" }!
        let hash = FieldHash(field: "film", buckets: schema.categories[field].buckets)
        let shown = counts.sorted { ($0.value.views, $0.key) > ($1.value.views, $1.key) }.prefix(120)
            .map { movieLens.films[$0.key]! }
        guard shown.count > 10 else { return nil }
        let rows = shown.map { schema.offsets[field] + hash.bucket(of: $0.id) }
        let places = TSNE(perplexity: 15)(table.gathered(Tensor(rows))).places.elements(as: Double.self)
        // Few groups keep the colours apart.
        let groups = ["Children's", "Horror", "Sci-Fi", "Romance", "Thriller", "Comedy", "Drama"]
        let kinds = shown.map { film in groups.first { film.genres.contains($0) } ?? "other" }
        let series = (groups + ["other"]).compactMap { group -> Plot.Series? in
            let members = shown.indices.filter { kinds[$0] == group }
            guard !members.isEmpty else { return nil }
            return .init(
                group, members.map { .init(places[2 * $0], places[2 * $0 + 1]) }, style: .points,
                labels: members.map { shown[$0].title })
        }
        return .chart(
            "Map of films",
            introduction:
                "The vectors of the \(shown.count) films with the most ratings by t-SNE. Near films do alike in "
                + "the model; nobody told it their genres here.",
            Plot("Films", series: series, width: 1000, height: 640))
    }

    private var dataFacts: [(name: String, value: String)] {
        [
            (
                name: "Source",
                value: configuration.data ?? (configuration.simulatedLines == nil ? card.defaultData : data.name)
            ),
            (name: "To train on", value: Format.count(data.train.count)),
            (name: "To choose by", value: Format.count(data.validation.count)),
            (name: "To measure on", value: Format.count(data.test.count)),
            (
                name: "Clicked in the test period",
                value: Format.percent(Double(comparison.model.frozen.isClick.count { $0 }) / Double(data.test.count))
            ),
            (name: "Fields", value: configuration.schema.fieldNames.joined(separator: ", ")),
        ]
    }
}
