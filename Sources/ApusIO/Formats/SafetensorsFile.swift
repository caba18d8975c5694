import ApusTensor
import Foundation

/// Named tensors in a safetensors file, the format of Hugging Face's models.
///
/// The file is mapped into memory, and a tensor's elements are used where they lie: opening a large model costs no more
/// than reading its header. The header is checked in full when the file is opened.
///
/// `F32 F64 F16 BF16 I32 I64 U8 BOOL` are read as they are, `I8 I16 U16` become int32, `U32` becomes int64, and `U64` too
/// if its values fit. Tensors of other dtypes (`F8_E4M3`, `C64`…) can be listed but not read.
///
/// Reference: <https://github.com/huggingface/safetensors#format>
public struct SafetensorsFile: Sendable {
    private let bytes: FileBytes
    private let header: SafetensorsHeader
    private let dataStart: Int

    /// Opens a file.
    ///
    /// - Throws: `FileError` if it cannot be read, `FormatError` if its header breaks a rule of the format.
    public init(contentsOf url: URL) throws {
        try self.init(FileBytes(mapping: url))
    }

    /// Reads data in memory, which messages call `name`.
    ///
    /// - Throws: `FormatError` if its header breaks a rule of the format.
    public init(_ data: Data, name: String = "safetensors data") throws {
        try self.init(FileBytes(copying: data, name: name))
    }

    init(_ bytes: FileBytes) throws {
        func damaged(_ location: String, _ problem: String) -> FormatError {
            FormatError(
                file: bytes.name, location: location, problem: problem,
                remedy: "the file is damaged or no safetensors file; fetch or export it again")
        }
        guard bytes.count >= 8 else {
            throw damaged("", "\(bytes.count) bytes are too few for a header")
        }
        let length = bytes.integer(at: 0, as: UInt64.self)
        guard length <= SafetensorsHeader.maximumByteCount else {
            throw damaged("header", "a length of \(length) bytes is beyond the limit of 100 MB")
        }
        guard length <= bytes.count - 8 else {
            throw damaged("header", "a length of \(length) bytes in a file of \(bytes.count)")
        }
        dataStart = 8 + Int(length)
        do {
            header = try SafetensorsHeader(parsing: bytes[8..<dataStart], dataByteCount: bytes.count - dataStart)
        } catch let failure as TextScanner.Failure {
            throw damaged("header, byte \(8 + failure.offset)", failure.problem)
        } catch let mismatch as SafetensorsHeader.Mismatch {
            throw damaged(mismatch.name.map { "tensor \"\($0)\"" } ?? "data", mismatch.problem)
        }
        self.bytes = bytes
    }

    /// The tensors' names, in the order in which the file holds them.
    public var names: [String] { header.namesInOrder }

    /// The file's own notes, free text by key.
    public var metadata: [String: String] { header.metadata }

    /// The type that a tensor will have once read, or nil if there is no such tensor or its dtype cannot be read.
    public func type(of name: String) -> TensorType? {
        guard let entry = header.entries[name], let element = SafetensorsHeader.elements[entry.dtype] else {
            return nil
        }
        return TensorType(entry.shape, element.dtype)
    }

    /// One tensor.
    ///
    /// - Throws: `FormatError` if there is none of that name, if Apus has no dtype for it, or if a bool is neither 0 nor 1.
    public func tensor(_ name: String) throws -> Tensor {
        let location = "tensor \"\(name)\""
        guard let entry = header.entries[name] else {
            throw FormatError(
                file: bytes.name, location: location, problem: "there is none of this name",
                remedy: "the file holds \(listed(names))")
        }
        guard let element = SafetensorsHeader.elements[entry.dtype] else {
            throw FormatError(
                file: bytes.name, location: location, problem: "its dtype \(entry.dtype) cannot be read",
                remedy: "export it as F32, F16 or BF16")
        }
        let range = dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound
        do throws(ElementError) {
            return try bytes.elements(at: range, of: element, shape: entry.shape)
        } catch {
            throw FormatError(file: bytes.name, location: location, problem: error.problem, remedy: error.remedy)
        }
    }

    /// All tensors by name.
    ///
    /// - Throws: as `tensor(_:)` does, for the first that cannot be read.
    public func tensors() throws -> [String: Tensor] {
        try Dictionary(uniqueKeysWithValues: names.map { ($0, try tensor($0)) })
    }
}

extension SafetensorsFile {
    /// Writes tensors to a file, whole or not at all. Equal tensors give equal bytes, which are those of the reference
    /// implementation where there is at most one note.
    ///
    /// - Throws: `FileError` if the file cannot be written, `FormatError` if the names or notes are beyond the format.
    public static func write(_ tensors: [String: Tensor], metadata: [String: String] = [:], to url: URL) throws {
        guard tensors["__metadata__"] == nil else {
            throw FormatError(
                file: url.path, location: "tensor \"__metadata__\"", problem: "the format keeps this name for itself",
                remedy: "name the tensor otherwise")
        }
        evaluate(tensors.values)
        let types = tensors.mapValues(\.node.type)
        let (header, order) = SafetensorsHeader.laidOut(types, metadata: metadata)
        let text = header.text(order: order)
        guard text.utf8.count <= SafetensorsHeader.maximumByteCount else {
            throw FormatError(
                file: url.path, location: "header", problem: "\(text.utf8.count) bytes are beyond the limit of 100 MB",
                remedy: "write fewer tensors or shorter notes")
        }
        let dataByteCount = types.values.reduce(0) { $0 + $1.byteCount }
        try AtomicFile.write(to: url, byteCount: 8 + text.utf8.count + dataByteCount) { file in
            try withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { try file.write($0) }
            try file.write(text)
            for name in order { try file.write(tensors[name]!) }
        }
    }
}

/// A few of the names, for a message.
func listed(_ names: [String]) -> String {
    if names.isEmpty { return "no tensors" }
    let shown = names.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
}
