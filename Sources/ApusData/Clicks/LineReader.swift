import ApusIO
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Lines of a file, plain or gzipped, or of a pipe, one after the other: however long it is, a piece of it is in memory.
public final class LineReader {
    /// A line without its break.
    public struct Line {
        public let bytes: ArraySlice<UInt8>
        /// From 1.
        public let number: Int
        /// The place in the unpacked text behind the line and its break.
        public let end: Int
        /// Whether a line break follows, which a line that is still being written lacks.
        public let isComplete: Bool

        /// The line as UTF-8 text, with marks in place of what is none.
        public var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// What messages call it.
    public let name: String
    private let read: (Int) throws -> [UInt8]
    private let limit: Int
    private var buffer: [UInt8] = []
    /// Where the next line begins in the buffer.
    private var start = 0
    private var isAtEnd = false
    private var number: Int
    private var position: Int

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - position: where to begin, a line's `end`, and the number of the line before it.
    ///   - limit: the most bytes that a line may have.
    /// - Throws: `DataError` where there is no such file.
    public convenience init(contentsOf url: URL, from position: Int = 0, after number: Int = 0, limit: Int = 1 << 20)
        throws
    {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw DataError(.missing, url.path, "no such file", remedy: "Check the path")
        }
        guard !isFolder.boolValue else {
            throw DataError(.unrecognized, url.path, "is a folder, and a file is expected")
        }
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw DataError(
                .missing, url.path, "can't be read: \(String(cString: strerror(errno)))", remedy: "Check permissions")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var magic = [UInt8](repeating: 0, count: 2)
        let isGzip = pread(descriptor, &magic, 2, 0) == 2 && magic == [0x1F, 0x8B]
        if isGzip {
            let reader = try GzipReader(contentsOf: url)
            self.init(name: url.path, limit: limit) { try Self.unpacked(reader, upTo: $0, url.path) }
            try skip(to: position)
        } else {
            self.init(name: url.path, limit: limit) { try Self.bytes(of: file.fileDescriptor, upTo: $0, url.path) }
            // A pipe has no places to go to, and begins where it is.
            if position > 0 { lseek(descriptor, off_t(position), SEEK_SET) }
            self.position = position
        }
        self.number = number
    }

    /// Reads what comes through an open descriptor, such as standard input's 0. It is left open.
    public convenience init(descriptor: Int32, name: String, limit: Int = 1 << 20) {
        self.init(name: name, limit: limit) { try Self.bytes(of: descriptor, upTo: $0, name) }
    }

    init(name: String, limit: Int = 1 << 20, read: @escaping (Int) throws -> [UInt8]) {
        (self.name, self.limit, self.read) = (name, limit, read)
        (number, position) = (0, 0)
    }

    /// The next line, or nil at the end.
    ///
    /// - Throws: `DataError` for a line over the limit and for what can't be read.
    public func next() throws -> Line? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                return line(upTo: end, isComplete: true)
            }
            searched = buffer.count
            guard searched - start <= limit else {
                throw DataError(
                    .corrupt, name, "line \(number + 1) has more than \(limit) bytes", remedy: "Is it text in lines?")
            }
            guard !isAtEnd else { return start < buffer.count ? line(upTo: buffer.count, isComplete: false) : nil }
            searched -= start
            buffer.removeSubrange(..<start)
            start = 0
            let piece = try read(1 << 18)
            isAtEnd = piece.isEmpty
            buffer += piece
        }
    }

    /// Whether the next line is there already, so that asking for it waits for nothing.
    public var hasLine: Bool { buffer[start...].contains(0x0A) }

    private func line(upTo end: Int, isComplete: Bool) -> Line {
        var bytes = buffer[start..<end]
        if bytes.last == 0x0D { bytes.removeLast() }
        number += 1
        position += end - start + (isComplete ? 1 : 0)
        start = min(end + 1, buffer.count)
        return Line(bytes: bytes, number: number, end: position, isComplete: isComplete)
    }

    private func skip(to position: Int) throws {
        var left = position
        while left > 0 {
            let piece = try read(min(left, 1 << 18))
            if piece.isEmpty { break }
            left -= piece.count
        }
        self.position = position - left
    }

    private static func unpacked(_ reader: GzipReader, upTo count: Int, _ name: String) throws -> [UInt8] {
        do {
            return Array(try reader.read(upTo: count))
        } catch let error as FormatError {
            throw DataError(.corrupt, name, error.problem, remedy: "Fetch or copy it again")
        }
    }

    private static func bytes(of descriptor: Int32, upTo count: Int, _ name: String) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var got = Glibc.read(descriptor, buffer.baseAddress, count)
            while got < 0, errno == EINTR { got = Glibc.read(descriptor, buffer.baseAddress, count) }
            guard got >= 0 else {
                throw DataError(.truncated, name, "can't be read: \(String(cString: strerror(errno)))")
            }
            filled = got
        }
    }
}
