/// Rows of text in aligned columns.
public struct TextTable {
    /// The side on which a column's cells are flush.
    public enum Alignment: Sendable {
        case left
        case right
    }

    private let alignments: [Alignment]
    private var rows: [[String]]
    private let hasHeader: Bool

    /// - Parameters:
    ///   - header: the columns' titles; none where nil
    ///   - alignments: of the columns
    public init(header: [String]? = nil, _ alignments: [Alignment]) {
        self.alignments = alignments
        hasHeader = header != nil
        rows = header.map { [$0] } ?? []
    }

    /// Adds a row, one cell a column; traps on another count.
    public mutating func append(_ cells: String...) { append(cells) }

    /// Adds a row, one cell a column; traps on another count.
    public mutating func append(_ cells: [String]) {
        precondition(cells.count == alignments.count, "TextTable: \(cells.count) cells for \(alignments.count) columns")
        rows.append(cells)
    }

    /// One line a row, with a rule under the header.
    public func rendered(unicode: Bool = true) -> String {
        let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { line($0, widths) }
        if hasHeader {
            let rule = widths.map { String(repeating: unicode ? "─" : "-", count: $0) }
            lines.insert(line(rule, widths), at: 1)
        }
        return lines.joined(separator: "\n")
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (column, cell) in cells.enumerated() {
            let space = String(repeating: " ", count: widths[column] - cell.count)
            text += column == 0 ? "" : "  "
            text += alignments[column] == .left ? cell + space : space + cell
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}
