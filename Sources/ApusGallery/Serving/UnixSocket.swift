import Apus
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A listening Unix-domain socket, whose file is removed when it is closed.
package final class UnixListener: Sendable {
    package let path: String
    private let descriptor: Int32

    /// Takes the place of a file that a killed server left.
    ///
    /// - Throws: `InputError` where another server answers at the path, something else lies there, or it can't be used.
    package init(_ path: String) throws {
        self.path = path
        try Self.clear(path)
        descriptor = try Self.socketDescriptor(path)
        let bound = try withSocketAddress(path) { bind(descriptor, $0, $1) }
        guard bound == 0, listen(descriptor, 128) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw InputError(
                path, "no socket can be made here: \(reason)",
                remedy: "Choose a --socket in a folder that can be written")
        }
    }

    private static func clear(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw InputError(path, "is there already and is no socket", remedy: "Choose another --socket")
        }
        if (try? UnixConnection(to: path)) != nil {
            throw InputError(
                path, "another server answers here", remedy: "Stop it, or choose another --socket")
        }
        unlink(path)
    }

    fileprivate static func socketDescriptor(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else {
            throw InputError(
                path, "no socket can be opened: \(String(cString: strerror(errno)))", remedy: "Close other programs")
        }
        return descriptor
    }

    /// The next client, or nil once the listener is closed.
    package func accept() -> UnixConnection? {
        while true {
            let client = Glibc.accept(descriptor, nil, nil)
            if client >= 0 {
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                return UnixConnection(descriptor: client)
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                // Too many clients for the system: some will go.
                usleep(50_000)
            default: return nil
            }
        }
    }

    /// Ends `accept` and removes the file.
    package func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        unlink(path)
    }

    deinit { close(descriptor) }
}

/// One end of a connection, which carries lines. One thread may read while another writes.
package final class UnixConnection: Sendable {
    private let descriptor: Int32

    fileprivate init(descriptor: Int32) { self.descriptor = descriptor }

    /// Connects to a server.
    ///
    /// - Throws: `InputError` where none answers.
    package init(to path: String) throws {
        descriptor = try UnixListener.socketDescriptor(path)
        guard try withSocketAddress(path, { connect(descriptor, $0, $1) }) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw InputError(
                path, "no server answers here: \(reason)", remedy: "Start one with apus serve, or check the path")
        }
    }

    /// Some of the bytes that have come, waiting for the first; empty at the end.
    package func read(upTo count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var got = recv(descriptor, buffer.baseAddress, count, 0)
            while got < 0, errno == EINTR { got = recv(descriptor, buffer.baseAddress, count, 0) }
            filled = max(0, got)
        }
    }

    /// Sends all of a text.
    ///
    /// - Returns: false where the other side is gone.
    package func write(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// Ends reading on this side: `read` gives what has come, then nothing. Answers can still be sent.
    package func stopReading() { shutdown(descriptor, Int32(SHUT_RD)) }

    deinit { close(descriptor) }
}

/// Calls `body` with a path as a socket's address.
///
/// - Throws: `InputError` for a path over the system's limit.
private func withSocketAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let room = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard !bytes.isEmpty, bytes.count <= room else {
        throw InputError(
            path, "a socket's path has 1 to \(room) bytes, and this one \(bytes.count)", remedy: "Choose a shorter one")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}
