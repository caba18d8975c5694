import ApusGallery
import ArgumentParser
import Foundation

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Put a trained model into service: it answers over a socket, and goes on learning.",
        discussion: """
            Requests and answers are JSON objects, one a line, over a Unix-domain socket. One with the outcome in it is an event
            to learn from; its answer says that it is safe. What was accepted survives kill -9: the same command goes on.
            """)

    @OptionGroup var system: SystemArgument
    @OptionGroup var model: ModelOption
    @Option(help: "The path of the socket.", completion: .file())
    var socket: String
    @Option(help: "A file of events with their outcomes to learn from, or - for standard input.", completion: .file())
    var events: String?
    @Option(help: "The most events a second that are taken from there.")
    var rate: Double?
    @Flag(help: "End when the events do.")
    var once = false
    @OptionGroup var settings: SettingsOption
    @Option(help: "Threads that compute for learning and for answering, each; one by default.")
    var threads: Int = 1
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let rate, !(rate > 0 && rate.isFinite) {
            throw ValidationError("--rate \(rate): a positive number is needed.")
        }
        if threads < 1 { throw ValidationError("--threads \(threads): at least 1 is needed.") }
        if once, events == nil { throw ValidationError("--once ends with the events: give --events.") }
    }

    func run() throws {
        let system = try system.system()
        guard let serving = system as? any ServingSystem else {
            let names = SystemRegistry.all.filter { $0 is any ServingSystem }.map(\.name)
            throw InputError(
                system.name, "can't be put into service", remedy: "These can: \(names.joined(separator: ", "))")
        }
        let output = output.makeOutput()
        try ThreadsOption.parse(["--threads", "\(threads)"]).apply()
        var options = ServeOptions(
            model: try model.folder(for: system), socket: socket,
            settings: try settings.values(of: system, for: .serving))
        options.events = events
        options.rate = rate
        options.endsWithEvents = once
        try serving.serve(options, output: output)
        output.finish("serve", system: system.name)
    }
}
