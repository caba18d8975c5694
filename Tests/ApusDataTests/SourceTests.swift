import ApusData
import ApusTensor
import Foundation
import Testing

/// An IDX file of bytes.
func idx(_ shape: [Int], _ bytes: [UInt8], type: UInt8 = 8) -> Data {
    let extents = shape.flatMap { extent in (0..<4).map { UInt8(truncatingIfNeeded: extent >> (24 - 8 * $0)) } }
    return Data([0, 0, type, UInt8(shape.count)] + extents + bytes)
}

@Suite struct IDXTests {
    @Test func readsEveryType() throws {
        withReferenceBackend {
            #expect(throws: Never.self) {
                let bytes = try IDXArray(decoding: idx([2, 2], [1, 2, 3, 255]))
                #expect(bytes.tensor().elements(as: UInt8.self) == [1, 2, 3, 255])
                #expect(bytes.shape == [2, 2])
                let signed = try IDXArray(decoding: idx([2], [0xFF, 0x7F], type: 0x09))
                #expect(signed.tensor().elements(as: Int32.self) == [-1, 127])
                let shorts = try IDXArray(decoding: idx([2], [0xFF, 0xFE, 1, 0], type: 0x0B))
                #expect(shorts.tensor().elements(as: Int32.self) == [-2, 256])
                let ints = try IDXArray(decoding: idx([1], [0, 1, 0, 0], type: 0x0C))
                #expect(ints.tensor().elements(as: Int32.self) == [65536])
                let floats = try IDXArray(decoding: idx([1], [0x3F, 0xC0, 0, 0], type: 0x0D))
                #expect(floats.tensor().elements(as: Float.self) == [1.5])
                let doubles = try IDXArray(decoding: idx([1], [0x3F, 0xF8, 0, 0, 0, 0, 0, 0], type: 0x0E))
                #expect(doubles.tensor().elements(as: Double.self) == [1.5])
            }
        }
    }

    @Test func badFilesAreNamed() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("train-images-idx3-ubyte")
            func read(_ data: Data) throws -> IDXArray {
                try data.write(to: file)
                return try IDXArray(contentsOf: file)
            }
            expectDataError(.missing, mentioning: file.path) { try IDXArray(contentsOf: file) }
            expectDataError(.empty, mentioning: file.path) { try read(Data()) }
            expectDataError(.truncated, mentioning: file.path) { try read(Data([0, 0, 8])) }
            expectDataError(.truncated, mentioning: "header") { try read(idx([2, 2], []).prefix(9)) }
            expectDataError(.unrecognized, mentioning: "not IDX") { try read(Data("PK\u{3}\u{4}zip".utf8)) }
            expectDataError(.truncated, mentioning: "[2, 2]", "4 bytes", "3") { try read(idx([2, 2], [1, 2, 3])) }
            expectDataError(.corrupt, mentioning: "5") { try read(idx([2, 2], [1, 2, 3, 4, 5])) }
            expectDataError(.corrupt, mentioning: "impossible") {
                try read(idx([Int(UInt32.max), Int(UInt32.max), Int(UInt32.max)], []))
            }
            expectDataError(.corrupt, mentioning: file.path) { try read(Data([0x1F, 0x8B, 8, 0, 0, 0])) }
        }
    }

    /// A folder with a split of `pictures` and `labels`.
    private func write(_ pictures: Int, _ labels: [UInt8], to folder: URL, _ split: String = "train") throws {
        let pixels = (0..<(pictures * 6)).map { UInt8($0) }
        try idx([pictures, 2, 3], pixels).write(to: folder.appendingPathComponent("\(split)-images-idx3-ubyte"))
        try idx([labels.count], labels).write(to: folder.appendingPathComponent("\(split)-labels-idx1-ubyte"))
    }

    @Test func readsPairs() throws {
        try withTemporaryFolder { folder in
            try write(3, [0, 9, 4], to: folder)
            try write(1, [2], to: folder, "t10k")
            let train = try ImageDataset(idxFolder: folder, split: .train)
            #expect((train.count, train.channels, train.height, train.width) == (3, 1, 2, 3))
            #expect(train.labels == [0, 9, 4])
            #expect(train[1].image.pixels == [6, 7, 8, 9, 10, 11])
            #expect(try ImageDataset(idxFolder: folder, split: .test).labels == [2])
        }
    }

    @Test func wrongPairsAreRefused() throws {
        try withTemporaryFolder { folder in
            expectDataError(.missing, mentioning: "train images", folder.path) {
                try ImageDataset(idxFolder: folder, split: .train)
            }
            try write(3, [0, 1], to: folder)
            expectDataError(.mismatch, mentioning: "3 pictures", "2 labels") {
                try ImageDataset(idxFolder: folder, split: .train)
            }
            try write(2, [0, 10], to: folder)
            expectDataError(.mismatch, mentioning: "label 10", "10 classes") {
                try ImageDataset(idxFolder: folder, split: .train)
            }
            try write(0, [], to: folder)
            expectDataError(.empty, mentioning: "no pictures") { try ImageDataset(idxFolder: folder, split: .train) }
            let images = folder.appendingPathComponent("train-images-idx3-ubyte")
            expectDataError(.mismatch, mentioning: "labels") {
                try ImageDataset(idxImages: images, labels: images, classNames: ["0"])
            }
        }
        expectDataError(.missing, mentioning: "/no/such/folder") {
            try ImageDataset(idxFolder: URL(fileURLWithPath: "/no/such/folder"), split: .test)
        }
    }
}

