import Apus
import Foundation

/// Somebody who knows how likely clicks are: a model, or a server.
protocol ClickAsker {
    /// The answers to lines that are sound.
    func answers(to lines: [(text: String, line: ClickLine)]) throws -> [ClickAnswer]
}

/// How likely a click is.
struct ClickAnswer: Codable, Sendable {
    var probability: Double
    /// How many events the model had been trained on since it went into service; nil where it isn't in service.
    var version: Int?
    /// What speaks for a click, or against it where negative: how much lower the log-odds would be without the field.
    var reasons: [Reason] = []

    struct Reason: Codable, Sendable {
        var field: String
        var effect: Double

        var text: String { field + String(format: " %+.2f", effect) }
    }
}

/// A trained model that reads impressions.
struct ClickReader: ClickAsker {
    private let model: ClickModel
    private let schema: ClickSchema
    private let encoder: ClickEncoder
    private let predict: ClickPredictor
    private let reasonCount: Int

    init(_ model: ClickModel, _ schema: ClickSchema, reasonCount: Int) {
        (self.model, self.schema, self.reasonCount) = (model, schema, reasonCount)
        encoder = ClickEncoder(schema)
        predict = ClickPredictor(model)
    }

    func answers(to lines: [(text: String, line: ClickLine)]) -> [ClickAnswer] {
        lines.map { line in
            let probability = predict(encoder.batch(line.line.columns, 0..<1))[0]
            return ClickAnswer(probability: probability, reasons: reasons(line.line.columns))
        }
    }

    /// Each field left out in turn, and what that changes.
    private func reasons(_ columns: ClickColumns) -> [ClickAnswer.Reason] {
        guard reasonCount > 0 else { return [] }
        var variants = ClickColumns()
        let (numbers, categories) = (schema.numbers.indices, schema.categories.indices)
        for left in -1..<numbers.count + categories.count {
            variants.labels.append(0)
            variants.numbers += numbers.map { $0 == left ? 0 : columns.numbers[$0] }
            variants.rows += columns.rows
            variants.weights += weights(columns, without: left - numbers.count)
        }
        let logOdds = predict(encoder.batch(variants, 0..<variants.count)).map { log($0 / (1 - $0)) }
        return zip(schema.fieldNames, logOdds.dropFirst())
            .map { ClickAnswer.Reason(field: $0, effect: logOdds[0] - $1) }
            .sorted { abs($0.effect) > abs($1.effect) }.prefix(reasonCount).filter { $0.effect != 0 }
    }

    private func weights(_ columns: ClickColumns, without field: Int) -> [Float] {
        let ofFields = schema.categories.enumerated().flatMap { place, category in
            [Bool](repeating: place != field, count: category.capacity)
        }
        let ofCrosses = schema.crosses.flatMap { pair in
            [Bool](
                repeating: !pair.contains(field),
                count: schema.categories[pair[0]].capacity * schema.categories[pair[1]].capacity)
        }
        return zip(columns.weights, ofFields + ofCrosses).map { $1 ? $0 : 0 }
    }
}

/// The impressions of a user's files, with their probabilities.
final class ClickPredictions {
    private let asker: any ClickAsker
    private let encoder: ClickEncoder
    private let output: any SystemOutput
    private var rows: [(name: String, isClick: Bool?, answer: ClickAnswer)] = []
    private(set) var failureCount = 0

    /// Lines that are asked about together.
    private static let batchSize = 256
    /// Lines that a table shows.
    private static let shownCount = 40

    init(_ asker: any ClickAsker, _ encoder: ClickEncoder, _ output: any SystemOutput) {
        (self.asker, self.encoder, self.output) = (asker, encoder, output)
    }

    /// Reads a file, or standard input for `-`. A line that can't be read stops no other.
    func read(_ path: String) {
        do {
            let reader =
                path == "-"
                ? LineReader(descriptor: 0, name: "standard input")
                : try LineReader(contentsOf: URL(fileURLWithPath: path))
            var pending: [(name: String, text: String, line: ClickLine)] = []
            let before = rows.count + failureCount
            while let line = try reader.next() {
                if line.bytes.isEmpty { continue }
                do {
                    let parsed = try ClickLine(line.bytes, encoder)
                    pending.append((parsed.id ?? "\(line.number)", line.text, parsed))
                } catch {
                    fail(error, "\(path), line \(line.number)")
                }
                if pending.count == Self.batchSize { try answer(&pending) }
            }
            try answer(&pending)
            if rows.count + failureCount == before {
                throw InputError(path, "holds no impressions", remedy: "Write one a line")
            }
        } catch {
            fail(error, path)
        }
    }

    private func fail(_ error: any Error, _ input: String) {
        failureCount += 1
        let named = "\(error)".hasPrefix(input)
        output.fail(named ? error : InputError(input, "\(error)", remedy: ""), input: input)
    }

    private func answer(_ pending: inout [(name: String, text: String, line: ClickLine)]) throws {
        let asked = pending
        pending = []
        for (line, answer) in zip(asked, try asker.answers(to: asked.map { ($0.text, $0.line) })) {
            rows.append((line.name, line.line.isClick, answer))
            output.emit("prediction", PredictionEvent(input: line.name, isClick: line.line.isClick, answer: answer))
        }
    }

    /// The first ones as a table, and how good all are where it is known what happened.
    func show() {
        guard !rows.isEmpty else { return }
        var table = TextTable(
            header: ["Impression", "Probability", "Clicked", "What speaks for it, or against it"],
            [.right, .right, .left, .left])
        for row in rows.prefix(Self.shownCount) {
            table.append(
                row.name, Format.percent(row.answer.probability), row.isClick.map { $0 ? "yes" : "no" } ?? "",
                row.answer.reasons.map(\.text).joined(separator: ", "))
        }
        output.show(table.rendered())
        if rows.count > Self.shownCount { output.show("… \(Format.count(rows.count - Self.shownCount)) more") }
        let known = rows.filter { $0.isClick != nil }
        guard !known.isEmpty else { return }
        let evaluation = ClickEvaluation(known.map(\.answer.probability), known.map { $0.isClick! })
        let metrics = evaluation.metrics
        let text = ["auc", "logLoss", "calibrationRatio"].map { name in
            "\(MetricDescription.standard(name).title) \(MetricDescription.standard(name).text(metrics[name]!))"
        }
        output.show("\nOn \(Format.count(known.count)) labelled lines: \(text.joined(separator: ", "))")
    }

    var csv: String {
        "impression,probability,clicked,version\n"
            + rows.map { row in
                let name =
                    row.name.contains(where: { ",\"".contains($0) })
                    ? "\"\(row.name.replacingOccurrences(of: "\"", with: "\"\""))\"" : row.name
                let clicked = row.isClick.map { $0 ? "1" : "0" } ?? ""
                return "\(name),\(row.answer.probability),\(clicked),\(row.answer.version.map(String.init) ?? "")\n"
            }.joined()
    }
}

private struct PredictionEvent: Codable, Sendable {
    var input: String
    var isClick: Bool?
    var probability: Double
    var version: Int?
    var reasons: [ClickAnswer.Reason]

    init(input: String, isClick: Bool?, answer: ClickAnswer) {
        (self.input, self.isClick) = (input, isClick)
        (probability, version, reasons) = (answer.probability, answer.version, answer.reasons)
    }
}
