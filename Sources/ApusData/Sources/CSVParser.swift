import Foundation

/// Splits comma-separated text into fields, as RFC 4180 has them, with any separator and any kind of line end.
struct CSVParser {
    /// All fields' text, quotes removed, end to end.
    private(set) var text: [UInt8] = []
    /// Where each field ends in `text`.
    private(set) var ends: [Int] = []
    /// The first field of each record, and the line that the record begins at, counted from 1.
    private(set) var records: [(firstField: Int, line: Int)] = []

    private let bytes: [UInt8]
    private let separator: UInt8
    private var position = 0
    private var line = 1

    private static let quote = UInt8(ascii: "\"")
    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    init(_ bytes: [UInt8], separator: UInt8) throws {
        self.bytes = bytes
        self.separator = separator
        text.reserveCapacity(bytes.count)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }  // byte order mark
        while position < bytes.count { try parseRecord() }
    }

    func fieldRange(_ field: Int) -> Range<Int> { (field == 0 ? 0 : ends[field - 1])..<ends[field] }

    func fieldCount(_ record: Int) -> Int {
        let end = record + 1 < records.count ? records[record + 1].firstField : ends.count
        return end - records[record].firstField
    }

    private mutating func parseRecord() throws {
        if endLine() { return }  // an empty line is no record
        records.append((ends.count, line))
        while true {
            try parseField()
            if position < bytes.count, bytes[position] == separator {
                position += 1
                continue
            }
            if position == bytes.count || endLine() { return }
            throw problem("text after a closing quote", column: ends.count - records[records.count - 1].firstField)
        }
    }

    private mutating func parseField() throws {
        if position < bytes.count, bytes[position] == Self.quote {
            try parseQuoted()
        } else {
            while position < bytes.count {
                let byte = bytes[position]
                if byte == separator || byte == Self.newline || byte == Self.carriageReturn { break }
                if byte == Self.quote { throw problem("a quote inside of a field that doesn't begin with one") }
                text.append(byte)
                position += 1
            }
        }
        ends.append(text.count)
    }

    /// Inside of quotes, separators and line ends are text, and a quote is written twice.
    private mutating func parseQuoted() throws {
        let start = line
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Self.quote {
                guard position < bytes.count, bytes[position] == Self.quote else { return }
                position += 1
            }
            if byte == Self.newline { line += 1 }
            text.append(byte)
        }
        throw problem("the quote that line \(start) opens is never closed")
    }

    /// Steps over a line end, if one is here.
    private mutating func endLine() -> Bool {
        guard position < bytes.count else { return false }
        if bytes[position] == Self.carriageReturn {
            position += position + 1 < bytes.count && bytes[position + 1] == Self.newline ? 2 : 1
        } else if bytes[position] == Self.newline {
            position += 1
        } else {
            return false
        }
        line += 1
        return true
    }

    /// - Parameter column: counted from 1; the field that is being read unless given.
    private func problem(_ text: String, column: Int? = nil) -> DataError {
        let column = column ?? ends.count - (records.last?.firstField ?? 0) + 1
        return DataError(
            .corrupt, "CSV data", "line \(line), column \(column): \(text)",
            remedy: "Put the field into quotes and double the quotes in it (RFC 4180)")
    }
}
