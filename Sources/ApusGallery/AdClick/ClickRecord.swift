import Apus
import Foundation

/// What is known of one impression, by the fields of a schema.
package struct ClickRecord: Hashable, Sendable {
    /// Nil where it is asked for.
    package var isClick: Bool?
    /// In the schema's order, nil where missing.
    package var numbers: [Double?]
    /// In the schema's order; several values in a bag, none where missing.
    package var categories: [[String]]

    package init(isClick: Bool?, numbers: [Double?], categories: [[String]]) {
        (self.isClick, self.numbers, self.categories) = (isClick, numbers, categories)
    }
}

extension ClickRecord {
    /// Keys of an object that are no fields.
    static let others: Set<String> = ["id", "click", "title", "time"]

    /// An impression from the fields of a JSON object: numbers as numbers, categories as strings, bags as arrays of strings, `click` as 0 or 1.
    /// A field that is left out is missing.
    ///
    /// - Throws: `InputError` naming the field.
    package init(_ object: [String: Any], _ schema: ClickSchema) throws {
        func problem(_ name: String, _ expected: String) -> InputError {
            InputError(
                "“\(name)”", "is \(object[name] ?? "missing"), and \(expected) is expected", remedy: "Correct it")
        }
        let known = Set(schema.fieldNames)
        if let name = object.keys.sorted().first(where: { !known.contains($0) && !Self.others.contains($0) }) {
            throw InputError.unknown("field", name, of: "The model has", among: schema.fieldNames)
        }
        if let click = object["click"], !(click is NSNull) {
            guard let value = (click as? NSNumber)?.doubleValue, value == 0 || value == 1 else {
                throw problem("click", "0 or 1")
            }
            isClick = value == 1
        }
        numbers = try schema.numbers.map { field in
            guard let value = object[field.name], !(value is NSNull) else { return nil }
            guard let number = value as? NSNumber, number.doubleValue.isFinite else {
                throw problem(field.name, "a number")
            }
            return number.doubleValue
        }
        categories = try schema.categories.map { field in
            switch object[field.name] {
            case nil, is NSNull: return schema.kind == .criteo ? [""] : []
            case let values as [Any] where field.capacity > 1:
                guard let texts = values as? [String] else { throw problem(field.name, "an array of strings") }
                return texts
            case let value as String: return [value]
            case let value as NSNumber: return ["\(value)"]
            default: throw problem(field.name, field.capacity > 1 ? "an array of strings" : "a string")
            }
        }
    }

    /// The same as a JSON object on one line.
    package func line(_ schema: ClickSchema) -> String {
        var parts: [String] = []
        func quoted(_ text: String) -> String { (try? JSONLine.encode(text)) ?? "\"\"" }
        if let isClick { parts.append("\"click\":\(isClick ? 1 : 0)") }
        for (field, values) in zip(schema.categories, categories) {
            if field.capacity > 1 {
                parts.append("\(quoted(field.name)):[\(values.map(quoted).joined(separator: ","))]")
            } else if let value = values.first {
                parts.append("\(quoted(field.name)):\(quoted(value))")
            }
        }
        for (field, value) in zip(schema.numbers, numbers) {
            if let value { parts.append("\(quoted(field.name)):\(value)") }
        }
        return "{\(parts.joined(separator: ","))}"
    }
}

/// A line that holds an impression: a JSON object, or, of Criteo's fields, the values with tabs between them.
package struct ClickLine {
    /// What an answer is to be told by, as JSON; nil where the line names nothing.
    package let id: String?
    package let isClick: Bool?
    /// The impression alone.
    package let columns: ClickColumns

    /// - Throws: `InputError` or `DataError` saying what is wrong with the line.
    package init(_ bytes: ArraySlice<UInt8>, _ encoder: ClickEncoder) throws {
        var columns = ClickColumns()
        if encoder.schema.kind == .criteo, bytes.first != 0x7B {
            let line = try CriteoLine(bytes)
            encoder.append(line, to: &columns)
            (id, isClick) = (nil, line.isClick)
        } else {
            guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
                let format = encoder.schema.kind == .criteo ? " and no line of Criteo's format" : ""
                throw InputError(
                    "“\(String(decoding: bytes.prefix(40), as: UTF8.self))”", "is no JSON object\(format)",
                    remedy: "Write one impression a line: {\"\(encoder.schema.fieldNames[0])\": …}")
            }
            let record = try ClickRecord(object, encoder.schema)
            encoder.append(record, to: &columns)
            id = try object["id"].map(Self.text)
            isClick = record.isClick
        }
        self.columns = columns
    }

    /// What a line that is wrong otherwise names itself, as JSON.
    static func id(of bytes: ArraySlice<UInt8>) -> String? {
        let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        return object?["id"].flatMap { try? text($0) }
    }

    private static func text(_ id: Any) throws -> String {
        switch id {
        case let text as String: return try JSONLine.encode(text)
        case let number as NSNumber: return "\(number)"
        default: throw InputError("“id”", "is neither a string nor a number", remedy: "Correct it")
        }
    }
}
