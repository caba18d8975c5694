import Foundation

/// A peer framework in a process of its own that runs steps when told to.
final class Peer {
    private(set) var version = ""
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var pending = Data()

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(python: String, script: String, threads: Int) throws {
        process.executableURL = URL(filePath: python)
        process.arguments = [script, String(threads)]
        process.standardInput = input
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            throw Failure(
                description:
                    "\(python) does not start: \(error.localizedDescription); name a Python that has torch with --python"
            )
        }
        version = try line()
    }

    /// Average seconds of a training step.
    func seconds(_ workload: String, steps: Int) throws -> Double {
        input.fileHandleForWriting.write(Data("\(workload) \(steps)\n".utf8))
        let answer = try line()
        guard let seconds = Double(answer) else { throw Failure(description: "the peer answered \(answer)") }
        return seconds
    }

    private func line() throws -> String {
        while true {
            if let end = pending.firstIndex(of: 10) {
                defer { pending = Data(pending[(end + 1)...]) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw Failure(description: "the peer ended; is torch installed for it?") }
            pending.append(more)
        }
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
