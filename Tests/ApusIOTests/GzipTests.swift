import ApusIO
import Foundation
import Testing

@Suite struct Gzip {
    private let text = Data(String(repeating: "the common swift sleeps on the wing\n", count: 200).utf8)

    @Test(arguments: ["text.gz", "members.gz"])
    func whole(_ name: String) throws {
        #expect(try gunzip(Data(contentsOf: fixture(name))) == text)
    }

    @Test func nothing() throws {
        #expect(try gunzip(Data(contentsOf: fixture("empty.gz"))).isEmpty)
    }

    @Test(arguments: ["text.gz", "members.gz"])
    func pieceByPiece(_ name: String) throws {
        let reader = try GzipReader(contentsOf: fixture(name))
        var content = Data()
        while case let piece = try reader.read(upTo: 7), !piece.isEmpty { content += piece }
        #expect(content == text)
        #expect(try reader.read(upTo: 7).isEmpty)
    }

    @Test func everyTruncationIsSeen() throws {
        let data = try Data(contentsOf: fixture("text.gz"))
        for count in 0..<data.count {
            expectFormatError("images.gz", "truncated") { _ = try gunzip(data.prefix(count), name: "images.gz") }
        }
    }

    @Test func theLimitHolds() throws {
        let data = try Data(contentsOf: fixture("text.gz"))
        #expect(try gunzip(data, limit: text.count) == text)
        expectFormatError("more than 7199 bytes") { _ = try gunzip(data, limit: text.count - 1) }
        expectFormatError("more than 0 bytes") { _ = try gunzip(data, limit: 0) }
    }

    @Test func otherData() throws {
        let data = try Data(contentsOf: fixture("text.gz"))
        expectFormatError("incorrect header") { _ = try gunzip(Data("plain text".utf8)) }
        expectFormatError("something else follows") { _ = try gunzip(data + Data("plain text".utf8)) }
        expectFormatError("truncated") { _ = try gunzip(data + data.prefix(5)) }
        var damaged = data
        damaged[damaged.count - 5] ^= 1
        expectFormatError("incorrect") { _ = try gunzip(damaged) }
    }
}
