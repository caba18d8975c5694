import Foundation

/// Asks a `LineServer`: lines go there, and as many come back, in order.
package final class LineClient {
    private let connection: UnixConnection
    private let path: String
    private var buffer: [UInt8] = []

    /// - Throws: `InputError` where no server answers.
    package init(_ path: String) throws {
        connection = try UnixConnection(to: path)
        self.path = path
    }

    /// The answers to lines, one each.
    ///
    /// Few lines go at a time: a server that waits for its answers to be read reads nothing itself.
    /// - Throws: `InputError` where the server goes away before it has answered.
    package func answers(to lines: [String]) throws -> [String] {
        var answers: [String] = []
        for start in stride(from: 0, to: lines.count, by: 128) {
            let some = lines[start..<min(lines.count, start + 128)]
            guard connection.write(some.map { $0 + "\n" }.joined()) else { throw gone }
            for _ in some { answers.append(try nextLine()) }
        }
        return answers
    }

    private func nextLine() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            let piece = connection.read(upTo: 1 << 16)
            guard !piece.isEmpty else { throw gone }
            buffer += piece
        }
    }

    private var gone: InputError {
        InputError(path, "the server went away before it had answered", remedy: "Start it again, and ask again")
    }
}
