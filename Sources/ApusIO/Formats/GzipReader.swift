import CZlib
import Foundation

/// Reads gzip data, or a zlib stream, piece by piece. Gzip members that follow one another are read as one, and zeros after the
/// last are padding.
///
/// Reference: RFC 1952 and RFC 1950.
public final class GzipReader {
    private let source: FileBytes
    private let limit: Int
    /// How much of the source has been handed to zlib, and how much has come out.
    private var inputOffset = 0
    private var outputCount = 0
    private var isAtEnd = false
    // On the heap: zlib keeps the address.
    private let stream: UnsafeMutablePointer<z_stream>

    /// Opens a file.
    ///
    /// - Parameter limit: the most bytes that may come out of it.
    /// - Throws: `FileError` if it cannot be read.
    public convenience init(contentsOf url: URL, limit: Int = .max) throws {
        self.init(try FileBytes(mapping: url), limit: limit)
    }

    /// Reads data in memory, which messages call `name`.
    public convenience init(_ data: Data, name: String = "gzip data", limit: Int = .max) {
        self.init(FileBytes(copying: data, name: name), limit: limit)
    }

    init(_ source: FileBytes, limit: Int) {
        self.source = source
        self.limit = limit
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 32 more than the window's size ask for the wrapping to be recognized.
        let status = inflateInit2_(stream, 32 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib cannot be set up: status \(status)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Fills `target` as far as data is left.
    ///
    /// - Returns: the bytes written, fewer than there is room for only at the end.
    /// - Throws: `FormatError` if the data is damaged or truncated, or if more than the limit comes out.
    public func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < target.count, !isAtEnd {
            filled += try inflateOnce(into: UnsafeMutableRawBufferPointer(rebasing: target[filled...]))
        }
        return filled
    }

    /// The next bytes, at most `count`; empty at the end.
    public func read(upTo count: Int) throws -> Data {
        var data = Data(count: count)
        let filled = try data.withUnsafeMutableBytes { try read(into: $0) }
        return data.prefix(filled)
    }

    private func inflateOnce(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        let input = source[inputOffset..<min(source.count, inputOffset + Int(UInt32.max >> 1))]
        let room = min(target.count, Int(UInt32.max >> 1))
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        let status = inflate(stream, Z_NO_FLUSH)
        inputOffset += input.count - Int(stream.pointee.avail_in)
        let produced = room - Int(stream.pointee.avail_out)
        outputCount += produced
        guard outputCount <= limit else {
            throw damaged("more than \(limit) bytes come out", remedy: "this file is not what was expected; check it")
        }
        switch status {
        case Z_OK: break
        case Z_STREAM_END: try endMember()
        case Z_BUF_ERROR where inputOffset == source.count: throw damaged("the data is truncated")
        default:
            throw damaged(stream.pointee.msg.map { String(cString: $0) } ?? "zlib's status is \(status)")
        }
        return produced
    }

    /// After a member: another one, or padding, or the end.
    private func endMember() throws {
        if source[inputOffset..<source.count].starts(with: [0x1F, 0x8B]) {
            inflateReset(stream)
        } else if source[inputOffset..<source.count].allSatisfy({ $0 == 0 }) {
            isAtEnd = true
        } else {
            throw damaged("something else follows the compressed data")
        }
    }

    private func damaged(
        _ problem: String, remedy: String = "the file is damaged or no gzip file; fetch it again"
    ) -> FormatError {
        FormatError(file: source.name, location: "byte \(inputOffset)", problem: problem, remedy: remedy)
    }
}

/// The content of gzip data or of a zlib stream.
///
/// - Parameters:
///   - name: what messages call the data.
///   - limit: the most bytes that may come out, 4 GiB unless told. Gzip can grow a thousandfold.
/// - Throws: `FormatError` if the data is damaged or truncated, or if more than the limit comes out.
public func gunzip(_ data: Data, name: String = "gzip data", limit: Int = 1 << 32) throws -> Data {
    let reader = GzipReader(data, name: name, limit: limit)
    var content = Data()
    while true {
        let piece = try reader.read(upTo: 1 << 18)
        if piece.isEmpty { return content }
        content.append(piece)
    }
}
