import Apus
import ApusBenchmarks
import ApusGallery
import ArgumentParser
import Foundation

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Time Apus beside PyTorch, JAX and ONNX Runtime in alternating rounds.",
        discussion: """
            Outputs are compared before anything is timed. `make bench` installs the peers and runs everything.
            `apus bench cold-start` times a prediction from the shell, `apus bench --scaling` networks of growing sizes.

            Ratio: the best peer's time over that of Apus. Peak: the share of what this machine can do.
            Allocations and plans are those of all timed steps, which should have none; faults are pages a step.
            """)

    @Argument(
        help: "Workloads, or training, inference, kernel, cold-start; `apus bench --list` names them. All by default.")
    var names: [String] = []
    @Option(help: "A Python that has the peers' packages. Without it Apus is timed alone.", completion: .file())
    var python: String?
    @Option(help: "Peers that take part, with commas between.")
    var peers = PeerList.all
    @Option(help: "The folder of the peers' scripts.", completion: .directory)
    var scripts = "Benchmarks/Peers"
    @OptionGroup var threads: ThreadsOption
    @Option(help: "Alternating rounds.")
    var rounds = 7
    @Flag(help: "How time grows with batch, width, depth and sequence.")
    var scaling = false
    @Flag(help: "Name the workloads.")
    var list = false
    @Option(help: "Write the results as a page.", completion: .file(extensions: ["md"]))
    var markdown: String?
    @Flag(help: .hidden)
    var worker = false
    @OptionGroup var output: OutputOptions

    private static let coldStart = "cold-start"

    func validate() throws {
        if rounds < 1 { throw ValidationError("--rounds \(rounds): at least 1 is needed.") }
        let known = Workloads.all.map(\.name) + WorkloadKind.allCases.map(\.rawValue) + [Self.coldStart]
        for name in names where !known.contains(name) {
            let guess = nearest(to: name, among: known).map { " Did you mean '\($0)'?" } ?? ""
            throw ValidationError("There is no workload '\(name)'.\(guess) `apus bench --list` names all.")
        }
    }

    func run() throws {
        if worker {
            var worker = Worker(threads: threads.count)
            return worker.serve()
        }
        // A peer that dies is a row's error, not this process's end.
        signal(SIGPIPE, SIG_IGN)
        let output = output.makeOutput()
        if list { return showList(output) }
        threads.apply()
        let run = try BenchRun(
            options, command: commandLine, file: markdown.map { URL(fileURLWithPath: $0) }, output)
        try run.measure(workloads)
        if scaling { try run.measureScaling() }
        if names.contains(Self.coldStart) { try run.measureColdStart() }
    }

    /// Those that are named; all where nothing else is asked for.
    private var workloads: [any Workload] {
        let takesAll = names.isEmpty && !scaling
        return Workloads.all.filter { takesAll || names.contains($0.name) || names.contains($0.kind.rawValue) }
    }

    private var options: Benchmark.Options {
        var options = Benchmark.Options(threads: threads.count)
        options.python = python
        options.peers = peers.frameworks
        options.scripts = URL(fileURLWithPath: scripts)
        options.rounds = rounds
        return options
    }

    /// What gives the same results again, without the paths of this machine.
    private var commandLine: String {
        let words = ["Benchmarks/run"] + names + (scaling ? ["--scaling"] : [])
        return (words + ["--peers", peers.text, "--rounds", "\(rounds)"]).joined(separator: " ")
    }

    private func showList(_ output: CommandOutput) {
        var table = TextTable(header: ["Workload", "Kind"], [.left, .left])
        for workload in workloads { table.append(workload.name, workload.kind.rawValue) }
        output.show(table.rendered())
    }
}

/// `torch,jax` on the command line.
struct PeerList: ExpressibleByArgument {
    let frameworks: [Framework]

    static let all = PeerList(frameworks: Framework.peers)

    static var allValueStrings: [String] { Framework.peers.map(\.rawValue) }
    var text: String { frameworks.map(\.rawValue).joined(separator: ",") }
    var defaultValueDescription: String { text }

    init(frameworks: [Framework]) { self.frameworks = frameworks }

    init?(argument: String) {
        let frameworks = argument.split(separator: ",").map { Framework(rawValue: String($0)) }
        guard frameworks.allSatisfy({ $0 != nil && $0 != .apus }) else { return nil }
        self.frameworks = frameworks.compactMap { $0 }
    }
}
