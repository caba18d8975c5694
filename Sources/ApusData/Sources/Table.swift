import ApusTensor
import Foundation

/// Columns of numbers and text, read from comma-separated values (RFC 4180).
///
/// ```swift
/// let table = try Table(contentsOf: url)
/// let x = try table.tensor(columns: ["height", "weight"])     // (rows, 2), float32
/// let (labels, classNames) = try table.classes(column: "species")
/// ```
public struct Table: Sendable {
    /// What a column holds.
    public enum ColumnType: String, Sendable, Codable {
        case integer, number, text
    }

    /// A column's values, nil where one is missing.
    public enum Values: Sendable, Hashable {
        case integers([Int?])
        case numbers([Double?])
        case text([String?])
    }

    /// A named column, one value a row.
    public struct Column: Sendable, Hashable {
        /// The name that the table finds it by.
        public let name: String
        /// The values in the order of the rows.
        public let values: Values

        /// What the values are.
        public var type: ColumnType {
            switch values {
            case .integers: .integer
            case .numbers: .number
            case .text: .text
            }
        }

        /// Rows without a value.
        public var missingCount: Int {
            switch values {
            case .integers(let values): values.count { $0 == nil }
            case .numbers(let values): values.count { $0 == nil }
            case .text(let values): values.count { $0 == nil }
            }
        }

        /// Rows whose number is NaN or infinite.
        public var nonFiniteCount: Int {
            guard case .numbers(let values) = values else { return 0 }
            return values.count { $0.map { !$0.isFinite } ?? false }
        }
    }

    /// How to read a file.
    public struct Options: Sendable {
        /// Whether the first line names the columns; nil finds out: it does where none of its fields is a number.
        public var hasHeader: Bool?
        /// What is between two fields; a comma by default.
        public var separator: Character
        /// Types by column name; the others are found from their values.
        public var types: [String: ColumnType]
        /// Fields that mean that there is no value.
        public var missing: Set<String>

        public init(
            hasHeader: Bool? = nil, separator: Character = ",", types: [String: ColumnType] = [:],
            missing: Set<String> = ["", "NA", "N/A", "null", "?"]
        ) {
            self.hasHeader = hasHeader
            self.separator = separator
            self.types = types
            self.missing = missing
        }
    }

    /// What errors call the table, such as its file's path.
    public let source: String
    /// The columns in the file's order.
    public let columns: [Column]
    /// Rows without the header.
    public let rowCount: Int
    /// The line of the file that each row begins at, counted from 1.
    private let lines: [Int]

    /// Reads a file, plain or gzipped.
    ///
    /// - Throws: `DataError` that names file, line and column: missing, empty, broken quotes, rows of different
    ///   lengths, a field that isn't of its column's type.
    public init(contentsOf url: URL, options: Options = Options()) throws {
        let data = try readFile(url)
        do {
            try self.init(decoding: ungzipped(data), options: options, source: url.path)
        } catch let error as DataError {
            throw error.about(url.path)
        }
    }

    /// Decodes UTF-8 text.
    public init(decoding data: Data, options: Options = Options(), source: String = "CSV data") throws {
        guard let separator = options.separator.asciiValue else {
            preconditionFailure("Table: the separator “\(options.separator)” must be an ASCII character")
        }
        let parser = try CSVParser([UInt8](data), separator: separator)
        let fields = Fields(parser, missing: options.missing)
        guard !parser.records.isEmpty else { throw DataError(.empty, source, "there are no rows") }
        let width = parser.fieldCount(0)
        for record in parser.records.indices where parser.fieldCount(record) != width {
            throw DataError(
                .corrupt, source,
                "line \(parser.records[record].line): \(parser.fieldCount(record)) fields, and \(width) are expected",
                remedy: "Every line needs as many fields as the first")
        }
        let hasHeader = options.hasHeader ?? (0..<width).allSatisfy { fields.number(0, $0) == nil }
        let names = try hasHeader ? (0..<width).map { try fields.text(0, $0) } : (1...width).map { "column\($0)" }
        let rows = (hasHeader ? 1 : 0)..<parser.records.count
        guard !rows.isEmpty else { throw DataError(.empty, source, "there is a header, but no rows") }
        for name in options.types.keys where !names.contains(name) {
            throw DataError(.missing, source, "no column “\(name)”; there are \(names.joined(separator: ", "))")
        }

        self.source = source
        lines = rows.map { parser.records[$0].line }
        rowCount = rows.count
        columns = try names.enumerated().map { index, name in
            let type = options.types[name] ?? fields.inferredType(rows, index)
            return Column(name: name, values: try fields.values(rows, index, type, name: name))
        }
    }

    /// The column of a name.
    public func column(_ name: String) throws -> Column {
        guard let column = columns.first(where: { $0.name == name }) else {
            throw DataError(
                .missing, source, "no column “\(name)”",
                remedy: "There are \(columns.map(\.name).joined(separator: ", "))")
        }
        return column
    }

