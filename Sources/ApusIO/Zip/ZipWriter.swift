import ApusGraph
import CZip
import Foundation

/// Writes a zip archive into an output file.
enum ZipWriter {
    /// A file of the archive: its bytes, in pieces.
    struct Member {
        let name: String
        let pieces: [Piece]
    }

    /// The first bytes of a buffer.
    struct Piece {
        let buffer: Buffer
        let byteCount: Int

        init(_ buffer: Buffer, _ byteCount: Int? = nil) {
            self.buffer = buffer
            self.byteCount = byteCount ?? buffer.byteCount
        }
    }

    /// Writes `members` in order, all with the oldest date that zip knows, so that equal content gives equal bytes.
    static func write(_ members: [Member], isCompressed: Bool, to file: OutputFile) throws {
        guard !members.isEmpty else { return try file.write(emptyArchive) }
        let sink = ZipSink(file)
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        let handle = Unmanaged.passUnretained(sink).toOpaque()
        guard let target = zip_source_function_create(ZipSink.callback, handle, &error) else {
            throw failure(file, &error)
        }
        guard let archive = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error) else {
            zip_source_free(target)
            throw failure(file, &error)
        }
        // Members are read, and the sink written, when the archive is closed.
        try withExtendedLifetime((members, sink)) {
            do {
                for member in members { try add(member, isCompressed: isCompressed, to: archive, file) }
                guard zip_close(archive) == 0 else { throw sink.failure ?? failure(file, zip_get_error(archive)) }
            } catch {
                zip_discard(archive)
                throw error
            }
        }
    }

    /// The end record alone, which libzip does not write.
    private static let emptyArchive: [UInt8] = Array("PK\u{5}\u{6}".utf8) + [UInt8](repeating: 0, count: 18)

    private static func add(
        _ member: Member, isCompressed: Bool, to archive: OpaquePointer, _ file: OutputFile
    ) throws {
        let fragments = member.pieces.filter { $0.byteCount > 0 }.map { piece in
            zip_buffer_fragment_t(
                data: piece.buffer.pointer.assumingMemoryBound(to: UInt8.self), length: UInt64(piece.byteCount))
        }
        func check(_ isRight: Bool) throws {
            if !isRight { throw failure(file, zip_get_error(archive)) }
        }
        let source = zip_source_buffer_fragment(archive, fragments, UInt64(fragments.count), 0)
        try check(source != nil)
        let index = zip_file_add(archive, member.name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
        if index < 0 { zip_source_free(source) }
        try check(index >= 0)
        let method = isCompressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE
        try check(zip_set_file_compression(archive, UInt64(index), method, 0) == 0)
        let firstOfJanuary1980: UInt16 = 1 << 5 | 1
        try check(zip_file_set_dostime(archive, UInt64(index), 0, firstOfJanuary1980, 0) == 0)
    }

    private static func failure(_ file: OutputFile, _ error: UnsafeMutablePointer<zip_error_t>) -> FileError {
        FileError(
            path: file.path, cause: "cannot write the archive: \(String(cString: zip_error_strerror(error)))",
            remedy: "check the names of the arrays and the disk")
    }
}
