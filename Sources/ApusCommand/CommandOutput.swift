import Apus
import ApusGallery
import Foundation

/// Results on standard output: text for a person, or JSON lines for a program. Progress and warnings go to standard error.
final class CommandOutput: SystemOutput {
    let isJSON: Bool
    private let start = Date()

    init(isJSON: Bool) { self.isJSON = isJSON }

    var seconds: Double { Date().timeIntervalSince(start) }

    var observers: [any RunObserver] {
        let display = ProgressDisplay(unit: "examples")
        return isJSON ? [EventStream(), display] : [display]
    }

    func show(_ text: String) {
        guard !isJSON else { return }
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    func stream(_ text: String) {
        guard !isJSON else { return }
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    func emit(_ kind: String, _ fields: some Encodable & Sendable) {
        guard isJSON, let line = try? JSONLine.encode(Event(kind: kind, fields: fields)) else { return }
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    func fail(_ error: any Error, input: String) {
        emit("error", InputFailure(input: input, message: "\(error)"))
        FileHandle.standardError.write(Data("apus: \(error)\n".utf8))
    }

    func progressBar(_ label: String, total: Int?, unit: String) -> ProgressBar {
        ProgressBar(label, total: total, unit: unit)
    }

    /// The last line for a program: what a system reached.
    func finish(_ event: RunEvent.Finished) {
        guard isJSON else { return }
        EventStream().receive(.finished(event))
    }

    /// The last line for a program of a command that measures nothing.
    func finish(_ command: String, system: String? = nil) {
        emit("finished", CommandFinished(command: command, system: system, seconds: seconds))
    }
}

/// An event's kind with its fields beside it.
private struct Event<Fields: Encodable>: Encodable {
    let kind: String
    let fields: Fields

    private enum CodingKeys: String, CodingKey { case event }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .event)
        try fields.encode(to: encoder)
    }
}

private struct InputFailure: Encodable, Sendable {
    let input: String
    let message: String
}

private struct CommandFinished: Encodable, Sendable {
    let command: String
    let system: String?
    var metrics: [String: Double] = [:]
    var baseline: [String: Double] = [:]
    let seconds: Double
}
