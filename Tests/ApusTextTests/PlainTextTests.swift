import ApusData
import ApusText
import Foundation
import Testing

@Suite struct PlainText {
    private func withFile(_ bytes: [UInt8], _ body: (URL) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).txt")
        try Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url)
    }

    @Test func lineBreaksAreOne() throws {
        try withFile(Array("one\r\ntwo\nthree – ß".utf8)) { url in
            let text = try plainText(contentsOf: url)
            #expect(text == "one\ntwo\nthree – ß")
        }
    }

    @Test func otherBytesAreRefused() throws {
        try withFile([0x61, 0xFF, 0x62]) { url in
            #expect(throws: DataError.self) { try plainText(contentsOf: url) }
        }
        try withFile([]) { url in #expect(throws: DataError.self) { try plainText(contentsOf: url) } }
    }
}