@Suite struct CIFARTests {
    private func record(_ labels: [UInt8], _ value: UInt8) -> [UInt8] {
        labels + [UInt8](repeating: value, count: 3072)
    }

    @Test func readsTheArchivesFolder() throws {
        try withTemporaryFolder { folder in
            let inner = folder.appendingPathComponent("cifar-10-batches-bin")
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
            for batch in 1...5 {
                let data = Data(record([UInt8(batch)], UInt8(batch)) + record([0], 9))
                try data.write(to: inner.appendingPathComponent("data_batch_\(batch).bin"))
            }
            let train = try CIFAR.cifar10.load(.train, from: folder)
            #expect(train.labels == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0])
            #expect((train.channels, train.height, train.width) == (3, 32, 32))
            #expect(train[2].image[31, 31, 2] == 2)
            #expect(train.classNames[9] == "truck")
            expectDataError(.missing, mentioning: "test_batch.bin", "cs.toronto.edu", "MD5") {
                try CIFAR.cifar10.load(.test, from: folder)
            }
        }
    }

    @Test func cifar100HasTwoLabels() throws {
        let data = Data(record([3, 77], 1))
        #expect(try CIFAR.cifar100.decode(data).labels == [77])
        #expect(try CIFAR.cifar100Coarse.decode(data).labels == [3])
    }

    @Test func badBatchesAreRefused() throws {
        expectDataError(.empty) { try CIFAR.cifar10.decode(Data()) }
        expectDataError(.truncated, mentioning: "3073") { try CIFAR.cifar10.decode(Data(record([0], 0).dropLast())) }
        expectDataError(.mismatch, mentioning: "label 10 of record 1") {
            try CIFAR.cifar10.decode(Data(record([1], 0) + record([10], 0)))
        }
        expectDataError(.mismatch, mentioning: "100 classes") { try CIFAR.cifar100.decode(Data(record([0, 100], 0))) }
    }
}

@Suite struct TableTests {
    private func table(_ text: String, _ options: Table.Options = .init()) throws -> Table {
        try Table(decoding: Data(text.utf8), options: options)
    }

    @Test func findsHeaderAndTypes() throws {
        let table = try table("name,age,height\nAda,36,1.65\nBlaise,39,\n")
        #expect(table.columns.map(\.name) == ["name", "age", "height"])
        #expect(table.columns.map(\.type) == [.text, .integer, .number])
        #expect(table.columns[1].values == .integers([36, 39]))
        #expect(table.columns[2].values == .numbers([1.65, nil]))
        #expect(table.columns[2].missingCount == 1)
        #expect(table.rowCount == 2)
    }

