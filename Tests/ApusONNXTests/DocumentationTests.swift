import ApusONNX
import Foundation
import Testing

@Suite struct DocumentationTests {
    @Test func theTableOfOperatorsIsComplete() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../docs/onnx.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") && $0.contains(".swift`") }
        let listed = rows.flatMap { row -> [String] in
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return cells[2].components(separatedBy: ", ")
        }
        let known = OperatorTable.standard.names.map { $0.components(separatedBy: ".").last! }
        #expect(Set(listed).symmetricDifference(known).isEmpty)
        #expect(listed.count == Set(listed).count)
    }
}
