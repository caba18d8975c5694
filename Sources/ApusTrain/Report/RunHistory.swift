/// The course of a run's numbers, gathered from its events.
struct RunHistory {
    private var steps: [RunEvent.Step] = []
    private var epochs: [RunEvent.Epoch] = []
    private var evaluations: [RunEvent.Evaluation] = []

    init(_ events: [RunEvent]) {
        for event in events {
            switch event {
            case .step(let step): steps.append(step)
            case .epoch(let epoch): epochs.append(epoch)
            case .evaluation(let evaluation): evaluations.append(evaluation)
            default: break
            }
        }
    }

    /// The loss first. The learning rate has a chart of its own kind.
    var metricNames: [String] {
        let names = Set(steps.flatMap(\.metrics.keys) + evaluations.flatMap(\.metrics.keys)).subtracting([
            "learningRate"
        ])
        return names.sorted { ($0 == "loss" ? "" : $0) < ($1 == "loss" ? "" : $1) }
    }

    /// A metric in training, step by step, and in evaluation.
    func chart(of name: String, baseline: Double?) -> Plot {
        let description = MetricDescription.standard(name)
        let training = steps.compactMap { step in step.metrics[name].map { Plot.Point(Double(step.step), $0) } }
        let evaluated = evaluations.compactMap { event in event.metrics[name].map { Plot.Point(Double(event.step), $0) }
        }
        var series: [Plot.Series] = []
        if training.count > 40 {
            let raw = Plot.Series("", training, style: .faintLine, color: 0)
            series.append(raw)
            series.append(named("Training", raw.smoothed(window: Double(training.count) / 20)))
        } else if !training.isEmpty {
            series.append(Plot.Series("Training", training, color: 0))
        }
        if !evaluated.isEmpty { series.append(Plot.Series("Evaluation", evaluated, color: 1)) }
        let values = (training + evaluated).map(\.y).filter(\.isFinite)
        let spread = (values.max() ?? 1) / max(values.min() ?? 1, .leastNormalMagnitude)
        let scale: Axis.Scale =
            !description.isShare && spread > 1000 && (values.min() ?? 0) > 0 ? .logarithmic : .linear
        return Plot(
            description.title,
            summary: summary(description, evaluated.isEmpty ? training : evaluated, isJudged: !evaluated.isEmpty),
            x: Axis("Step"), y: Axis(scale: scale, style: description.isShare ? .percent : .number), series: series,
            rules: baseline.map { [Plot.Rule("Baseline", y: $0)] } ?? [])
    }

    private func named(_ name: String, _ series: Plot.Series) -> Plot.Series {
        var series = series
        series.name = name
        series.style = .line
        return series
    }

    /// - Parameter isJudged: whether the best value means anything; a single batch's does not.
    private func summary(_ description: MetricDescription, _ points: [Plot.Point], isJudged: Bool) -> String {
        guard let first = points.first, let last = points.last, points.count > 1 else { return "" }
        let course = "From \(description.text(first.y)) to \(description.text(last.y))"
        guard isJudged else { return course + "." }
        let best = points.reduce(first) { description.isBetter($1.y, than: $0.y) ? $1 : $0 }
        return "\(course); best \(description.text(best.y)) at step \(Format.count(Int(best.x)))."
    }

    /// nil where the learning rate never changed.
    var learningRates: Plot? {
        let points = steps.compactMap { step in step.metrics["learningRate"].map { Plot.Point(Double(step.step), $0) } }
        guard Set(points.map(\.y)).count > 1 else { return nil }
        return Plot("Learning rate", x: Axis("Step"), series: [Plot.Series("", points, color: 2)])
    }

    var epochTable: Report.Table? {
        guard !epochs.isEmpty else { return nil }
        let names = Set(epochs.flatMap(\.metrics.keys)).sorted()
        let rows = epochs.map { epoch in
            ["\(epoch.epoch + 1)"]
                + names.map { name in epoch.metrics[name].map(MetricDescription.standard(name).text) ?? "–" }
                + [Format.duration(epoch.seconds)]
        }
        return Report.Table(
            head: ["Epoch"] + names.map { MetricDescription.standard($0).title } + ["Duration"], rows: rows)
    }
}
