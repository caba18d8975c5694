import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A file that `AtomicFile` is writing. Small writes are gathered into large ones.
public final class OutputFile {
    /// Where the next write goes, in bytes from the file's start.
    public private(set) var position = 0

    /// The greatest position so far.
    private(set) var end = 0
    private let descriptor: Int32
    let path: String
    private let expectedByteCount: Int?
    private var pending: [UInt8] = []
    private static let pendingLimit = 1 << 16

    init(descriptor: Int32, path: String, expectedByteCount: Int?) {
        self.descriptor = descriptor
        self.path = path
        self.expectedByteCount = expectedByteCount
    }

    /// Appends bytes at `position`; throws `FileError` where the disk refuses them.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        if pending.count + bytes.count > Self.pendingLimit { try flush() }
        if bytes.count > Self.pendingLimit {
            try writeThrough(bytes)
        } else {
            pending.append(contentsOf: bytes)
        }
        position += bytes.count
        end = max(end, position)
    }

    /// Appends the bytes of a contiguous value, such as an array or `Data`.
    public func write(_ bytes: some ContiguousBytes) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// Appends text as UTF-8.
    public func write(_ text: String) throws {
        try write(Array(text.utf8))
    }

    /// Moves the place of the next write.
    func seek(to position: Int) throws {
        try flush()
        guard lseek(descriptor, position, SEEK_SET) >= 0 else { throw FileError("write", path) }
        self.position = position
    }

    /// Cuts the file off at its start, to write it anew.
    func restart() throws {
        pending.removeAll(keepingCapacity: true)
        try seek(to: 0)
        end = 0
        guard ftruncate(descriptor, 0) == 0 else { throw FileError("write", path) }
    }

    /// Sets aside the space that is expected to be needed. A file system that cannot do so is no error.
    func reserve() throws {
        guard let expectedByteCount, expectedByteCount > 0 else { return }
        var code: Int32
        repeat { code = posix_fallocate(descriptor, 0, expectedByteCount) } while code == EINTR
        if code == ENOSPC || code == EDQUOT || code == EFBIG {
            throw FileError("write", path, code: code, byteCount: expectedByteCount)
        }
    }

    /// Ends the file after the last byte written, and brings everything to the disk.
    func finish() throws {
        try flush()
        guard ftruncate(descriptor, end) == 0 else { throw FileError("write", path) }
        while fsync(descriptor) != 0 {
            guard errno == EINTR else { throw FileError("write", path, byteCount: expectedByteCount ?? position) }
        }
    }

    private func flush() throws {
        try pending.withUnsafeBytes { try writeThrough($0) }
        pending.removeAll(keepingCapacity: true)
    }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                throw FileError("write", path, byteCount: expectedByteCount ?? position + bytes.count)
            }
        }
    }
}