    /// What stands in for a value that is missing or not finite.
    public enum MissingPolicy: Sendable {
        /// An error that names the line and the column.
        case report
        case fill(Double)
    }

    /// Columns of numbers side by side: (rows, columns).
    ///
    /// - Throws: `DataError` for a column that isn't there or isn't of numbers, and, unless filled, for the first value
    ///   that is missing, NaN or infinite, with its line.
    public func tensor(columns names: [String], missing policy: MissingPolicy = .report, dtype: DType = .float32) throws
        -> Tensor
    {
        let columns = try names.map { try numbers($0, policy) }
        var values = [Double]()
        values.reserveCapacity(rowCount * columns.count)
        for row in 0..<rowCount {
            for column in columns { values.append(column[row]) }
        }
        return Tensor(values, shape: [rowCount, columns.count], dtype: dtype)
    }

    /// A column of numbers.
    public func numbers(_ name: String, _ policy: MissingPolicy = .report) throws -> [Double] {
        let values: [Double?] =
            switch try column(name).values {
            case .integers(let values): values.map { $0.map(Double.init) }
            case .numbers(let values): values
            case .text:
                throw DataError(
                    .mismatch, source, "column “\(name)” holds text, and numbers are asked for",
                    remedy: "Use classes(column:) for categories")
            }
        return try values.enumerated().map { row, value in
            if let value, value.isFinite { return value }
            if case .fill(let substitute) = policy { return substitute }
            let what = value.map { "\($0)" } ?? "no value"
            throw DataError(
                .mismatch, source, "line \(lines[row]), column “\(name)”: \(what)",
                remedy: "Remove the row, or say what to fill in")
        }
    }

    /// A column as classes: the row's class numbers, and the classes' names in order (numbers by value, text by
    /// alphabet).
    public func classes(column name: String) throws -> (labels: [Int], classNames: [String]) {
        switch try column(name).values {
        case .integers(let values): return try classes(values, name)
        case .numbers(let values): return try classes(values, name)
        case .text(let values): return try classes(values, name)
        }
    }

    private func classes<Value: Hashable & Comparable>(_ values: [Value?], _ name: String) throws -> ([Int], [String]) {
        let names = Set(values.compactMap { $0 }).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
        let labels = try values.enumerated().map { row, value in
            guard let value, let number = numbers[value] else {
                throw DataError(
                    .mismatch, source, "line \(lines[row]), column “\(name)”: no class", remedy: "Remove the row")
            }
            return number
        }
        return (labels, names.map { "\($0)" })
    }
}

/// The fields of a parsed file, seen as values.
private struct Fields {
    let parser: CSVParser
    private let missing: [[UInt8]]

    init(_ parser: CSVParser, missing: Set<String>) {
        self.parser = parser
        self.missing = missing.map { Array($0.utf8) }
    }

    private func bytes(_ record: Int, _ column: Int) -> ArraySlice<UInt8> {
        parser.text[parser.fieldRange(parser.records[record].firstField + column)]
    }

    private func isMissing(_ record: Int, _ column: Int) -> Bool {
        let field = bytes(record, column)
        return missing.contains { $0.elementsEqual(field) }
    }

    func integer(_ record: Int, _ column: Int) -> Int? {
        Int(String(decoding: bytes(record, column), as: UTF8.self))
    }

    func number(_ record: Int, _ column: Int) -> Double? {
        Double(String(decoding: bytes(record, column), as: UTF8.self))
    }

    func text(_ record: Int, _ column: Int) throws -> String {
        guard let text = String(validating: bytes(record, column), as: UTF8.self) else {
            throw problem(record, "column \(column + 1)", "not UTF-8 text")
        }
        return text
    }

    /// Integer where every value is one, else number where every value is one, else text.
    func inferredType(_ records: Range<Int>, _ column: Int) -> Table.ColumnType {
        var type = Table.ColumnType.integer
        for record in records where !isMissing(record, column) {
            if type == .integer, integer(record, column) != nil { continue }
            guard number(record, column) != nil else { return .text }
            type = .number
        }
        return type
    }

    func values(_ records: Range<Int>, _ column: Int, _ type: Table.ColumnType, name: String) throws -> Table.Values {
        func read<Value>(_ convert: (Int) throws -> Value?) throws -> [Value?] {
            try records.map { record in
                if isMissing(record, column) { return nil }
                guard let value = try convert(record) else {
                    let field = String(decoding: bytes(record, column).prefix(40), as: UTF8.self)
                    throw problem(
                        record, "column “\(name)”", "“\(field)” isn't \(type == .integer ? "an integer" : "a number")")
                }
                return value
            }
        }
        switch type {
        case .integer: return .integers(try read { integer($0, column) })
        case .number: return .numbers(try read { number($0, column) })
        case .text: return .text(try read { try text($0, column) })
        }
    }

    private func problem(_ record: Int, _ column: String, _ text: String) -> DataError {
        DataError(
            .corrupt, "CSV data", "line \(parser.records[record].line), \(column): \(text)",
            remedy: "Correct the field, or give the column's type or the marks of missing values")
    }
}
