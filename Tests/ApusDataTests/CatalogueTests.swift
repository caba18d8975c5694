import ApusData
import Foundation
import Testing

@Suite struct SHA256Tests {
    /// FIPS 180-4 examples, and lengths around a block's.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func standardVectors(text: String, digest: String) {
        #expect(SHA256.hexDigest(of: Data(text.utf8)) == digest)
    }

    @Test func aMillionLetters() {
        let digest = SHA256.hexDigest(of: Data(repeating: UInt8(ascii: "a"), count: 1_000_000))
        #expect(digest == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func piecesGiveTheSame() {
        let bytes = (0..<300).map { UInt8($0 % 251) }
        for size in [1, 3, 55, 56, 63, 64, 65, 200] {
            var hash = SHA256()
            for start in stride(from: 0, to: 300, by: size) {
                bytes[start..<min(300, start + size)].withUnsafeBytes { hash.update($0) }
            }
            #expect(hash.hexDigest() == SHA256.hexDigest(of: Data(bytes)))
        }
    }
}

@Suite struct CatalogueTests {
    @Test func namesAndDigestsAreSound() {
        let names = CatalogueEntry.all.map(\.name)
        #expect(Set(names).count == names.count)
        for entry in CatalogueEntry.all {
            #expect(!entry.packages.isEmpty && !entry.licence.isEmpty && !entry.systems.isEmpty)
            let items = entry.packages.flatMap(\.contents)
            #expect(items.allSatisfy { $0.sha256.count == 64 && $0.sha256.allSatisfy(\.isHexDigit) })
            // Items of one entry lie side by side.
            #expect(Set(items.map(\.name)).count == items.count)
        }
    }

    @Test func cacheFolderFollowsTheEnvironment() {
        #expect(DataCatalogue.cacheFolder(["APUS_CACHE": "/a", "XDG_CACHE_HOME": "/b"]).path == "/a")
        #expect(DataCatalogue.cacheFolder(["APUS_CACHE": "", "XDG_CACHE_HOME": "/b"]).path == "/b/apus")
        #expect(DataCatalogue.cacheFolder([:]).path.hasSuffix("/.cache/apus"))
    }

    @Test func unknownNamesListTheKnown() {
        expectDataError(.missing, mentioning: "mnits", "fashion-mnist") { try DataCatalogue.standard.entry("mnits") }
    }

    /// An entry whose files a test puts into the cache itself.
    private func catalogue(_ cache: URL, package: String = "no-such-package-as-this") -> DataCatalogue {
        let digest = SHA256.hexDigest(of: Data("hello".utf8))
        let tree = SHA256.hexDigest(of: Data("\(digest)  a\n\(digest)  b/c\n".utf8))
        let items = [
            PackagedItem(path: "usr/share/file", fileCount: nil, sha256: digest),
            PackagedItem(path: "usr/share/tree", fileCount: 2, sha256: tree),
        ]
        let package = DataPackage(client: .apt, name: package, version: "1", byteCount: 5, contents: items)
        let entry = CatalogueEntry(
            name: "example", summary: "an example", licence: "MIT", systems: ["test"], packages: [package])
        return DataCatalogue(entries: [entry], cache: cache)
    }

    private func fill(_ cache: URL) throws {
        for file in ["file", "tree/a", "tree/b/c", "tree/ignored.py", "tree/.hidden"] {
            let url = cache.appendingPathComponent("example/\(file)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("hello".utf8).write(to: url)
        }
    }

    @Test func verifiesAndLists() throws {
        try withTemporaryFolder { cache in
            let catalogue = catalogue(cache)
            #expect(catalogue.list().map(\.isFetched) == [false])
            expectDataError(.missing, mentioning: "apus data fetch example") { try catalogue.verify("example") }
            try fill(cache)
            #expect(catalogue.list().map(\.isFetched) == [true])
            try catalogue.verify("example")
            // What is there and sound isn't fetched again.
            #expect(try catalogue.fetch("example") == cache.appendingPathComponent("example"))
        }
    }

    @Test func namesWhatDiffers() throws {
        try withTemporaryFolder { cache in
            let catalogue = catalogue(cache)
            try fill(cache)
            let file = cache.appendingPathComponent("example/file")
            try Data("hallo".utf8).write(to: file)
            expectDataError(.mismatch, mentioning: file.path, "2cf24dba", SHA256.hexDigest(of: Data("hallo".utf8))) {
                try catalogue.verify("example")
            }
            try FileManager.default.removeItem(at: file)
            expectDataError(.missing, mentioning: file.path) { try catalogue.verify("example") }
            try fill(cache)
            try FileManager.default.removeItem(at: cache.appendingPathComponent("example/tree/b/c"))
            expectDataError(.mismatch, mentioning: "tree", "1 files, and 2") { try catalogue.verify("example") }
        }
    }

    @Test func aFailedFetchLeavesNothing() throws {
        try withTemporaryFolder { cache in
            // What a killed process would have left.
            let leftover = cache.appendingPathComponent(".partial-999999999-X")
            try FileManager.default.createDirectory(at: leftover, withIntermediateDirectories: true)
            expectDataError(.toolFailed, mentioning: "apt-get download no-such-package-as-this", "apt-get") {
                try catalogue(cache).fetch("example")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path) == [])
        }
    }

    @Test func unwritableCache() {
        expectDataError(.unwritable, mentioning: "/proc/apus", "APUS_CACHE") {
            try catalogue(URL(fileURLWithPath: "/proc/apus")).fetch("example")
        }
    }
}

private let mayDownload = ProcessInfo.processInfo.environment["APUS_TEST_DOWNLOADS"] == "1"

/// Downloads some 300 MB: for after a change of the catalogue.
@Suite(.enabled(if: mayDownload, "downloads are off: set APUS_TEST_DOWNLOADS=1"), .serialized)
struct DownloadTests {
    @Test(arguments: CatalogueEntry.all.map(\.name)) func fetchesAndVerifies(name: String) throws {
        try withTemporaryFolder { cache in
            let catalogue = DataCatalogue(entries: CatalogueEntry.all, cache: cache)
            var steps: [DataCatalogue.Progress] = []
            let folder = try catalogue.fetch(name) { steps.append($0) }
            #expect(steps.last == .done(folder: folder.path))
            try catalogue.verify(name)
            #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path) == [name])
        }
    }
}

private let fashionMNISTIsFetched = FileManager.default.fileExists(
    atPath: DataCatalogue.standard.folder("fashion-mnist").path)

@Suite(.enabled(if: fashionMNISTIsFetched, "not in the cache: run apus data fetch fashion-mnist"))
struct FashionMNISTTests {
    @Test func loadsBothSplits() throws {
        let train = try FashionMNIST.load(.train)
        let test = try FashionMNIST.load(.test)
        #expect((train.count, test.count) == (60_000, 10_000))
        #expect(Array(train.labels.prefix(5)) == [9, 0, 0, 3, 0])
        for label in 0..<10 { #expect(train.labels.count { $0 == label } == 6000) }
        let statistics = train.statistics()
        #expect(abs(statistics.mean[0] - FashionMNIST.normalization.mean[0]) < 1e-4)
        #expect(abs(statistics.standardDeviation[0] - FashionMNIST.normalization.standardDeviation[0]) < 1e-4)
    }
}
