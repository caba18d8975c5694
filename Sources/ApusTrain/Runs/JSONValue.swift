/// Any JSON, to compare and show configurations whose types are known only where they are used.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// What `value` is in JSON.
    init(encoding value: some Encodable) throws {
        self = try JSONLine.decode(JSONValue.self, JSONLine.encode(value))
    }

    /// The settings that differ, by their path: `model.depth: 18 there, 34 here`.
    static func differences(_ there: JSONValue?, _ here: JSONValue?, at path: String = "") -> [String] {
        if there == here { return [] }
        guard case .object(let a)? = there, case .object(let b)? = here else {
            return ["\(path): \(there?.text ?? "not set") there, \(here?.text ?? "not set") here"]
        }
        let keys = Set(a.keys).union(b.keys).sorted()
        return keys.flatMap { differences(a[$0], b[$0], at: path.isEmpty ? $0 : "\(path).\($0)") }
    }

    /// As it stands in JSON, but for strings, which are plain.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
        case .string(let value): value
        case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
        case .object(let fields):
            "{" + fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", ") + "}"
        }
    }
}

extension JSONValue: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let values = try? container.decode([JSONValue].self) {
            self = .array(values)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let fields): try container.encode(fields)
        }
    }
}
