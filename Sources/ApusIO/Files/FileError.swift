import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A file that the system would not open, read or write.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's path as it was given.
    public let path: String
    /// What was tried and why it failed: `cannot open: No such file or directory`.
    public let cause: String
    /// What the user can do about it.
    public let remedy: String
    /// The system's error number, 0 where there is none.
    public let code: Int32

    public init(path: String, cause: String, remedy: String, code: Int32 = 0) {
        self.path = path
        self.cause = cause
        self.remedy = remedy
        self.code = code
    }

    public var description: String { "\(path): \(cause); \(remedy)" }

    /// The failure of a system call that was asked to `action` the file.
    ///
    /// - Parameter byteCount: how many bytes the whole file needs, where that is known.
    init(_ action: String, _ path: String, code: Int32 = errno, byteCount: Int? = nil) {
        let needed = byteCount.map { ": \($0) bytes needed" } ?? ""
        switch code {
        case ENOSPC:
            self.init(
                path: path, cause: "the disk is full\(needed)", remedy: "free space or choose another --out", code: code
            )
        case EDQUOT:
            self.init(
                path: path, cause: "the disk quota is used up\(needed)",
                remedy: "free space or choose another --out", code: code)
        case EFBIG:
            self.init(
                path: path, cause: "the file would pass the limit on file sizes\(needed)",
                remedy: "raise the limit (ulimit -f) or choose another --out", code: code)
        case ENOENT:
            self.init(
                path: path, cause: "cannot \(action): no such file or folder", remedy: "check the path", code: code)
        case EACCES, EPERM, EROFS:
            self.init(
                path: path, cause: "cannot \(action): \(String(cString: strerror(code)))",
                remedy: "change its permissions or choose another path", code: code)
        default:
            self.init(
                path: path, cause: "cannot \(action): \(String(cString: strerror(code)))",
                remedy: "check the path and the disk", code: code)
        }
    }
}