    @Test func quotesSeparatorsAndLineEnds() throws {
        let table = try table("\u{FEFF}a;b\r\n\"x;\"\"y\"\"\nz\";2\r\n\"\";3", .init(hasHeader: true, separator: ";"))
        #expect(table.columns[0].values == .text(["x;\"y\"\nz", nil]))
        #expect(table.columns[1].values == .integers([2, 3]))
    }

    @Test func numbersWithoutHeader() throws {
        let table = try table("1,2\n3,4\n")
        #expect(table.columns.map(\.name) == ["column1", "column2"])
        withReferenceBackend {
            #expect((try? table.tensor(columns: ["column2", "column1"]).elements(as: Float.self)) == [2, 1, 4, 3])
        }
    }

    @Test func classesAreSorted() throws {
        let table = try table("kind,size\npear,10\napple,9\npear,10\n")
        let (labels, names) = try table.classes(column: "kind")
        #expect((labels, names) == ([1, 0, 1], ["apple", "pear"]))
        #expect(try table.classes(column: "size").classNames == ["9", "10"])
    }

    @Test func errorsNameLineAndColumn() throws {
        expectDataError(.corrupt, mentioning: "line 3", "2 fields", "3 are expected") {
            try table("a,b,c\n1,2,3\n4,5\n")
        }
        expectDataError(.corrupt, mentioning: "line 3, column 1", "line 2") { try table("a\n\"never\nclosed") }
        expectDataError(.corrupt, mentioning: "line 2, column 2", "quote") { try table("a,b\n1,2\"3\n") }
        expectDataError(.corrupt, mentioning: "line 2, column 1", "closing quote") { try table("a,b\n\"1\"x,2\n") }
        expectDataError(.corrupt, mentioning: "line 3", "column “b”", "“x”", "integer") {
            try table("a,b\n1,2\n1,x\n", .init(types: ["b": .integer]))
        }
        expectDataError(.corrupt, mentioning: "line 2", "UTF-8") {
            try Table(decoding: Data("a\n".utf8 + [0xFF, 0x0A]))
        }
        expectDataError(.missing, mentioning: "“z”", "a, b") { try table("a,b\n1,x\n", .init(types: ["z": .text])) }
        expectDataError(.empty, mentioning: "no rows") { try table("\n\n") }
        expectDataError(.empty, mentioning: "header") { try table("a,b\n") }
        let good = try table("a,b\n1,x\n")
        expectDataError(.missing, mentioning: "“c”") { try good.column("c") }
        expectDataError(.mismatch, mentioning: "“b”", "text") { try good.numbers("b") }
    }

    @Test func missingAndNaNAreReported() throws {
        let table = try table("a,b\n1,2\nnan,3\n,4\n")
        #expect((table.columns[0].missingCount, table.columns[0].nonFiniteCount) == (1, 1))
        expectDataError(.mismatch, mentioning: "line 3", "“a”", "nan") { try table.tensor(columns: ["a", "b"]) }
        #expect(try table.numbers("a", .fill(7)) == [1, 7, 7])
    }

    @Test func filesAreNamed() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("t.csv")
            try Data("a,b\n1\n".utf8).write(to: file)
            expectDataError(.corrupt, mentioning: file.path, "line 2") { try Table(contentsOf: file) }
            expectDataError(.missing, mentioning: "nothing.csv") {
                try Table(contentsOf: folder.appendingPathComponent("nothing.csv"))
            }
        }
    }
}

@Suite struct ImageFolderTests {
    private func make(_ folder: URL, _ files: [String]) throws {
        for file in files {
            let url = folder.appendingPathComponent(file)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try picture(6, 9, 3).write(to: url)
        }
    }

