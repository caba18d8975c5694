import ApusData
import ApusIO
import Foundation

/// A Bible from a SWORD module with compressed texts (`zText`): verses of both testaments with their references.
///
/// A testament has three files. `bzs` says for each block where it lies in `bzz`, as three 32-bit numbers: offset, size, and
/// size unpacked. `bzv` says for each entry in which block it lies, where, and how long it is: 32, 32 and 16 bits. Entries are
/// headings and verses in the order of the module's canon; a chapter's heading names it (`osisID="Gen.1"`), and its verses
/// follow one by one.
public struct SwordBible: Sendable {
    /// Where a verse stands: `Gen 1:1`.
    public struct Reference: Hashable, Sendable, CustomStringConvertible {
        /// The book by its OSIS name: `Gen`, `1Cor`.
        public var book: String
        public var chapter: Int
        public var verse: Int

        public var description: String { "\(book) \(chapter):\(verse)" }
    }

    /// A verse without its markup.
    public struct Verse: Hashable, Sendable {
        public var reference: Reference
        public var text: String
    }

    /// The verses that hold text, in the canon's order.
    public let verses: [Verse]

    /// - Parameter folder: the module's folder with `ot.bzs`, `ot.bzv`, `ot.bzz` and the same of `nt`.
    /// - Throws: `DataError` naming the file that is missing or damaged.
    public init(at folder: URL) throws {
        verses = try ["ot", "nt"].flatMap { name in
            try Testament(at: folder, name: name).verses()
        }
    }
}

/// One testament's files.
private struct Testament {
    private let name: String
    private let blocks: [UInt32]
    private let entries: Data
    private let contents: Data

    /// More than any book of a Bible with all its markup.
    private static let blockLimit = 1 << 26
    private static let entrySize = 10

    init(at folder: URL, name: String) throws {
        func file(_ ending: String) throws -> Data { try readFile(folder.appendingPathComponent("\(name).\(ending)")) }
        self.name = folder.appendingPathComponent(name).path
        let index = try file("bzs")
        guard index.count % 12 == 0 else { throw Self.damaged("\(self.name).bzs", "ends inside of a block's entry") }
        blocks = (0..<(index.count / 4)).map { index.number(at: 4 * $0) }
        entries = try file("bzv")
        guard entries.count % Self.entrySize == 0 else {
            throw Self.damaged("\(self.name).bzv", "ends inside of a verse's entry")
        }
        contents = try file("bzz")
    }

    func verses() throws -> [SwordBible.Verse] {
        var verses: [SwordBible.Verse] = []
        var chapter: (book: String, number: Int)?
        var verse = 0
        var unpacked: [Int: Data] = [:]
        for place in stride(from: 0, to: entries.count, by: Self.entrySize) {
            let block = Int(entries.number(at: place) as UInt32)
            let (start, count) = (
                Int(entries.number(at: place + 4) as UInt32), Int(entries.number(at: place + 8) as UInt16)
            )
            verse += 1
            if count == 0 { continue }
            let text = try unpacked[block] ?? self.block(block)
            unpacked[block] = text
            guard start + count <= text.count else {
                throw Self.damaged("\(name).bzv", "entry \(place / Self.entrySize) lies outside of its block")
            }
            let markup = String(decoding: text[start..<(start + count)], as: UTF8.self)
            if let heading = Self.chapter(in: markup) {
                (chapter, verse) = (heading, 0)
            } else if let chapter {
                let plain = osisText(markup)
                let reference = SwordBible.Reference(book: chapter.book, chapter: chapter.number, verse: verse)
                if !plain.isEmpty { verses.append(.init(reference: reference, text: plain)) }
            }
        }
        return verses
    }

    private func block(_ number: Int) throws -> Data {
        guard number < blocks.count / 3 else { throw Self.damaged("\(name).bzv", "names block \(number)") }
        let (offset, count) = (Int(blocks[3 * number]), Int(blocks[3 * number + 1]))
        guard offset + count <= contents.count else {
            throw Self.damaged("\(name).bzs", "block \(number) lies outside of \(name).bzz")
        }
        do {
            return try gunzip(contents[offset..<(offset + count)], name: "\(name).bzz", limit: Self.blockLimit)
        } catch let error as FormatError {
            throw Self.damaged("\(name).bzz", "block \(number): \(error.problem)")
        }
    }

    /// The chapter that a heading opens: `<chapter osisID="Gen.1" sID=…/>`.
    private static func chapter(in markup: String) -> (book: String, number: Int)? {
        guard let tag = markup.range(of: "<chapter "),
            let id = markup.range(of: "osisID=\"", range: tag.upperBound..<markup.endIndex),
            let end = markup[id.upperBound...].firstIndex(of: "\"")
        else { return nil }
        let parts = markup[id.upperBound..<end].split(separator: ".")
        guard parts.count == 2, let number = Int(parts[1]) else { return nil }
        return (String(parts[0]), number)
    }

    private static func damaged(_ file: String, _ problem: String) -> DataError {
        DataError(.corrupt, file, problem, remedy: "Fetch the module again")
    }
}

/// The words of OSIS markup, without tags, notes, titles and paragraph signs.
func osisText(_ markup: String) -> String {
    var text: [UInt8] = []
    var hidden = 0
    var rest = markup.utf8[...]
    while let byte = rest.first {
        guard byte == UInt8(ascii: "<"), let end = rest.firstIndex(of: UInt8(ascii: ">")) else {
            if hidden == 0 { text.append(byte) }
            rest = rest.dropFirst()
            continue
        }
        let tag = rest[rest.index(after: rest.startIndex)..<end]
        let isClosing = tag.first == UInt8(ascii: "/"), isEmpty = tag.last == UInt8(ascii: "/")
        let name = tag.drop { $0 == UInt8(ascii: "/") }.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "/") }
        if name.elementsEqual("note".utf8) || name.elementsEqual("title".utf8), !isEmpty {
            hidden = max(0, hidden + (isClosing ? -1 : 1))
        }
        rest = rest[rest.index(after: end)...]
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&"), ("¶", "")]
    let plain = entities.reduce(String(decoding: text, as: UTF8.self)) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    return plain.split(whereSeparator: \.isWhitespace).joined(separator: " ")
}

extension Data {
    /// A number of little endian at a byte's place, counted from the data's own beginning.
    fileprivate func number<Number: FixedWidthInteger>(at place: Int) -> Number {
        let bytes = self[(startIndex + place)..<(startIndex + place + MemoryLayout<Number>.size)]
        return bytes.reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}
