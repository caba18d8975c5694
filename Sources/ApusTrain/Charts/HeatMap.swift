/// A matrix as coloured cells: a confusion matrix, attention weights, correlations.
public struct HeatMap: Chart {
    /// How numbers become colours.
    public enum Palette: Hashable, Sendable {
        /// From nothing to the theme's colour.
        case sequential
        /// Two colours, for numbers under and over 0.
        case diverging
    }

    /// What the chart shows, in a few words.
    public var title: String
    /// What there is to see, in a sentence.
    public var summary: String
    /// `values[row][column]`; what is not finite stays blank.
    public var values: [[Double]]
    /// What is written in the cells, where there is room; nothing by default.
    public var texts: [[String]]?
    /// Names of the rows from top to bottom; none by default.
    public var rowLabels: [String]
    /// Names of the columns from left to right; none by default.
    public var columnLabels: [String]
    /// What the rows are; nothing by default.
    public var rowTitle: String
    /// What the columns are; nothing by default.
    public var columnTitle: String
    /// How numbers become colours; sequential by default.
    public var palette: Palette
    /// The number in full colour; by default the greatest magnitude.
    public var limit: Double?
    /// In pixels; 520 by default.
    public var width: Double

    public init(
        _ title: String, summary: String = "", values: [[Double]], texts: [[String]]? = nil, rowLabels: [String] = [],
        columnLabels: [String] = [], rowTitle: String = "", columnTitle: String = "", palette: Palette = .sequential,
        limit: Double? = nil, width: Double = 520
    ) {
        let columns = values.first?.count ?? 0
        precondition(values.allSatisfy { $0.count == columns }, "HeatMap: rows of different lengths")
        precondition(rowLabels.isEmpty || rowLabels.count == values.count, "HeatMap: labels for other than all rows")
        precondition(
            columnLabels.isEmpty || columnLabels.count == columns, "HeatMap: labels for other than all columns")
        precondition(
            texts.map { $0.map(\.count) == values.map(\.count) } ?? true, "HeatMap: texts for other than all cells")
        self.title = title
        self.summary = summary
        self.values = values
        self.texts = texts
        self.rowLabels = rowLabels
        self.columnLabels = columnLabels
        self.rowTitle = rowTitle
        self.columnTitle = columnTitle
        self.palette = palette
        self.limit = limit
        self.width = width
    }

    // MARK: Layout

    private var columns: Int { values.first?.count ?? 0 }
    private var left: Double {
        min(width * 0.3, (rowLabels.map { textWidth($0) }.max() ?? 0) + 10) + (rowTitle.isEmpty ? 0 : 22)
    }
    private var cell: Double { min(64, (width - left - 8) / Double(max(1, columns))) }
    private var cellHeight: Double { max(min(cell, 40), min(cell, 3)) }
    private var longestColumnLabel: Double { columnLabels.map { textWidth($0) }.max() ?? 0 }
    /// Labels that are wider than their column lean.
    private var leans: Bool { longestColumnLabel > cell - 4 }
    private var top: Double {
        let labels = columnLabels.isEmpty ? 0 : leans ? min(110, longestColumnLabel * 0.72 + 12) : 20
        return 6 + labels + (columnTitle.isEmpty ? 0 : 20)
    }

    /// In pixels, as much as the rows and labels need.
    public var height: Double { top + Double(values.count) * cellHeight + 8 }

    // MARK: Drawing

    /// The cells with their labels and titles.
    public var drawing: Markup {
        let limit = limit ?? values.joined().lazy.filter(\.isFinite).map { abs($0) }.max() ?? 1
        let cells = values.indices.map { row in
            "\((0..<columns).map { cellMarkup(row, $0, limit: limit) })" as Markup
        }
        return "\(cells)\(labels)\(titles)"
    }

    private func cellMarkup(_ row: Int, _ column: Int, limit: Double) -> Markup {
        let value = values[row][column]
        guard value.isFinite else { return "" }
        let strength = limit > 0 ? min(1, abs(value) / limit) : 0
        let (x, y) = (left + Double(column) * cell, top + Double(row) * cellHeight)
        let gap = cell > 8 ? 1.5 : 0
        let text = texts?[row][column]
        let names = [rowLabels, columnLabels].enumerated().compactMap { $1.isEmpty ? nil : $1[$0 == 0 ? row : column] }
        let note = (names + [text ?? Format.number(value)]).joined(separator: " · ")
        let rectangle: Markup = """
            <rect class="\(palette == .diverging && value < 0 ? "cold" : "warm")" x="\(x)" y="\(y)" \
            width="\(cell - gap)" height="\(cellHeight - gap)" rx="\(gap)" \
            fill-opacity="\(0.04 + 0.96 * strength)"><title>\(note)</title></rect>
            """
        guard let text, !text.isEmpty, textWidth(text, size: 11) <= cell - 4, cellHeight >= 14 else { return rectangle }
        let (middle, line) = (x + (cell - gap) / 2, y + (cellHeight - gap) / 2 + 4)
        return rectangle + """
            <text class="cell middle\(strength > 0.5 ? " strong" : "")" x="\(middle)" y="\(line)">\(text)</text>
            """
    }

    private var labels: Markup {
        let rows = rowLabels.enumerated().map { row, name -> Markup in
            let y = top + (Double(row) + 0.5) * cellHeight + 3.5
            let room = left - 10 - (rowTitle.isEmpty ? 0 : 22)
            return "<text class=\"tick end\" x=\"\(left - 7)\" y=\"\(y)\">\(fitted(name, width: room))</text>"
        }
        let heads = columnLabels.enumerated().map { column, name -> Markup in
            let x = left + (Double(column) + 0.5) * cell
            if leans {
                let text = fitted(name, width: 134)
                return "<text class=\"tick\" transform=\"translate(\(x) \(top - 6)) rotate(-45)\">\(text)</text>"
            }
            return "<text class=\"tick middle\" x=\"\(x)\" y=\"\(top - 7)\">\(name)</text>"
        }
        return cell >= 9 ? "\(rows)\(heads)" : "\(cellHeight >= 9 ? rows : [])"
    }

    private var titles: Markup {
        let (across, down) = (left + Double(columns) * cell / 2, top + Double(values.count) * cellHeight / 2)
        let columnName: Markup = "<text class=\"label middle\" x=\"\(across)\" y=\"14\">\(columnTitle)</text>"
        let rowName: Markup =
            "<text class=\"label middle\" transform=\"translate(13 \(down)) rotate(-90)\">\(rowTitle)</text>"
        return (columnTitle.isEmpty ? "" : columnName) + (rowTitle.isEmpty ? "" : rowName)
    }
}
