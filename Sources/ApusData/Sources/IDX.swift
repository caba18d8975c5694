import ApusTensor
import Foundation

/// An array in the IDX format of the MNIST data set: big-endian, any number of dimensions.
///
/// Reference: Y. LeCun, C. Cortes and C. Burges, “The MNIST database of handwritten digits”.
public struct IDXArray: Sendable {
    /// A type of elements; the raw value is the third byte of the file.
    public enum Element: UInt8, Sendable, CaseIterable {
        case uint8 = 0x08
        case int8 = 0x09
        case int16 = 0x0B
        case int32 = 0x0C
        case float32 = 0x0D
        case float64 = 0x0E

        /// Bytes an element.
        public var byteCount: Int {
            switch self {
            case .uint8, .int8: 1
            case .int16: 2
            case .int32, .float32: 4
            case .float64: 8
            }
        }
    }

    /// What the elements are stored as.
    public let element: Element
    /// The extents from the header, the slowest first.
    public let shape: Shape
    /// The elements as they are stored: row-major, big-endian.
    public let bytes: [UInt8]

    /// Reads a file, plain or gzipped.
    ///
    /// - Throws: `DataError` that names the file: missing, empty, not IDX, or of another size than its header says.
    public init(contentsOf url: URL) throws {
        let data = try readFile(url)
        do {
            try self.init(decoding: data)
        } catch let error as DataError {
            throw error.about(url.path)
        }
    }

    /// Decodes a file's bytes, plain or gzipped.
    public init(decoding data: Data) throws {
        let name = "IDX data"
        let bytes = [UInt8](try ungzipped(data))
        guard bytes.count >= 4 else { throw DataError(.truncated, name, "\(bytes.count) bytes hold no IDX header") }
        guard bytes[0] == 0, bytes[1] == 0, let element = Element(rawValue: bytes[2]), bytes[3] > 0 else {
            let magic = bytes[..<4].map { String($0, radix: 16) }.joined(separator: " ")
            throw DataError(
                .unrecognized, name, "not IDX: it begins with \(magic), and 0 0, a type and a rank are expected",
                remedy: "Give the -idx1-ubyte and -idx3-ubyte files, as they are or gzipped")
        }
        let rank = Int(bytes[3])
        let headerCount = 4 + 4 * rank
        guard bytes.count >= headerCount else {
            throw DataError(.truncated, name, "the file ends inside of the header of \(rank) dimensions")
        }
        let extents = (0..<rank).map { axis in
            bytes[(4 + 4 * axis)..<(8 + 4 * axis)].reduce(0) { $0 << 8 | Int($1) }
        }
        var expected = element.byteCount
        for extent in extents {
            let (product, overflow) = expected.multipliedReportingOverflow(by: extent)
            guard !overflow else {
                throw DataError(.corrupt, name, "the header's shape \(Shape(extents)) is impossible")
            }
            expected = product
        }
        let found = bytes.count - headerCount
        guard found == expected else {
            throw DataError(
                found < expected ? .truncated : .corrupt, name,
                "the shape \(Shape(extents)) of \(element) takes \(expected) bytes, and there are \(found)",
                remedy: "Fetch or copy it again")
        }
        self.element = element
        shape = Shape(extents)
        self.bytes = Array(bytes[headerCount...])
    }

    /// The array in the dtype that holds its elements: uint8, int32 (for int8 and int16 too), float32 or float64.
    public func tensor() -> Tensor {
        switch element {
        case .uint8: Tensor(bytes, shape: shape)
        case .int8: Tensor(bytes.map { Int32(Int8(bitPattern: $0)) }, shape: shape)
        case .int16: Tensor(words(UInt16.self).map { Int32(Int16(bitPattern: $0)) }, shape: shape)
        case .int32: Tensor(words(UInt32.self).map { Int32(bitPattern: $0) }, shape: shape)
        case .float32: Tensor(words(UInt32.self).map { Float(bitPattern: $0) }, shape: shape)
        case .float64: Tensor(words(UInt64.self).map { Double(bitPattern: $0) }, shape: shape, dtype: .float64)
        }
    }

