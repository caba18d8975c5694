import Apus
import ApusCPU
import ApusGallery
import ArgumentParser
import Foundation

/// What every command takes.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON lines for programs; progress goes to standard error.")
    var json = false

    func makeOutput() -> CommandOutput { CommandOutput(isJSON: json) }
}

/// Which system a command is about.
struct SystemArgument: ParsableArguments {
    @Argument(help: "The system: see `apus systems`.", completion: .list(SystemRegistry.names))
    var name: String

    func system() throws -> any System { try SystemRegistry.system(named: name) }
}

/// The run whose model is used.
struct ModelOption: ParsableArguments {
    @Option(help: "The folder of the run that trained the model.", completion: .directory)
    var model: String

    /// - Throws: `InputError` where it is the run of another system, `RunError` where there is no run.
    func folder(for system: any System) throws -> URL {
        let url = URL(fileURLWithPath: model)
        let trained = try RunFolder.open(url).system()
        guard trained == system.name else {
            throw InputError(
                model, "is a run of \(trained), not of \(system.name)",
                remedy: "Use it with \(trained), or give a run of \(system.name)")
        }
        return url
    }
}

/// A system's own settings.
struct SettingsOption: ParsableArguments {
    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A setting of the system's own, which `apus systems NAME` lists; may be repeated.", valueName: "name=value")
    )
    var given: [String] = []

    func values(of system: any System, for use: Setting.Use) throws -> SettingValues {
        try SettingValues(given, of: system.card, for: use)
    }
}

/// How many threads compute.
struct ThreadsOption: ParsableArguments {
    @Option(help: "Threads that compute; one for each core by default.")
    var threads: Int?

    func validate() throws {
        guard let threads else { return }
        if threads < 1 { throw ValidationError("--threads \(threads): at least 1 is needed.") }
    }

    /// As many as were asked for, or as the engine uses by itself.
    var count: Int { threads ?? CPUBackend.shared.threadCount }

    func apply() {
        if let threads { CPUBackend.shared.threadCount = threads }
    }
}

/// A folder for new results that nobody has used: runs/NAME-1, runs/NAME-2 …
func newRunFolder(of system: String, in parent: URL = URL(fileURLWithPath: "runs")) -> URL {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    let numbers = names.compactMap { name in name.hasPrefix(system + "-") ? Int(name.dropFirst(system.count + 1)) : nil
    }
    return parent.appendingPathComponent("\(system)-\((numbers.max() ?? 0) + 1)")
}

/// A path as short as it can be said: from the working folder, if it lies there.
func shortPath(_ url: URL) -> String {
    let here = FileManager.default.currentDirectoryPath + "/"
    let path = url.standardizedFileURL.path
    return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
}
