import ApusNN
import Foundation

extension Report.Section {
    /// The metrics of a run with the baseline's beside them.
    public static func metrics(
        _ metrics: [String: Double], baseline: [String: Double] = [:], baselineName: String = "Baseline",
        descriptions: [MetricDescription] = [], introduction: String = ""
    ) -> Self {
        let names =
            descriptions.map(\.name) + metrics.keys.filter { key in !descriptions.contains { $0.name == key } }.sorted()
        let rows = names.filter { metrics[$0] != nil }.map { name -> [String] in
            let description = descriptions.first { $0.name == name } ?? .standard(name)
            let value = metrics[name] ?? .nan
            guard let other = baseline[name] else { return [description.title, description.text(value), "–", "–"] }
            let difference = value - other
            let sign = difference < 0 ? "−" : "+"
            let size = difference.magnitude
            let text = description.isShare ? String(format: "%.2f points", size * 100) : description.text(size)
            return [description.title, description.text(value), description.text(other), sign + text]
        }
        let hasBaseline = names.contains { baseline[$0] != nil }
        let head = ["Metric", "This model", baselineName, "Difference"]
        let table =
            hasBaseline
            ? Report.Table(head: head, rows: rows)
            : Report.Table(head: Array(head.prefix(2)), rows: rows.map { Array($0.prefix(2)) })
        return .table("Results", introduction: introduction, table)
    }

    /// Loss and other metrics over the course of a run, from its events.
    ///
    /// - Parameter baseline: drawn across the chart of the metric of the same name.
    public static func learningCurves(_ events: [RunEvent], baseline: [String: Double] = [:]) -> Self {
        let history = RunHistory(events)
        var charts = history.metricNames.map { history.chart(of: $0, baseline: baseline[$0]) as any Chart }
        if let rate = history.learningRates { charts.append(rate) }
        var section = Self.charts("Learning curves", charts)
        if let table = history.epochTable {
            let details: Markup = "<details><summary>The numbers of each epoch</summary>\(table.markup)</details>"
            section.body = section.body + details
        }
        return section
    }

    /// Which classes are taken for which, and how well each is told.
    ///
    /// - Parameter classes: the classes' names; numbers where empty.
    public static func confusionMatrix(_ matrix: ConfusionMatrix, classes: [String] = []) -> Self {
        let names = classes.isEmpty ? (0..<matrix.classCount).map(String.init) : classes
        precondition(
            names.count == matrix.classCount, "confusionMatrix: \(names.count) names for \(matrix.classCount) classes")
        let shares = (0..<matrix.classCount).map { actual -> [Double] in
            let count = Double(max(1, matrix.actualCount(actual)))
            // The root makes rare mistakes visible beside the many right answers.
            return (0..<matrix.classCount).map { (Double(matrix[actual: actual, predicted: $0]) / count).squareRoot() }
        }
        let texts = (0..<matrix.classCount).map { actual in
            (0..<matrix.classCount).map { predicted -> String in
                let count = matrix[actual: actual, predicted: predicted]
                return count == 0 ? "" : Format.count(count)
            }
        }
        let map = HeatMap(
            "How often each class was taken for each", summary: worstConfusion(matrix, names), values: shares,
            texts: texts,
            rowLabels: names, columnLabels: names, rowTitle: "True class", columnTitle: "Predicted class", limit: 1,
            width: 760)
        let figure = Self.chart("Confusion matrix", map)
        let rows = (0..<matrix.classCount).map { label -> [String] in
            let scores = matrix.scores(of: label)
            return [names[label]] + percents(scores) + [Format.count(matrix.actualCount(label))]
        }
        let table = Report.Table(
            head: ["Class", "Precision", "Recall", "F1", "Examples"], rows: rows,
            foot: ["Mean over classes"] + percents(matrix.macro) + [Format.count(matrix.total)])
        let heading: Markup = "<h3>Scores by class</h3>"
        return Self(
            "Confusion matrix",
            introduction:
                "Rows are the true classes, columns what the model said. Colour grows with the share of the row.",
            body: figure.body + heading + table.markup)
    }

    private static func percents(_ scores: ClassificationScores) -> [String] {
        [scores.precision, scores.recall, scores.f1].map(Format.percent)
    }

    private static func worstConfusion(_ matrix: ConfusionMatrix, _ names: [String]) -> String {
        let pairs = (0..<matrix.classCount).flatMap { a in (0..<matrix.classCount).filter { $0 != a }.map { (a, $0) } }
        guard
            let (a, b) = pairs.max(by: { matrix[actual: $0.0, predicted: $0.1] < matrix[actual: $1.0, predicted: $1.1] }
            ),
            matrix[actual: a, predicted: b] > 0
        else { return "No example was mistaken." }
        let count = Format.count(matrix[actual: a, predicted: b])
        return
            "The most frequent mistake: \(names[a]) taken for \(names[b]), \(count) of \(Format.count(matrix.actualCount(a)))."
    }

    /// The layers of a model, their outputs and their costs.
    public static func model(_ summary: Summary, introduction: String = "") -> Self {
        let rows = summary.rows.map { row in
            [
                row.name.isEmpty ? "(model)" : row.name, row.kind,
                row.outputShapes.isEmpty ? "–" : row.outputShapes.map(shapeText).joined(separator: ", "),
                row.parameterCount == 0 ? "–" : Format.count(row.parameterCount),
                row.multiplyAdds == 0 ? "–" : Format.short(Double(row.multiplyAdds)),
            ]
        }
        let total = [
            "Total", summary.kind, shapeText(summary.outputShape), Format.count(summary.parameterCount),
            Format.short(Double(summary.multiplyAdds)),
        ]
        return .table(
            "Model", introduction: introduction,
            Report.Table(head: ["Layer", "Kind", "Output", "Parameters", "Multiply–adds"], rows: rows, foot: total))
    }

    private static func shapeText(_ shape: Shape) -> String { shape.map(String.init).joined(separator: " × ") }

    /// What the run ran on.
    public static func machine(_ machine: Machine) -> Self { .facts("Machine", machine.facts) }

    /// What makes the run again: the command line, the seed, the settings.
    public static func reproduction(
        commandLine: String, seed: UInt64, seconds: Double, settings: [(name: String, value: String)] = []
    ) -> Self {
        let facts =
            [(name: "Seed", value: String(seed)), (name: "Duration", value: Format.duration(seconds))] + settings
        return Self(
            "How to do it again", body: "<pre>\(commandLine)</pre>\(Report.facts(facts))")
    }

    /// Which data the run used, where they come from, and under which terms.
    public static func data(_ facts: [(name: String, value: String)]) -> Self { .facts("Data", facts) }
}
