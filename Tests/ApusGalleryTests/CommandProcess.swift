import Foundation

/// A folder in which the built executable is run, and removed when done with.
final class Workplace {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func url(_ path: String) -> URL { folder.appendingPathComponent(path) }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url(path).path) }

    struct Result {
        let status: Int32
        let output: String
        let errors: String

        /// Standard output as JSON objects, one a line.
        var events: [[String: Any]] { Workplace.events(in: output) }

        func events(_ kind: String) -> [[String: Any]] { events.filter { $0["event"] as? String == kind } }
    }

    static func events(in output: String) -> [[String: Any]] {
        output.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    /// Runs `apus` to its end.
    func apus(_ arguments: String...) throws -> Result { try apus(arguments) }

    func apus(_ arguments: [String], environment: [String: String] = [:]) throws -> Result {
        let run = try start(arguments, environment: environment)
        run.process.waitUntilExit()
        return Result(
            status: run.process.terminationStatus, output: try run.output,
            errors: try String(contentsOf: run.errorFile, encoding: .utf8))
    }

    /// A command that is running or over.
    struct Run {
        let process: Process
        fileprivate let outputFile: URL
        fileprivate let errorFile: URL

        /// What it has written so far.
        var output: String { get throws { try String(contentsOf: outputFile, encoding: .utf8) } }
    }

    func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Run {
        let name = UUID().uuidString
        let (outputFile, errorFile) = (url(".\(name)-output"), url(".\(name)-errors"))
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        // One thread each: tests run beside each other.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["APUS_THREADS": "1", "APUS_CACHE": url("cache").path]
        ) { $1 }.merging(environment) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return Run(process: process, outputFile: outputFile, errorFile: errorFile)
    }

    /// The product beside the test bundle.
    private static let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("apus")
}
