import CZip
import Foundation

/// Where libzip writes an archive: its commands, carried out on an output file.
final class ZipSink {
    /// The first error of the file.
    private(set) var failure: (any Error)?

    private let file: OutputFile
    private var zipError = zip_error_t()

    init(_ file: OutputFile) {
        self.file = file
        zip_error_init(&zipError)
    }

    deinit { zip_error_fini(&zipError) }

    /// The function that libzip calls with a sink as its handle.
    static let callback: zip_source_callback = { handle, data, length, command in
        Unmanaged<ZipSink>.fromOpaque(handle!).takeUnretainedValue().perform(command, data, length)
    }

    private func perform(_ command: zip_source_cmd_t, _ data: UnsafeMutableRawPointer?, _ length: UInt64) -> Int64 {
        switch command {
        case ZIP_SOURCE_SUPPORTS: return Self.supported
        case ZIP_SOURCE_STAT: return emptyStatus(data)
        case ZIP_SOURCE_ERROR: return zip_error_to_data(&zipError, data, length)
        case ZIP_SOURCE_BEGIN_WRITE: return attempt { try self.file.restart() }
        case ZIP_SOURCE_WRITE:
            let bytes = UnsafeRawBufferPointer(start: data, count: Int(length))
            return attempt(returning: Int64(length)) { try self.file.write(bytes) }
        case ZIP_SOURCE_SEEK_WRITE:
            let target = zip_source_seek_compute_offset(
                UInt64(file.position), UInt64(file.end), data, length, &zipError)
            return target < 0 ? -1 : attempt { try self.file.seek(to: Int(target)) }
        case ZIP_SOURCE_TELL_WRITE: return Int64(file.position)
        case ZIP_SOURCE_OPEN, ZIP_SOURCE_CLOSE, ZIP_SOURCE_FREE, ZIP_SOURCE_COMMIT_WRITE, ZIP_SOURCE_ROLLBACK_WRITE,
            ZIP_SOURCE_REMOVE:
            return 0  // AtomicFile sees to these.
        default:
            zip_error_set(&zipError, ZIP_ER_OPNOTSUPP, 0)
            return -1
        }
    }

    /// Reading is claimed too, for libzip insists; a new archive is never read.
    private static let supported: Int64 = [
        ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
        ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, ZIP_SOURCE_BEGIN_WRITE, ZIP_SOURCE_COMMIT_WRITE,
        ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_SEEK_WRITE, ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_REMOVE,
    ].reduce(0) { $0 | 1 << Int64($1.rawValue) }

    private func emptyStatus(_ data: UnsafeMutableRawPointer?) -> Int64 {
        guard let status = data?.assumingMemoryBound(to: zip_stat_t.self) else { return -1 }
        zip_stat_init(status)
        status.pointee.valid = UInt64(ZIP_STAT_SIZE)
        status.pointee.size = 0
        return Int64(MemoryLayout<zip_stat_t>.size)
    }

    private func attempt(returning result: Int64 = 0, _ body: () throws -> Void) -> Int64 {
        do {
            try body()
            return result
        } catch {
            if failure == nil { failure = error }
            zip_error_set(&zipError, ZIP_ER_WRITE, (error as? FileError)?.code ?? 0)
            return -1
        }
    }
}
