import ApusData
import ApusTensor
import Foundation
import Testing

@Suite struct FieldHashTests {
    /// The buckets are those of a few lines of Python after the definition.
    @Test func bucketsNeverChange() {
        #expect(FieldHash(field: "C1", buckets: 1_000_000).bucket(of: "68fd1e64") == 762_810)
        #expect(FieldHash(field: "C2", buckets: 1_000_000).bucket(of: "68fd1e64") == 422_444)
        #expect(FieldHash(field: "user", buckets: 16_384).bucket(of: "196") == 4321)
        #expect(FieldHash(field: "user", buckets: 16_384).bucket(of: "") == 8344)
    }

    @Test func bucketsAreEvenlyFilled() {
        let hash = FieldHash(field: "film", buckets: 64)
        var counts = [Double](repeating: 0, count: 64)
        for value in 0..<64_000 { counts[hash.bucket(of: "\(value)")] += 1 }
        // χ² of 63 degrees of freedom: its 0.1 % points are 32.5 and 103.4.
        let chiSquared = counts.reduce(0) { $0 + ($1 - 1000) * ($1 - 1000) / 1000 }
        #expect((32.5...103.4).contains(chiSquared), "\(chiSquared)")
    }
}

@Suite struct LineReaderTests {
    private func file(_ data: Data, _ name: String = "lines.txt") throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let url = folder.appendingPathComponent(name)
        try data.write(to: url)
        return url
    }

    private func read(_ reader: LineReader) throws -> [LineReader.Line] {
        var lines: [LineReader.Line] = []
        while let line = try reader.next() { lines.append(line) }
        return lines
    }

    @Test func linesPlacesAndEnds() throws {
        let url = try file(Data("one\r\n\nthree\nlast".utf8))
        defer { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
        let lines = try read(LineReader(contentsOf: url))
        #expect(lines.map(\.text) == ["one", "", "three", "last"])
        #expect(lines.map(\.number) == [1, 2, 3, 4] && lines.map(\.end) == [5, 6, 12, 16])
        #expect(lines.map(\.isComplete) == [true, true, true, false])
        let rest = try read(LineReader(contentsOf: url, from: lines[1].end, after: lines[1].number))
        #expect(rest.map(\.text) == ["three", "last"] && rest.map(\.number) == [3, 4] && rest.map(\.end) == [12, 16])
    }

    @Test func longFilesComeInPieces() throws {
        let text = (0..<60_000).map { "line \($0)\n" }.joined()
        let url = try file(Data(text.utf8))
        defer { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
        let lines = try read(LineReader(contentsOf: url))
        #expect(lines.count == 60_000 && lines[54_321].text == "line 54321" && lines.last?.end == text.utf8.count)
    }

    @Test func mistakesAreNamed() throws {
        let url = try file(Data(repeating: 0x41, count: 5000))
        defer { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
        #expect(throws: DataError.self) { try read(LineReader(contentsOf: url, limit: 1000)) }
        #expect(throws: DataError.self) { try LineReader(contentsOf: url.deletingLastPathComponent()) }
        #expect(throws: DataError.self) { try LineReader(contentsOf: URL(fileURLWithPath: "/no/such/file")) }
        // A broken gzip file.
        let broken = try file(Data([0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8]), "broken.gz")
        defer { try? FileManager.default.removeItem(at: broken.deletingLastPathComponent()) }
        #expect(throws: DataError.self) { try read(LineReader(contentsOf: broken)) }
    }
}

@Suite struct CriteoLineTests {
    private let line = CriteoSimulator(seed: 1).line(0)

    private func parse(_ text: String) throws -> CriteoLine { try CriteoLine(Array(text.utf8)[...]) }

    @Test func fieldsAreRead() throws {
        let fields =
            ["1", "5", "", "-2"] + [String](repeating: "0", count: 10) + ["68fd1e64", ""]
            + [String](repeating: "A0", count: 24)
        let parsed = try parse(fields.joined(separator: "\t"))
        #expect(parsed.isClick == true && parsed.integers.prefix(3) == [5, nil, -2])
        #expect(parsed.categories.count == 26 && Array(parsed.categories[0]) == Array("68fd1e64".utf8))
        #expect(parsed.categories[1].isEmpty)
        let asked = try parse(fields.dropFirst().joined(separator: "\t"))
        #expect(asked.isClick == nil && asked.integers == parsed.integers && asked.categories == parsed.categories)
    }

    @Test func mistakesAreNamed() {
        func message(_ text: String) -> String {
            do { _ = try parse(text) } catch { return "\(error)" }
            return "no error"
        }
        var fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        #expect(message("").contains("1 fields") && message("1\t2").contains("2 fields"))
        fields[0] = "2"
        #expect(message(fields.joined(separator: "\t")).contains("the label is “2”"))
        (fields[0], fields[3]) = ("0", "3.5")
        #expect(message(fields.joined(separator: "\t")).contains("I3 is “3.5”"))
        (fields[3], fields[20]) = ("3", "xyz")
        #expect(message(fields.joined(separator: "\t")).contains("C7 is “xyz”"))
    }

    /// Whatever bytes come, there is a line or an error.
    @Test func anyBytesAreSurvived() {
        let generator = Generator(seed: 5)
        let sound = Array(line.utf8)
        for _ in 0..<3000 {
            var bytes = sound
            for _ in 0..<Int(generator.next() % 6) {
                let place = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
                }
            }
            guard let parsed = try? CriteoLine(bytes[...]) else { continue }
            #expect(parsed.integers.count == 13 && parsed.categories.count == 26)
        }
    }
}

@Suite struct CriteoSimulatorTests {
    @Test func linesFollowFromTheSeed() throws {
        let (one, other) = (CriteoSimulator(seed: 3), CriteoSimulator(seed: 4))
        #expect(one.line(7) == CriteoSimulator(seed: 3).line(7))
        #expect(one.line(7) != other.line(7) && one.line(7) != one.line(8))
        let lines = try (0..<2000).map { try CriteoLine(Array(one.line($0).utf8)[...]) }
        let rate = Double(lines.count { $0.isClick == true }) / 2000
        #expect((0.1...0.45).contains(rate), "\(rate)")
        let missing = Double(lines.reduce(0) { $0 + $1.categories.count(where: \.isEmpty) }) / (2000 * 26)
        #expect((0.08...0.12).contains(missing), "\(missing)")
    }
}

@Suite struct MovieLensTests {
    private func folder(_ files: [String: String]) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        return folder
    }

    private let files = [
        "ml.user":
            "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n1\t24\tM\tartist\t85711\n2\t9\tF\tnone\t\n",
        "ml.item":
            "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n7\t\"Q\" of it\t1995\tDrama War\n8\tB\t\t\n",
        "ml.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n2\t8\t3.0\t200\n1\t7\t5\t100\n",
    ]

    @Test func filesAreJoined() throws {
        let folder = try folder(files)
        defer { try? FileManager.default.removeItem(at: folder) }
        let movieLens = try MovieLens(contentsOf: folder)
        #expect(movieLens.ratings.map(\.time) == [100, 200] && movieLens.ratings[0].stars == 5)
        #expect(movieLens.films["7"]?.genres == ["Drama", "War"] && movieLens.films["8"]?.genres == [])
        #expect(movieLens.users["1"]?.age == 24 && movieLens.films["7"]?.title == "\"Q\" of it")
    }

    @Test func mistakesAreNamed() throws {
        func message(_ name: String, _ text: String?) throws -> String {
            var files = files
            files[name] = text
            let folder = try folder(files)
            defer { try? FileManager.default.removeItem(at: folder) }
            do { _ = try MovieLens(contentsOf: folder) } catch { return "\(error)" }
            return "no error"
        }
        let head = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        #expect(try message("ml.user", nil).contains("no file that ends in .user"))
        #expect(try message("ml.inter", "").contains("empty"))
        #expect(try message("ml.inter", head).contains("no ratings"))
        #expect(try message("ml.inter", "a:token\n1\n").contains("no column “user_id”"))
        #expect(try message("ml.inter", head + "1\t7\t9\t100\n").contains("line 2: the rating is “9”"))
        #expect(try message("ml.inter", head + "1\t7\t5\n").contains("line 2: 3 fields"))
        #expect(try message("ml.inter", head + "5\t7\t5\t1\n").contains("user 5 is not in"))
        #expect(try message("ml.inter", head + "1\t9\t5\t1\n").contains("film 9 is not in"))
        #expect(try message("ml.inter", head + "1\t7\t5\tnan\n").contains("timestamp"))
        #expect(try message("ml.user", files["ml.user"]! + "1\t3\tM\tx\t1\n").contains("line 4: 1 is there twice"))
    }
}
