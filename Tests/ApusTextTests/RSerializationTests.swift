import ApusData
import ApusText
import Foundation
import Testing

/// Writes R's portable binary form.
private struct RWriter {
    var bytes: [UInt8] = Array("X\n".utf8)

    init(version: Int32 = 3) {
        for word in [version, 0x040201, 0x030500] { put(word) }
        if version == 3 { put(5); bytes += Array("UTF-8".utf8) }
    }

    mutating func put(_ word: Int32) {
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }

    mutating func put(string: String?) {
        put(0x40009)
        put(string.map { Int32($0.utf8.count) } ?? -1)
        bytes += Array((string ?? "").utf8)
    }

    mutating func put(strings: [String?]) {
        put(16)
        put(Int32(strings.count))
        for string in strings { put(string: string) }
    }

    /// A list with the attribute `names`.
    mutating func put(names: [String], values: [(inout RWriter) -> Void]) {
        put(0x213)
        put(Int32(values.count))
        for value in values { value(&self) }
        for word: Int32 in [0x402, 1] { put(word) }
        put(string: "names")
        put(strings: names)
        put(254)
    }
}

private func read(_ writer: RWriter) throws -> RValue { try RValue(serialized: Data(writer.bytes), input: "test") }

@Suite struct RSerialization {
    @Test(arguments: [2, 3] as [Int32]) func stringsWithMissingOnes(version: Int32) throws {
        var writer = RWriter(version: version)
        writer.put(strings: ["Emma", nil, "", "naïve"])
        #expect(try read(writer) == .strings(["Emma", nil, "", "naïve"]))
    }

    @Test func namedListsOfVectors() throws {
        var writer = RWriter()
        writer.put(
            names: ["numbers", "nothing", "truths", "reals"],
            values: [
                { for word: Int32 in [13, 2, 7, -1] { $0.put(word) } },
                { $0.put(254) },
                { for word: Int32 in [10, 3, 1, 0, .min] { $0.put(word) } },
                { for word: Int32 in [14, 1, 0x3FF8_0000, 0] { $0.put(word) } },
            ])
        let value = try read(writer)
        #expect(value["numbers"] == .integers([7, -1]))
        #expect(value["nothing"] == .null)
        #expect(value["truths"] == .logicals([true, false, nil]))
        #expect(value["reals"] == .doubles([1.5]))
        #expect(value["other"] == nil)
    }

    @Test func latin1IsRead() throws {
        var writer = RWriter()
        for word: Int32 in [16, 1, 0x4009, 4] { writer.put(word) }
        writer.bytes += [0x63, 0x61, 0x66, 0xE9]
        #expect(try read(writer) == .strings(["café"]))
    }

    @Test func whatIsNoVectorIsRefused() throws {
        var writer = RWriter()
        writer.put(3)  // a function
        #expect(throws: DataError.self) { try read(writer) }
        #expect(throws: DataError.self) { try RValue(serialized: Data("A\n1".utf8), input: "test") }
        #expect(throws: DataError.self) { try RValue(serialized: Data(), input: "test") }
        // A length of two thousand million strings in a few bytes.
        writer = RWriter()
        for word: Int32 in [16, .max] { writer.put(word) }
        #expect(throws: DataError.self) { try read(writer) }
    }

    @Test func deepNestingIsRefused() throws {
        var writer = RWriter()
        for _ in 0..<100_000 { for word: Int32 in [19, 1] { writer.put(word) } }
        #expect(throws: DataError.self) { try read(writer) }
    }

    @Test func damagedDataNeverTrap() throws {
        var writer = RWriter()
        writer.put(
            names: ["a", "b"],
            values: [
                { $0.put(strings: ["one", nil, "three"]) }, { for word: Int32 in [13, 2, 7, -1] { $0.put(word) } },
            ])
        try fuzz(writer.bytes, rounds: 2000, seed: 1) { _ = try RValue(serialized: $0, input: "test") }
    }
}

@Suite struct AustenNovels {
    @Test func aFolderWithoutThemIsNamed() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: DataError.self) { try JaneAusten.load(from: folder) }
            #expect(error?.input.hasSuffix("Rdata.rdb") == true)
        }
    }

    @Test(.enabled(if: DataCatalogue.has("austen"), "run: apus data fetch austen"))
    func allSixAreRead() throws {
        let novels = try JaneAusten.load()
        #expect(novels.map(\.title) == JaneAusten.Title.allCases)
        #expect(novels.map(\.lines.count) == [12624, 13030, 15349, 16235, 7856, 8328])
        let pride = try #require(novels.first { $0.title == .prideAndPrejudice })
        #expect(pride.text.hasPrefix("PRIDE AND PREJUDICE\n"))
        #expect(pride.paragraphs.contains { $0.hasPrefix("It is a truth universally acknowledged, that a single man") })
        #expect(pride.paragraphs.allSatisfy { !$0.contains("\n") && !$0.isEmpty })
    }
}
