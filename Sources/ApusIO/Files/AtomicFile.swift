import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Writes files whole or not at all.
///
/// The content goes to a temporary file in the destination's folder, is flushed to the disk, and takes the destination's
/// name in one step; then the folder is flushed. At every moment, a crash or a power cut included, the destination is
/// either the old file or the new one. An error removes the temporary; what a killed process left is removed by the next
/// write to the same destination.
public enum AtomicFile {
    /// Replaces or makes the file at `url`.
    ///
    /// A replaced file keeps its permissions; a symbolic link stays, and the file it leads to is replaced.
    /// - Parameters:
    ///   - byteCount: how large the file will be, where that is known: the space is reserved first, so that a full disk
    ///     shows at once.
    ///   - body: writes the content.
    /// - Throws: `FileError`, naming the path and the cause, or whatever `body` throws.
    public static func write<Result>(
        to url: URL, byteCount: Int? = nil, _ body: (OutputFile) throws -> Result
    ) throws -> Result {
        let destination = url.resolvingSymlinksInPath()
        let permissions = try existingPermissions(destination)
        removeAbandonedTemporaries(of: destination)
        let (temporary, descriptor) = try openTemporary(for: destination)
        var isRenamed = false
        defer {
            if !isRenamed { unlink(temporary) }
            close(descriptor)
        }

        let file = OutputFile(descriptor: descriptor, path: url.path, expectedByteCount: byteCount)
        if let permissions { fchmod(descriptor, permissions) }
        try file.reserve()
        let result = try body(file)
        try file.finish()
        guard rename(temporary, destination.path) == 0 else { throw FileError("rename to", url.path) }
        isRenamed = true
        try flushFolder(of: destination)
        return result
    }

    /// Replaces or makes the file at `url` with `data`.
    public static func write(_ data: Data, to url: URL) throws {
        try write(to: url, byteCount: data.count) { try $0.write(data) }
    }

    /// Replaces or makes the file at `url` with `text` in UTF-8.
    public static func write(_ text: String, to url: URL) throws {
        try write(Data(text.utf8), to: url)
    }

    /// The permissions of the file that will be replaced, or nil if there is none.
    private static func existingPermissions(_ destination: URL) throws -> mode_t? {
        var status = stat()
        guard stat(destination.path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(
                path: destination.path, cause: "is there already and is not a regular file",
                remedy: "choose another path")
        }
        return status.st_mode & 0o7777
    }

    // MARK: Temporaries

    private static let suffix = ".part"

    private static func temporaryPrefix(_ destination: URL) -> String { ".\(destination.lastPathComponent)." }

    /// A new locked file beside `destination`. The lock lasts as long as the descriptor, so a temporary that can be locked
    /// is an abandoned one.
    private static func openTemporary(for destination: URL) throws -> (path: String, descriptor: Int32) {
        let folder = destination.deletingLastPathComponent()
        while true {
            let name = temporaryPrefix(destination) + String(UInt64.random(in: 0...UInt64.max), radix: 36) + suffix
            let path = folder.appendingPathComponent(name).path
            let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                if errno == EEXIST { continue }
                throw FileError("write", destination.path)
            }
            flock(descriptor, LOCK_EX)
            // Another process may have taken the file for an abandoned one before it was locked.
            var status = stat()
            if fstat(descriptor, &status) == 0, status.st_nlink > 0 { return (path, descriptor) }
            close(descriptor)
        }
    }

    private static func removeAbandonedTemporaries(of destination: URL) {
        let folder = destination.deletingLastPathComponent()
        let prefix = temporaryPrefix(destination)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
            let path = folder.appendingPathComponent(name).path
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
            close(descriptor)
        }
    }

    /// Makes the renaming itself last: it is a change of the folder.
    private static func flushFolder(of destination: URL) throws {
        let folder = destination.deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("flush", folder) }
        defer { close(descriptor) }
        // Some file systems cannot flush a folder; there the renaming is as safe as it gets.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else { throw FileError("flush", folder) }
    }
}
