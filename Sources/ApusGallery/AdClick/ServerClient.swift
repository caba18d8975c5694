import Apus
import Foundation

/// A server that is asked in place of a model.
struct ServerClient: ClickAsker {
    private let client: LineClient
    private let path: String

    /// - Throws: `InputError` where none answers.
    init(_ path: String) throws {
        self.path = path
        client = try LineClient(path)
    }

    func answers(to lines: [(text: String, line: ClickLine)]) throws -> [ClickAnswer] {
        // Labels are not sent: a labelled line would be an event to learn from.
        let answers = try client.answers(to: lines.map { Self.withoutLabel($0.text) })
        return try answers.map { text in
            if let answer = try? JSONLine.decode(Answer.self, text) {
                return ClickAnswer(probability: answer.probability, version: answer.version)
            }
            throw InputError(path, "the server answered \(text)", remedy: "Ask the server of the same run's model")
        }
    }

    private struct Answer: Codable {
        var probability: Double
        var version: Int
    }

    static func withoutLabel(_ line: String) -> String {
        guard line.first == "{" else {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            return fields.count == 40 ? fields.dropFirst().joined(separator: "\t") : line
        }
        guard var object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
            object.removeValue(forKey: "click") != nil,
            let data = try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
        else { return line }
        return String(decoding: data, as: UTF8.self)
    }
}
