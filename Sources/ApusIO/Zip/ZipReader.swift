import ApusGraph
import CZip

/// A zip archive in memory.
final class ZipReader {
    private let bytes: FileBytes
    private let archive: OpaquePointer

    init(_ bytes: FileBytes) throws {
        self.bytes = bytes
        // libzip takes no bytes at all for an archive of nothing.
        guard bytes.count > 0 else { throw damaged(bytes.name, "the file is empty") }
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        guard let source = zip_source_buffer_create(bytes.bytes.baseAddress, UInt64(bytes.count), 0, &error) else {
            throw damaged(bytes.name, &error)
        }
        guard let archive = zip_open_from_source(source, ZIP_RDONLY, &error) else {
            zip_source_free(source)
            throw damaged(bytes.name, &error)
        }
        self.archive = archive
    }

    deinit { zip_discard(archive) }

    /// The members' names, by index.
    func memberNames() throws -> [String] {
        try (0..<UInt64(zip_get_num_entries(archive, 0))).map { index in
            guard let name = zip_get_name(archive, index, 0) else {
                throw damaged(bytes.name, zip_get_error(archive))
            }
            return String(cString: name)
        }
    }

    /// The uncompressed content of a member, which messages call `name`.
    func content(at index: UInt64, name: String) throws -> Buffer {
        var status = zip_stat_t()
        guard zip_stat_index(archive, index, 0, &status) == 0 else { throw damaged(name, zip_get_error(archive)) }
        let size = try checkedSize(status, name)
        guard let file = zip_fopen_index(archive, index, 0) else { throw damaged(name, zip_get_error(archive)) }
        defer { zip_fclose(file) }

        let buffer = Buffer(byteCount: size)
        var offset = 0
        while offset < size {
            let count = zip_fread(file, buffer.pointer + offset, UInt64(size - offset))
            guard count > 0 else {
                throw count < 0 ? damaged(name, zip_file_get_error(file)) : damaged(name, "the content is truncated")
            }
            offset += Int(count)
        }
        // The checksum is compared when the end is seen.
        var extra: UInt8 = 0
        let rest = zip_fread(file, &extra, 1)
        if rest < 0 { throw damaged(name, zip_file_get_error(file)) }
        if rest > 0 { throw damaged(name, "there is more content than the archive says") }
        return buffer
    }

    /// The size that the archive claims, if a file of this length can hold it: deflate shrinks at most 1032-fold.
    private func checkedSize(_ status: zip_stat_t, _ name: String) throws -> Int {
        let isStored = Int32(status.comp_method) == ZIP_CM_STORE
        let (bound, overflowed) = status.comp_size.multipliedReportingOverflow(by: isStored ? 1 : 1032)
        guard status.comp_size <= bytes.count, !overflowed, status.size <= bound else {
            throw damaged(name, "the archive claims \(status.size) bytes in \(status.comp_size) compressed ones")
        }
        return Int(status.size)
    }
}

private func damaged(_ file: String, _ problem: String) -> FormatError {
    FormatError(
        file: file, problem: problem, remedy: "the archive is damaged or no zip file; fetch it again or write it anew")
}

private func damaged(_ file: String, _ error: UnsafeMutablePointer<zip_error_t>) -> FormatError {
    damaged(file, String(cString: zip_error_strerror(error)))
}
