import Apus
import Foundation

/// Pictures with classes, to train with and to measure with, all of one format.
public struct LabelledPictures: Sendable {
    /// The pictures to train with.
    public var train: Subset<ImageDataset>
    /// The held-out pictures to measure with.
    public var test: Subset<ImageDataset>
    /// What people call the data.
    public var name: String

    /// The classes' names, in the order of the labels.
    public var classNames: [String] { train.classNames }
    /// The size and channels that all of the pictures have.
    public var format: PictureFormat { train.base.format }

    /// What a report says of them.
    func facts(source: String) -> [(name: String, value: String)] {
        [
            (name: "Source", value: source),
            (name: "Training pictures", value: Format.count(train.count)),
            (name: "Held-out pictures", value: Format.count(test.count)),
            (name: "Pictures", value: "\(format)"),
            (name: "Classes", value: classNames.joined(separator: ", ")),
        ]
    }
}

extension LabelledPictures {
    /// The public formats that `init(at:)` knows, in words.
    public static let formats = [
        "MNIST format: a folder with {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz; class names, one a line, in classes.txt",
        "CIFAR-10 and CIFAR-100, binary version: the unpacked folder",
        "Image folder: train/CLASS/*.png|jpg and test/CLASS/…, or CLASS/… alone, a fifth of which is then held out",
    ]

    /// Loads a data set from a folder, whose format is recognized by its files.
    ///
    /// - Parameter format: what pictures of any size are brought to; found from the pictures where nil.
    /// - Throws: `DataError` or `InputError` that names the folder and the remedy.
    public init(at folder: URL, format: PictureFormat? = nil) throws {
        switch try PictureFolder(folder) {
        case .idx:
            let classNames = try Self.classNames(in: folder)
            try self.init(name: folder.lastPathComponent) {
                try ImageDataset(idxFolder: folder, split: $0, classNames: classNames)
            }
        case .cifar(let kind):
            try self.init(name: kind == .cifar10 ? "CIFAR-10" : "CIFAR-100") { try kind.load($0, from: folder) }
        case .splitClasses(let train, let test):
            let format = try format ?? ImageFolder(train).commonFormat()
            let (training, held) = (try train.pictures(format), try test.pictures(format))
            try Self.checkClasses(of: held, at: test, against: training.classNames)
            self.init(
                train: training.prefix(training.count), test: held.prefix(held.count), name: folder.lastPathComponent)
        case .classes:
            let pictures = try folder.pictures(try format ?? ImageFolder(folder).commonFormat())
            // The same fifth in training and in later evaluations, whatever the run's seed.
            let parts = pictures.split([0.8, 0.2], stratifiedBy: pictures.labels, seed: 0)
            guard parts[0].count > 0, parts[1].count > 0 else {
                throw InputError(
                    folder.path, "\(pictures.count) pictures are too few to hold a fifth of each class out",
                    remedy: "Give at least 5 pictures of each class")
            }
            self.init(train: parts[0], test: parts[1], name: folder.lastPathComponent)
        }
    }

    /// Both splits of a source.
    init(name: String, load: (Split) throws -> ImageDataset) throws {
        let (train, test) = (try load(.train), try load(.test))
        guard train.format == test.format else {
            throw InputError(
                name, "the training pictures are \(train.format), the test pictures \(test.format)",
                remedy: "Use files of the same data set")
        }
        self.init(train: train.prefix(train.count), test: test.prefix(test.count), name: name)
    }

    private static func classNames(in folder: URL) throws -> [String] {
        let file = folder.appendingPathComponent("classes.txt")
        guard FileManager.default.fileExists(atPath: file.path) else { return (0..<10).map(String.init) }
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            throw InputError(file.path, "is no text in UTF-8", remedy: "Write one class name a line")
        }
        let names = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        return names.filter { !$0.isEmpty }
    }

    /// Throws where the held-out pictures have other classes than those trained on.
    static func checkClasses(of pictures: ImageDataset, at folder: URL, against names: [String]) throws {
        guard pictures.classNames != names else { return }
        let missing = names.filter { !pictures.classNames.contains($0) }
        let unknown = pictures.classNames.filter { !names.contains($0) }
        let words = [("without", missing), ("with the unknown", unknown)].filter { !$0.1.isEmpty }
            .map { "\($0.0) \($0.1.joined(separator: ", "))" }
        throw InputError(
            folder.path, "its classes differ from the \(names.count) trained on: \(words.joined(separator: ", and "))",
            remedy: "Name its sub-folders as those of the training data")
    }
}

/// How a folder of pictures is laid out.
private enum PictureFolder {
    case idx
    case cifar(CIFAR)
    case splitClasses(train: URL, test: URL)
    case classes

    init(_ folder: URL) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
            throw InputError(folder.path, "no such folder", remedy: "Check the path given with --data")
        }
        guard isFolder.boolValue else {
            throw InputError(folder.path, "is a file, and a folder is expected", remedy: "Give the folder around it")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
        func has(_ name: String) -> Bool { names.contains(name) }
        func sub(_ name: String) -> URL { folder.appendingPathComponent(name) }

        if names.contains(where: { $0.contains("-ubyte") }) {
            self = .idx
        } else if has("cifar-10-batches-bin") || has("data_batch_1.bin") || has("test_batch.bin") {
            self = .cifar(.cifar10)
        } else if has("cifar-100-binary") || has("train.bin") {
            self = .cifar(.cifar100)
        } else if has("train"), let test = ["test", "val", "valid", "validation"].first(where: has) {
            self = .splitClasses(train: sub("train"), test: sub(test))
        } else if names.contains(where: { sub($0).isDirectory }) {
            self = .classes
        } else {
            let problem = names.isEmpty ? "the folder is empty" : "no format of pictures with classes is recognized"
            let formats = LabelledPictures.formats.map { "\n  - " + $0 }.joined()
            throw InputError(folder.path, problem, remedy: "Give one of these:\(formats)")
        }
    }
}

extension URL {
    var isDirectory: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The image folder at this path, in memory.
    fileprivate func pictures(_ format: PictureFormat) throws -> ImageDataset {
        try ImageFolder(self, channels: format.channels).loaded(height: format.height, width: format.width)
    }
}

extension ImageDataset {
    var format: PictureFormat { PictureFormat(channels: channels, height: height, width: width) }
}

extension ImageFolder {
    /// The size of the first picture, at most 64×64; grayscale if some of the pictures are and no other is seen among them.
    fileprivate func commonFormat() throws -> PictureFormat {
        let first = try Image(contentsOf: files[0])
        let step = max(1, files.count / 16)
        let isGray = try stride(from: 0, to: files.count, by: step)
            .allSatisfy { try Image(contentsOf: files[$0]).channels == 1 }
        let largest = 64
        let isSmall = first.height <= largest && first.width <= largest
        return PictureFormat(
            channels: isGray ? 1 : 3, height: isSmall ? first.height : largest, width: isSmall ? first.width : largest)
    }

    fileprivate init(_ folder: URL) throws { try self.init(folder, channels: 3) }
}
