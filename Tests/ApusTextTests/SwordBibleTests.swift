import ApusData
import ApusText
import Foundation
import Testing

/// A module of one block a testament, made as SWORD makes them.
private struct TinyModule {
    var entries: [String]

    /// zlib's bytes: a stored block in the wrapping of RFC 1950.
    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        let count = UInt16(bytes.count)
        let sum = b << 16 | a
        return [0x78, 0x01, 0x01] + little(count) + little(~count) + bytes + little(sum).reversed()
    }

    private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
    }

    func write(to folder: URL) throws -> [String: [UInt8]] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var (block, places): ([UInt8], [UInt8]) = ([], [])
        for entry in entries {
            places += Self.little(UInt32(0)) + Self.little(UInt32(block.count)) + Self.little(UInt16(entry.utf8.count))
            block += Array(entry.utf8)
        }
        let packed = Self.deflated(block)
        let index = Self.little(UInt32(0)) + Self.little(UInt32(packed.count)) + Self.little(UInt32(block.count))
        let files = ["bzs": index, "bzv": places, "bzz": packed]
        for testament in ["ot", "nt"] {
            for (ending, bytes) in files {
                try Data(bytes).write(to: folder.appendingPathComponent("\(testament).\(ending)"))
            }
        }
        return files
    }
}

@Suite struct SwordBibleTests {
    private let module = TinyModule(entries: [
        "", "<milestone type=\"x\"/>", "<chapter n=\"1\" osisID=\"Gen.1\" sID=\"Gen.1\"/> ",
        "In the <w lemma=\"strong:H7225\">beginning</w><note>or first</note> <title>Title</title>¶ God &amp; all. ", "",
        "<w>And</w>  the earth", "<chapter osisID=\"Gen.2\" sID=\"Gen.2\"/>", "Thus <divineName>Lord</divineName>",
    ])

    @Test func versesHaveReferencesAndPlainText() throws {
        try withTemporaryFolder { folder in
            _ = try module.write(to: folder)
            let verses = try SwordBible(at: folder).verses
            #expect(verses.count == 6)
            #expect(verses.prefix(3).map { "\($0.reference)" } == ["Gen 1:1", "Gen 1:3", "Gen 2:1"])
            #expect(verses.prefix(3).map(\.text) == ["In the beginning God & all.", "And the earth", "Thus Lord"])
        }
    }

    @Test func damageIsNamedAndNeverCrashes() throws {
        try withTemporaryFolder { folder in
            for (ending, bytes) in try module.write(to: folder) {
                let file = folder.appendingPathComponent("nt.\(ending)")
                try fuzz(bytes, seed: 6) { damaged in
                    try damaged.write(to: file)
                    _ = try SwordBible(at: folder)
                }
                try Data(bytes).write(to: file)
            }
            try FileManager.default.removeItem(at: folder.appendingPathComponent("ot.bzv"))
            #expect { try SwordBible(at: folder) } throws: { "\($0)".contains("ot.bzv") }
        }
    }
}
