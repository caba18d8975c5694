import ApusGraph
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The bytes of a file, or of data in memory, and the object that keeps them there. They are read-only and never change,
/// as long as nobody shortens a mapped file in place: replace files by renaming, as `AtomicFile` does.
package struct FileBytes: @unchecked Sendable {
    // Unchecked: the pointer is to memory that is not written any more.

    /// What messages call the file.
    let name: String
    package let bytes: UnsafeRawBufferPointer
    let owner: AnyObject

    /// Maps a regular file into memory. Its pages are read when they are looked at.
    ///
    /// - Throws: `FileError` if there is no such file, or it cannot be read, or it is a folder or a device.
    package init(mapping url: URL) throws {
        let mapping = try Mapping(url.path)
        self.init(name: url.path, bytes: mapping.bytes, owner: mapping)
    }

    /// A copy of `data`, aligned for every dtype.
    package init(copying data: Data, name: String) {
        let buffer = Buffer(byteCount: data.count)
        data.withUnsafeBytes { source in
            if let base = source.baseAddress { buffer.pointer.copyMemory(from: base, byteCount: source.count) }
        }
        self.init(name: name, buffer: buffer)
    }

    /// The whole of a buffer that has been filled.
    init(name: String, buffer: Buffer) {
        self.init(
            name: name, bytes: UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.byteCount), owner: buffer)
    }

    private init(name: String, bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        self.name = name
        self.bytes = bytes
        self.owner = owner
    }

    package var count: Int { bytes.count }

    /// A part of the bytes.
    subscript(range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

    /// A little-endian unsigned integer. The caller has checked that it lies within the bytes.
    func integer<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type) -> Value {
        Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }
}

private final class Mapping {
    let bytes: UnsafeRawBufferPointer

    init(_ path: String) throws {
        // Without O_NONBLOCK the opening of a named pipe waits for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("open", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(path: path, cause: "is not a regular file", remedy: "give the path of a file")
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw FileError("map", path)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