    private func words<Word: FixedWidthInteger>(_ type: Word.Type) -> [Word] {
        bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: MemoryLayout<Word>.size).map {
                Word(bigEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Word.self))
            }
        }
    }
}

extension ImageDataset {
    /// Reads a pair of MNIST-format files: pictures (N, H, W) and labels (N) of bytes.
    ///
    /// - Throws: `DataError`, as `IDXArray` does, or where the two don't belong together.
    public init(idxImages imagesURL: URL, labels labelsURL: URL, classNames: [String]) throws {
        let images = try IDXArray(contentsOf: imagesURL)
        let labels = try IDXArray(contentsOf: labelsURL)
        guard images.element == .uint8, images.shape.rank == 3 else {
            throw DataError(
                .mismatch, imagesURL.path,
                "\(images.element) of shape \(images.shape), and bytes of shape [count, height, width] are expected",
                remedy: "Give the file of pictures, usually *-images-idx3-ubyte")
        }
        guard labels.element == .uint8, labels.shape.rank == 1 else {
            throw DataError(
                .mismatch, labelsURL.path,
                "\(labels.element) of shape \(labels.shape), and bytes of shape [count] are expected",
                remedy: "Give the file of labels, usually *-labels-idx1-ubyte")
        }
        guard images.shape[0] == labels.shape[0] else {
            throw DataError(
                .mismatch, imagesURL.path,
                "\(images.shape[0]) pictures, but \(labels.shape[0]) labels in \(labelsURL.lastPathComponent)",
                remedy: "Use picture and label files of the same split")
        }
        try self.init(
            bytes: images.bytes, channels: 1, height: images.shape[1], width: images.shape[2],
            labels: labels.bytes.map(Int.init), classNames: classNames, source: imagesURL.path)
    }

    /// Finds and reads a split's pair of MNIST-format files in a folder, by their usual names, plain or gzipped.
    ///
    /// - Parameter classNames: names of the classes; "0" to "9" unless given.
    public init(idxFolder folder: URL, split: Split, classNames: [String] = (0..<10).map(String.init)) throws {
        let files = try IDXFiles(in: folder, split: split)
        try self.init(idxImages: files.images, labels: files.labels, classNames: classNames)
    }
}

/// A part of a data set that its publishers made.
public enum Split: String, Hashable, Sendable, CaseIterable, Codable {
    case train
    case test
}

/// The pictures' and the labels' file of a split.
struct IDXFiles {
    let images: URL
    let labels: URL

    init(in folder: URL, split: Split) throws {
        let names = try listFolder(folder).map(\.lastPathComponent)
        func find(_ kind: String) throws -> URL {
            let starts = split == .train ? ["train-"] : ["t10k-", "test-"]
            // EMNIST puts the name of its part in front.
            let matching = names.filter { name in
                (name.hasSuffix("-ubyte") || name.hasSuffix("-ubyte.gz"))
                    && starts.contains { name.contains($0 + kind) }
            }
            // A plain file comes before the gzipped one beside it.
            guard let name = matching.min(by: { $0.count < $1.count }) else {
                throw DataError(
                    .missing, folder.path, "no file of \(split.rawValue) \(kind)",
                    remedy: "Put \(starts[0])\(kind)-idx\(kind == "images" ? 3 : 1)-ubyte or its .gz there")
            }
            return folder.appendingPathComponent(name)
        }
        images = try find("images")
        labels = try find("labels")
    }
}

/// What a folder holds, by name.
func listFolder(_ folder: URL) throws -> [URL] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
        throw DataError(.missing, folder.path, "no such folder", remedy: "Check the path")
    }
    guard isFolder.boolValue else { throw DataError(.unrecognized, folder.path, "is a file, and a folder is expected") }
    do {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return names.filter { !$0.hasPrefix(".") }.sorted().map { folder.appendingPathComponent($0) }
    } catch {
        throw DataError(.missing, folder.path, "can't be listed: \(error.localizedDescription)")
    }
}
