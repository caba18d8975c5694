import ApusIO
import Foundation

/// Everything that one run leaves behind, in one folder:
///
/// | file | holds |
/// | --- | --- |
/// | `config.json` | the system's name and all settings |
/// | `metrics.jsonl` | the run's events, one a line |
/// | `model.safetensors` | the best model |
/// | `report.html` | what people look at |
/// | `checkpoints/last.safetensors` | all that going on needs: model, optimizer, position |
/// | `checkpoints/best.safetensors` | the same at the best evaluation |
public struct RunFolder: Hashable, Sendable {
    /// Where the folder is.
    public let url: URL

    /// The folder's path in the file system.
    public var path: String { url.path }
    /// `config.json`: the system's name and all settings.
    public var configURL: URL { url.appendingPathComponent("config.json") }
    /// `metrics.jsonl`: the run's events, one a line.
    public var metricsURL: URL { url.appendingPathComponent("metrics.jsonl") }
    /// `model.safetensors`: the best model.
    public var modelURL: URL { url.appendingPathComponent("model.safetensors") }
    /// `report.html`: what people look at.
    public var reportURL: URL { url.appendingPathComponent("report.html") }
    /// `checkpoints/last.safetensors`: where a resumed run goes on.
    public var lastCheckpointURL: URL { checkpointsURL.appendingPathComponent("last.safetensors") }
    /// `checkpoints/best.safetensors`: the state at the best evaluation.
    public var bestCheckpointURL: URL { checkpointsURL.appendingPathComponent("best.safetensors") }
    private var checkpointsURL: URL { url.appendingPathComponent("checkpoints") }

    private init(_ url: URL) { self.url = url }

    /// Makes the folder of a new run.
    ///
    /// - Parameters:
    ///   - system: what is trained: `image-classification`.
    ///   - configuration: all settings that the results depend on.
    /// - Throws: `RunError` where a run is in the folder already or something else is in its place, `FileError` where it
    ///   cannot be written.
    public static func create(at url: URL, system: String, configuration: some Encodable) throws -> RunFolder {
        let folder = RunFolder(url.standardizedFileURL)
        let config = try RunConfig(system: system, configuration: configuration)
        if FileManager.default.fileExists(atPath: folder.configURL.path) {
            let differences = try folder.stored().differences(from: config)
            throw RunError(
                path: folder.path,
                problem: differences.isEmpty
                    ? "there is a run of this configuration already"
                    : "there is a run of another configuration already (\(differences.joined(separator: "; ")))",
                remedy: "go on with --resume \(folder.path), or choose another --out")
        }
        try folder.makeWritable()
        try AtomicFile.write(config.text(), to: folder.configURL)
        return folder
    }

    /// The folder of a run that was begun before.
    ///
    /// - Throws: `RunError` where there is no run, or its `config.json` is damaged.
    public static func open(_ url: URL) throws -> RunFolder {
        let folder = RunFolder(url.standardizedFileURL)
        _ = try folder.stored()
        return folder
    }

    /// The folder of a run to go on with under the same settings.
    ///
    /// - Parameter ignoring: settings, by their path in the configuration, that may have changed: `threads`, `epochs`.
    /// - Throws: `RunError` where there is no run, or its settings are others, naming each.
    public static func open(
        _ url: URL, system: String, configuration: some Encodable, ignoring: Set<String> = []
    ) throws -> RunFolder {
        let folder = RunFolder(url.standardizedFileURL)
        let config = try RunConfig(system: system, configuration: configuration)
        let differences = try folder.stored().differences(from: config).filter { difference in
            !ignoring.contains { difference.hasPrefix("configuration.\($0):") }
        }
        guard differences.isEmpty else {
            throw RunError(
                path: folder.path,
                problem: "the run was begun with another configuration (\(differences.joined(separator: "; ")))",
                remedy: "resume with the same settings, or begin a new run with another --out")
        }
        try folder.makeWritable()
        return folder
    }

    /// Which system the run trains.
    public func system() throws -> String { try stored().system }

    /// The settings that the run was begun with.
    public func configuration<Configuration: Decodable>(_ type: Configuration.Type = Configuration.self) throws
        -> Configuration
    {
        do {
            return try JSONLine.decode(type, JSONLine.encode(stored().configuration))
        } catch let error as DecodingError {
            throw damaged("is of another version (\(error))")
        }
    }

    // MARK: Reading and probing

    private func stored() throws -> RunConfig {
        guard let data = FileManager.default.contents(atPath: configURL.path) else {
            throw RunError(
                path: path, problem: "there is no run here: config.json cannot be read",
                remedy: "give the folder that a training named, which holds config.json")
        }
        guard let config = try? JSONLine.decode(RunConfig.self, String(decoding: data, as: UTF8.self)) else {
            throw damaged("is damaged")
        }
        return config
    }

    private func damaged(_ problem: String) -> RunError {
        RunError(path: configURL.path, problem: problem, remedy: "restore the file, or train anew with another --out")
    }

    /// Finds out before any work is done whether results can be kept.
    private func makeWritable() throws {
        do {
            try FileManager.default.createDirectory(at: checkpointsURL, withIntermediateDirectories: true)
        } catch {
            throw RunError(
                path: path, problem: "the run's folder cannot be made (\(Self.reason(error)))",
                remedy: "choose an --out that can be written")
        }
        let probe = checkpointsURL.appendingPathComponent(".probe")
        try AtomicFile.write("", to: probe)
        try? FileManager.default.removeItem(at: probe)
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard
            let code = [underlying, error as NSError].compactMap({ $0 }).first(where: {
                $0.domain == NSPOSIXErrorDomain
            })?.code
        else { return (error as NSError).localizedDescription }
        return String(cString: strerror(Int32(code)))
    }
}

/// What `config.json` holds.
private struct RunConfig: Codable, Hashable {
    var system: String
    var configuration: JSONValue

    init(system: String, configuration: some Encodable) throws {
        self.system = system
        self.configuration = try JSONValue(encoding: configuration)
    }

    /// The settings that differ, in words.
    func differences(from other: RunConfig) throws -> [String] {
        JSONValue.differences(try JSONValue(encoding: self), try JSONValue(encoding: other))
    }

    /// For people to read: indented, keys in order.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
