import Apus
import ArgumentParser

enum Version {
    static let current = "0.1.0"
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version and what this machine offers.")

    @OptionGroup var output: OutputOptions

    func run() throws {
        let output = output.makeOutput()
        let machine = Machine.current()
        let extensions = machine.extensions.isEmpty ? "" : ", " + machine.extensions.joined(separator: ", ")
        output.show("apus \(Version.current)")
        output.show("\(machine.processor), \(machine.cores) cores\(extensions)")
        output.emit("version", VersionEvent(version: Version.current, machine: machine))
        output.finish("version")
    }
}

private struct VersionEvent: Encodable, Sendable {
    let version: String
    let machine: Machine
}
