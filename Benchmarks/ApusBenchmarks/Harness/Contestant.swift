import Apus
import Foundation

/// Who takes part.
public enum Framework: String, Sendable, CaseIterable, Codable {
    case apus
    case torch
    case torchCompile = "torch-compile"
    case jax
    case onnxruntime

    /// The peers of Apus.
    public static var peers: [Framework] { allCases.filter { $0 != .apus } }

    /// The name in JSON.
    var key: String { rawValue.replacing("-", with: "_") }
}

/// A process that runs a workload's steps when told to, and sleeps otherwise.
package final class Contestant {
    let framework: Framework
    package private(set) var version = ""
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var pending = Data()
    private let errorFile: URL

    /// - Parameter command: the executable and its arguments.
    package init(_ framework: Framework, command: [String], environment: [String: String], folder: URL) throws {
        self.framework = framework
        errorFile = folder.appendingPathComponent("\(framework.rawValue)-\(UUID().uuidString).log")
        try Data().write(to: errorFile)
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        var inherited = ProcessInfo.processInfo.environment
        // Short waits are Apus's own; the peers wait as they are made to.
        if framework != .apus { inherited["GOMP_SPINCOUNT"] = nil }
        process.environment = inherited.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errorFile)
        do {
            try process.run()
        } catch {
            throw BenchmarkError("\(command[0]) does not start: \(error.localizedDescription)")
        }
        version = try reply().version ?? framework.rawValue
    }

    /// Sends a request and waits for the answer.
    ///
    /// - Throws: `BenchmarkError` where the process says what went wrong, or ends.
    package func ask(_ request: Request) throws -> Reply {
        let line = try JSONLine.encode(request) + "\n"
        do {
            try input.fileHandleForWriting.write(contentsOf: Data(line.utf8))
        } catch {
            throw BenchmarkError("\(framework.rawValue) ended: \(lastWords)")
        }
        return try reply()
    }

    private func reply() throws -> Reply {
        let line = try line()
        guard let reply = try? JSONLine.decode(Reply.self, line) else {
            throw BenchmarkError("\(framework.rawValue) answered \(line)")
        }
        if let error = reply.error { throw BenchmarkError(error) }
        return reply
    }

    private func line() throws -> String {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending = Data(pending[(end + 1)...]) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw BenchmarkError("\(framework.rawValue) ended: \(lastWords)") }
            pending.append(more)
        }
    }

    var isRunning: Bool { process.isRunning }

    /// Seconds of processors that the process has used, in steps of a hundredth; 0 where the kernel does not tell.
    var processorSeconds: Double {
        guard let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8),
            let afterName = text.split(separator: ")").last
        else { return 0 }
        // The 14th and 15th fields of proc(5); the name is the second.
        let fields = afterName.split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private var lastWords: String {
        let text = (try? String(contentsOf: errorFile, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last.map(String.init) ?? "it left no message"
    }

    deinit {
        try? input.fileHandleForWriting.close()
        // It has nothing to save.
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: errorFile)
    }
}
