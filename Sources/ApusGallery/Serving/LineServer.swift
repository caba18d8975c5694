import Apus
import Foundation
import Synchronization

/// Answers lines with lines over a Unix-domain socket, a thread for each client.
///
/// What a client has sent is answered together, at most `chunkSize` lines at a time, in order; no more is read from it meanwhile. So a
/// client that sends faster than it is answered is held back by its own socket, and no other is.
package final class LineServer: Sendable {
    /// The answers to lines, one each, without line breaks. Called on many threads at once.
    package typealias Handler = @Sendable (_ lines: [ArraySlice<UInt8>]) -> [String]

    private let listener: UnixListener
    private let handler: Handler
    private let clients = Mutex<[ObjectIdentifier: UnixConnection]>([:])
    private let isStopping = Atomic<Bool>(false)

    package static let chunkSize = 256
    package static let clientLimit = 256
    /// The most bytes of a line.
    package static let lineLimit = 1 << 16

    /// Opens the socket and answers from now on.
    ///
    /// - Throws: as `UnixListener`.
    package init(_ path: String, _ handler: @escaping Handler) throws {
        listener = try UnixListener(path)
        self.handler = handler
        startThread("apus.accept") { [self] in acceptClients() }
    }

    private func acceptClients() {
        while !isStopping.load(ordering: .acquiring), let client = listener.accept() {
            let isWelcome = clients.withLock { clients in
                guard clients.count < Self.clientLimit else { return false }
                clients[ObjectIdentifier(client)] = client
                return true
            }
            guard isWelcome else {
                _ = client.write(
                    Self.error("\(Self.clientLimit) clients are being served already; come back later") + "\n")
                continue
            }
            startThread("apus.client") { [self] in
                serve(client)
                clients.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(client)) }
            }
        }
    }

    private func serve(_ client: UnixConnection) {
        var buffer: [UInt8] = []
        while true {
            let (lines, rest) = Self.lines(in: buffer)
            buffer = Array(rest)
            if !lines.isEmpty {
                let answers = handler(lines)
                precondition(
                    answers.count == lines.count, "LineServer: \(answers.count) answers to \(lines.count) lines")
                guard client.write(answers.map { $0 + "\n" }.joined()) else { return }
                continue
            }
            guard buffer.count <= Self.lineLimit else {
                _ = client.write(Self.error("a line has more than \(Self.lineLimit) bytes") + "\n")
                return
            }
            let piece = client.read(upTo: 1 << 16)
            if piece.isEmpty { return }
            buffer += piece
        }
    }

    /// The first whole lines, and what is behind them. Empty lines are no requests.
    private static func lines(in buffer: [UInt8]) -> (lines: [ArraySlice<UInt8>], rest: ArraySlice<UInt8>) {
        var lines: [ArraySlice<UInt8>] = []
        var start = buffer.startIndex
        while lines.count < chunkSize, let end = buffer[start...].firstIndex(of: 0x0A) {
            let line = buffer[start..<end]
            if line.contains(where: { $0 != 0x0D && $0 != 0x20 }) { lines.append(line) }
            start = end + 1
        }
        return (lines, buffer[start...])
    }

    /// An answer that says what is wrong.
    ///
    /// - Parameter id: what the request named itself, as JSON.
    package static func error(_ message: String, id: String? = nil) -> String {
        "{\(id.map { "\"id\":\($0)," } ?? "")\"error\":\((try? JSONLine.encode(message)) ?? "\"\"")}"
    }

    /// Takes no more clients, answers what has been sent, and returns when the last client has its answers, or after `seconds`.
    package func stop(within seconds: Double = 5) {
        isStopping.store(true, ordering: .releasing)
        listener.stop()
        clients.withLock { for client in $0.values { client.stopReading() } }
        let end = Date().addingTimeInterval(seconds)
        while !clients.withLock(\.isEmpty), Date() < end { Thread.sleep(forTimeInterval: 0.01) }
    }
}

/// Runs `body` on a thread of its own.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    // Tracing a program goes deep into closures.
    thread.stackSize = 8 << 20
    thread.start()
}
