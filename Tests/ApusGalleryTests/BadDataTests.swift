import Apus
import Foundation
import Testing

/// What a user's data can be wrong in; each ends with status 1, a message, and no run's folder.
enum BadData: String, CaseIterable, CustomTestStringConvertible {
    case missing, file, empty, unknownFormat, missingLabels, truncatedImages, emptyFile, notIDX, corruptGzip,
        countsDiffer
    case labelOutside, zeroPictures, truncatedCIFAR, emptyClassFolder, brokenPicture, tooFewPictures, otherTestClasses

    var testDescription: String { rawValue }

    /// Writes it to `folder`.
    func write(to folder: URL) throws {
        let files = FileManager.default
        func file(_ name: String) -> URL { folder.appendingPathComponent(name) }
        let images = file("train-images-idx3-ubyte")
        switch self {
        case .missing: return
        case .file: return try Data("x".utf8).write(to: folder)
        case .empty, .unknownFormat, .truncatedCIFAR, .emptyClassFolder:
            try files.createDirectory(at: folder, withIntermediateDirectories: true)
        case .brokenPicture, .tooFewPictures:
            try TinyPictures.writeFolders(to: folder, perClass: self == .tooFewPictures ? 1 : 6)
        case .otherTestClasses:
            try TinyPictures.writeFolders(to: file("train"))
            try TinyPictures.writeFolders(to: file("test"), classes: 2)
        default: try TinyPictures.writeIDX(to: folder, perClass: 2)
        }
        switch self {
        case .unknownFormat: try Data("x".utf8).write(to: file("notes.txt"))
        case .missingLabels: try files.removeItem(at: file("train-labels-idx1-ubyte"))
        case .truncatedImages: try Data(contentsOf: images).dropLast(100).write(to: images)
        case .emptyFile: try Data().write(to: images)
        case .notIDX: try Data("This is text, not pictures.".utf8).write(to: images)
        case .corruptGzip:
            try files.removeItem(at: images)
            try Data([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5]).write(to: file("train-images-idx3-ubyte.gz"))
        case .countsDiffer: try TinyPictures.idx([3], [0, 1, 2]).write(to: file("train-labels-idx1-ubyte"))
        case .labelOutside: try Data("zero\none\ntwo\n".utf8).write(to: file("classes.txt"))
        case .zeroPictures:
            try TinyPictures.idx([0, 16, 16], []).write(to: images)
            try TinyPictures.idx([0], []).write(to: file("train-labels-idx1-ubyte"))
        case .truncatedCIFAR: try Data(count: 1000).write(to: file("data_batch_1.bin"))
        case .emptyClassFolder: try files.createDirectory(at: file("cats"), withIntermediateDirectories: true)
        case .brokenPicture: try Data("no picture".utf8).write(to: file("class-1/3.png"))
        default: break
        }
    }

    /// A part of the message.
    var hint: String {
        switch self {
        case .missing: "no such folder"
        case .file: "is a file"
        case .empty: "the folder is empty"
        case .unknownFormat: "MNIST format"
        case .missingLabels: "no file of train labels"
        case .truncatedImages: "takes"
        case .emptyFile, .zeroPictures: "empty"
        case .notIDX: "not IDX"
        case .corruptGzip: "train-images-idx3-ubyte.gz"
        case .countsDiffer: "3 labels"
        case .labelOutside: "outside of the 3 classes"
        case .truncatedCIFAR: "records"
        case .emptyClassFolder: "cats"
        case .brokenPicture: "3.png"
        case .tooFewPictures: "at least 5"
        case .otherTestClasses: "without class-2"
        }
    }
}

@Suite struct BadDataTests {
    @Test(arguments: BadData.allCases)
    func badDataAreNamed(_ bad: BadData) throws {
        let place = try Workplace()
        try bad.write(to: place.url("data"))
        let result = try place.apus(
            "train", "image-classification", "--data", "data", "--preset", "mlp", "--epochs", "1")
        #expect(result.status == 1)
        #expect(result.errors.contains("data"), "\(result.errors)")
        #expect(result.errors.contains(bad == .zeroPictures ? "no pictures" : bad.hint), "\(result.errors)")
        #expect(!place.exists("runs"), "nothing is left behind")
    }

    @Test func unwritableOutputIsFoundBeforeTraining() throws {
        let place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"), perClass: 2)
        try Data("x".utf8).write(to: place.url("taken"))
        let result = try place.apus("train", "image-classification", "--data", "data", "--out", "taken/run")
        #expect(result.status == 1)
        #expect(result.errors.contains("--out"), "\(result.errors)")
        let samples = try place.apus("data", "samples", "data", "--out", "taken/samples")
        #expect(samples.status == 1 && samples.errors.contains("--out"))
    }

    @Test func tooSmallPicturesAreRefusedByTheModel() throws {
        let place = try Workplace()
        let folder = place.url("data")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for prefix in ["train", "t10k"] {
            try TinyPictures.idx([10, 8, 8], .init(repeating: 3, count: 640))
                .write(to: folder.appendingPathComponent("\(prefix)-images-idx3-ubyte"))
            try TinyPictures.idx([10], Array(0..<10)).write(
                to: folder.appendingPathComponent("\(prefix)-labels-idx1-ubyte"))
        }
        let result = try place.apus("train", "image-classification", "--data", "data", "--preset", "lenet")
        #expect(result.status == 1)
        #expect(result.errors.contains("at least 12 pixels"), "\(result.errors)")
    }

    @Test func aLearningRateThatBlowsUpStopsWithTheReason() throws {
        let place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"))
        let result = try place.apus(
            "train", "image-classification", "--data", "data", "--preset", "mlp", "--epochs", "30", "--learning-rate",
            "1e30",
            "--out", "run")
        #expect(result.status == 1)
        #expect(result.errors.contains("blew up"), "\(result.errors)")
        #expect(!place.exists("run/model.safetensors"))
    }

    @Test func samplesAreWrittenAsPictures() throws {
        let place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"), perClass: 2)
        let result = try place.apus("data", "samples", "data", "--count", "3", "--out", "samples", "--json")
        #expect(result.status == 0)
        #expect(result.events("sample").map { $0["label"] as? String } == ["0", "1", "2"])
        #expect(try Image(contentsOf: place.url("samples/02-1.png")).width == TinyPictures.side)
    }
}
