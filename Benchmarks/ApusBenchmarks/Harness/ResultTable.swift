import ApusGallery

/// Results under columns: those without any figure are left out.
package struct ResultTable {
    struct Column {
        let title: String
        var alignment = TextTable.Alignment.right
        let cell: (BenchmarkResult) -> String?
    }

    private let results: [BenchmarkResult]
    private let columns: [Column]
    /// What a column has no room for.
    private let remarks: [String]

    init(_ results: [BenchmarkResult], _ columns: [Column], remarks: [String] = []) {
        self.results = results
        self.columns = columns.filter { column in results.contains { column.cell($0) != nil } }
        self.remarks = remarks
    }

    package var text: String {
        var table = TextTable(header: columns.map(\.title), columns.map(\.alignment))
        for row in results { table.append(cells(row)) }
        return ([table.rendered()] + remarks).joined(separator: "\n")
    }

    package var markdown: String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        let rule = columns.map { $0.alignment == .left ? "---" : "---:" }
        let table = [line(columns.map(\.title)), line(rule)] + results.map { line(cells($0)) }
        let list = remarks.isEmpty ? [] : [""] + remarks.map { "- " + $0 }
        return (table + list).joined(separator: "\n")
    }

    private func cells(_ row: BenchmarkResult) -> [String] { columns.map { $0.cell(row) ?? "" } }
}

extension ResultTable.Column {
    static var workload: Self { Self(title: "Workload", alignment: .left) { $0.workload.name } }
}
