import Foundation

/// The binary version of CIFAR-10 and CIFAR-100: records of labels and 32×32 pictures, red plane first.
///
/// Reference: A. Krizhevsky, “Learning multiple layers of features from tiny images”, 2009.
public enum CIFAR: Sendable {
    case cifar10
    /// The 100 fine classes.
    case cifar100
    /// CIFAR-100's 20 coarse classes.
    case cifar100Coarse

    /// Reads a split from the folder that the published archive unpacks to, or the one around it.
    ///
    /// - Throws: `DataError`: files missing (with where to get them), or of a wrong size, or labels that are no class.
    public func load(_ split: Split, from folder: URL) throws -> ImageDataset {
        let inner = folder.appendingPathComponent(archiveFolder)
        let folder = FileManager.default.fileExists(atPath: inner.path) ? inner : folder
        var bytes: [UInt8] = []
        var labels: [Int] = []
        for name in files(split) {
            let url = folder.appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw DataError(.missing, url.path, "no such file", remedy: instructions)
            }
            try append(Data(readFile(url)), of: url.path, to: &bytes, &labels)
        }
        return try ImageDataset(
            bytes: bytes, channels: 3, height: 32, width: 32, labels: labels, classNames: classNames(in: folder),
            source: folder.path)
    }

    /// Decodes one batch file.
    public func decode(_ data: Data, classNames: [String]? = nil) throws -> ImageDataset {
        var bytes: [UInt8] = []
        var labels: [Int] = []
        try append(data, of: "CIFAR data", to: &bytes, &labels)
        return try ImageDataset(
            bytes: bytes, channels: 3, height: 32, width: 32, labels: labels,
            classNames: classNames ?? defaultClassNames, source: "CIFAR data")
    }

    private static let pictureCount = 3 * 32 * 32

    private func append(_ data: Data, of source: String, to bytes: inout [UInt8], _ labels: inout [Int]) throws {
        let recordCount = labelBytes + Self.pictureCount
        guard !data.isEmpty else { throw DataError(.empty, source, "the file is empty") }
        guard data.count % recordCount == 0 else {
            throw DataError(
                .truncated, source, "\(data.count) bytes aren't a whole number of records of \(recordCount)",
                remedy: "Give the binary version, and fetch it again if it is")
        }
        let data = [UInt8](data)
        for start in stride(from: 0, to: data.count, by: recordCount) {
            let label = Int(data[start + labelOffset])
            guard label < classCount else {
                throw DataError(
                    .mismatch, source,
                    "label \(label) of record \(start / recordCount) is outside of the \(classCount) classes",
                    remedy: "Check that it is CIFAR-\(self == .cifar10 ? 10 : 100) and not the other")
            }
            labels.append(label)
            bytes += data[(start + labelBytes)..<(start + recordCount)]
        }
    }

    /// Labels before each picture: CIFAR-100 has the coarse one first.
    private var labelBytes: Int { self == .cifar10 ? 1 : 2 }
    private var labelOffset: Int { self == .cifar100 ? 1 : 0 }

    private var classCount: Int {
        switch self {
        case .cifar10: 10
        case .cifar100: 100
        case .cifar100Coarse: 20
        }
    }

    private var archiveFolder: String { self == .cifar10 ? "cifar-10-batches-bin" : "cifar-100-binary" }

    private func files(_ split: Split) -> [String] {
        switch (self, split) {
        case (.cifar10, .train): (1...5).map { "data_batch_\($0).bin" }
        case (.cifar10, .test): ["test_batch.bin"]
        case (_, .train): ["train.bin"]
        case (_, .test): ["test.bin"]
        }
    }

    /// The names in the archive's own list, or numbers where it is absent.
    private func classNames(in folder: URL) throws -> [String] {
        let file =
            switch self {
            case .cifar10: "batches.meta.txt"
            case .cifar100: "fine_label_names.txt"
            case .cifar100Coarse: "coarse_label_names.txt"
            }
        guard let text = try? String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8) else {
            return defaultClassNames
        }
        let names = text.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.isEmpty }
        guard names.count == classCount else {
            throw DataError(
                .mismatch, folder.appendingPathComponent(file).path, "\(names.count) names for \(classCount) classes")
        }
        return names
    }

    private var defaultClassNames: [String] {
        self == .cifar10
            ? ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
            : (0..<classCount).map(String.init)
    }

    private var instructions: String {
        let (archive, md5) =
            self == .cifar10
            ? ("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")
            : ("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8")
        return
            "Download https://www.cs.toronto.edu/~kriz/\(archive) (MD5 \(md5)), unpack it with tar -xzf, and give that folder"
    }
}
