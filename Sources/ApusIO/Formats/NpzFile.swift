import ApusTensor
import CZip
import Foundation
import Synchronization

/// Named arrays in NumPy's npz files: zip archives of npy files, stored or deflated.
///
/// An array is read and decompressed when it is asked for. What in the archive does not end in `.npy` is left alone.
///
/// Reference: <https://numpy.org/doc/stable/reference/generated/numpy.savez.html>
public final class NpzFile: Sendable {
    private let bytes: FileBytes
    private let archive: Mutex<ZipReader>
    private let indices: [String: UInt64]
    /// The arrays' names, in the order in which the file holds them.
    public let names: [String]

    /// Opens a file.
    ///
    /// - Throws: `FileError` if it cannot be read, `FormatError` if it is no zip archive of arrays.
    public convenience init(contentsOf url: URL) throws {
        try self.init(FileBytes(mapping: url))
    }

    /// Reads data in memory, which messages call `name`.
    ///
    /// - Throws: `FormatError` if it is no zip archive of arrays.
    public convenience init(_ data: Data, name: String = "npz data") throws {
        try self.init(FileBytes(copying: data, name: name))
    }

    init(_ bytes: FileBytes) throws {
        self.bytes = bytes
        let reader = try ZipReader(bytes)
        let members = try reader.memberNames()
        var names: [String] = []
        var indices: [String: UInt64] = [:]
        for (index, member) in members.enumerated() where member.hasSuffix(".npy") {
            let name = String(member.dropLast(4))
            guard indices.updateValue(UInt64(index), forKey: name) == nil else {
                throw FormatError(
                    file: bytes.name, location: "array \"\(name)\"", problem: "it appears twice",
                    remedy: "write the file again")
            }
            names.append(name)
        }
        guard !names.isEmpty || members.isEmpty else {
            throw FormatError(
                file: bytes.name, problem: "a zip archive without any .npy file in it",
                remedy: "give a file that numpy.savez has written")
        }
        self.names = names
        self.indices = indices
        archive = Mutex(reader)
    }

    /// One array.
    ///
    /// - Throws: `FormatError` if there is none of that name, or if it is damaged or of a type that Apus has not.
    public func tensor(_ name: String) throws -> Tensor {
        guard let index = indices[name] else {
            throw FormatError(
                file: bytes.name, location: "array \"\(name)\"", problem: "there is none of this name",
                remedy: "the file holds \(listed(names))")
        }
        let member = "\(bytes.name): \(name).npy"
        let content = try archive.withLock { try $0.content(at: index, name: member) }
        return try Npy.decode(FileBytes(name: member, buffer: content))
    }

    /// All arrays by name.
    ///
    /// - Throws: as `tensor(_:)` does, for the first that cannot be read.
    public func tensors() throws -> [String: Tensor] {
        try Dictionary(uniqueKeysWithValues: names.map { ($0, try tensor($0)) })
    }

    /// Writes arrays to a file, whole or not at all. Equal arrays give equal bytes.
    ///
    /// - Parameter isCompressed: deflate the arrays, as `numpy.savez_compressed` does.
    /// - Throws: `FileError` if the file cannot be written, `FormatError` if NumPy lacks a tensor's dtype.
    public static func write(_ tensors: [String: Tensor], isCompressed: Bool = false, to url: URL) throws {
        evaluate(tensors.values)
        let members = try tensors.sorted { $0.key < $1.key }.map { name, tensor in
            let header = Buffer(copying: try Npy.header(of: tensor.node.type, file: url.path))
            return ZipWriter.Member(
                name: name + ".npy", pieces: [.init(header), .init(tensor.buffer, tensor.node.type.byteCount)])
        }
        try AtomicFile.write(to: url) { try ZipWriter.write(members, isCompressed: isCompressed, to: $0) }
    }
}