    @Test func classesAreSubfoldersInOrder() throws {
        try withTemporaryFolder { folder in
            try make(folder, ["dog/b.png", "dog/a.jpg", "cat/deep/c.jpeg", "cat/d.PNG"])
            try Data("notes".utf8).write(to: folder.appendingPathComponent("cat/notes.txt"))
            let data = try ImageFolder(folder)
            #expect(data.classNames == ["cat", "dog"])
            #expect(data.labels == [0, 0, 1, 1])
            #expect(data.files.map(\.lastPathComponent) == ["d.PNG", "c.jpeg", "a.jpg", "b.png"])
            #expect(try data[3].image == picture(6, 9, 3))
            #expect(try ImageFolder(folder, channels: 1)[0].image.channels == 1)

            let loaded = try data.loaded(height: 4, width: 4)
            #expect((loaded.count, loaded.channels, loaded.height, loaded.width) == (4, 3, 4, 4))
            let loader = try DataLoader(data.transformed(by: Resize(height: 5, width: 5)), batchSize: 3)
            #expect(loader.epoch(0).map { $0.images.shape[0] } == [3, 1])
        }
    }

    @Test func badFoldersAreRefused() throws {
        try withTemporaryFolder { folder in
            expectDataError(.empty, mentioning: folder.path, "sub-folder") { try ImageFolder(folder) }
            try make(folder, ["cat/a.png"])
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("dog"), withIntermediateDirectories: true)
            expectDataError(.empty, mentioning: "dog", "no pictures") { try ImageFolder(folder) }
            try Data("nonsense".utf8).write(to: folder.appendingPathComponent("dog/broken.jpg"))
            let data = try ImageFolder(folder)
            expectDataError(.unrecognized, mentioning: "dog/broken.jpg") { try data[1] }
            let loader = try DataLoader(data.transformed(by: Compose()), batchSize: 2)
            expectDataError(.unrecognized, mentioning: "dog/broken.jpg") {
                try loader.epoch(0).makeIterator().nextBatch()
            }
        }
    }
}

/// Seeded damage to valid files: every reader gives a value or an error, and nothing else.
@Suite struct FuzzTests {
    private func damaged(_ data: Data, _ generator: inout Generator) -> Data {
        var bytes = [UInt8](data)
        for _ in 0..<Int.random(in: 1...6, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.removeSubrange(place...)
            case 3: bytes.remove(at: place)
            default: bytes.insert(contentsOf: bytes[..<min(place, 9)], at: place)
            }
        }
        return Data(bytes)
    }

    private func fuzz(_ data: Data, rounds: Int = 400, seed: UInt64, _ read: (Data) throws -> Void) throws {
        try read(data)
        var generator = Generator(seed: seed)
        for _ in 0..<rounds {
            let broken = damaged(data, &generator)
            do { try read(broken) } catch is DataError {}
        }
    }

    @Test(arguments: [
        "rgb.png", "gray16.png", "palette.png", "rgba.png", "rgb.jpg", "progressive.jpg", "cmyk.jpg",
        "orientation6.jpg",
    ])
    func pictures(name: String) throws {
        try fuzz(Data(contentsOf: Golden.file(name)), seed: 1) { _ = try Image(decoding: $0) }
    }

    @Test func idxFiles() throws {
        try fuzz(idx([3, 2, 2], Array(0..<12)), seed: 2) { _ = try IDXArray(decoding: $0) }
    }

    @Test func cifarFiles() throws {
        try fuzz(Data([UInt8](repeating: 1, count: 2 * 3073)), rounds: 100, seed: 3) {
            _ = try CIFAR.cifar10.decode($0)
        }
    }

    @Test func csvFiles() throws {
        let text = "name,n,x\n\"a, \"\"b\"\"\",1,2.5\nc,,nan\nd,3,1e300\n"
        try fuzz(Data(text.utf8), rounds: 2000, seed: 4) { data in
            let table = try Table(decoding: data)
            for column in table.columns { _ = try? table.classes(column: column.name) }
        }
    }
}
