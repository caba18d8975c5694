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
            Ratio: the best peer's time over that of Apus. Peak: the share of what this machine can do.
            MB: peak memory of Apus's process / the best peer's. First: time of the first step. Faults: pages a step.
            """)

    @Argument(help: "Workloads: `apus bench --list` names them. All if none is given.")
    var names: [String] = []
    @Option(help: "A Python that has the peers' packages. Without it Apus is timed alone.", completion: .file())
    var python: String?
    @Option(help: "Peers that take part, with commas between: \(PeerList.all.text).")
    var peers = PeerList.all
    @Option(help: "The folder of the peers' scripts.", completion: .directory)
    var scripts = "Benchmarks/Peers"
    @OptionGroup var threads: ThreadsOption
    @Option(help: "Alternating rounds.")
    var rounds = 7
    @Flag(help: "Name the workloads.")
    var list = false
    @Flag(help: .hidden)
    var worker = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if rounds < 1 { throw ValidationError("--rounds \(rounds): at least 1 is needed.") }
        let known = Workloads.all.map(\.name)
        for name in names where !known.contains(name) {
            let guess = nearest(to: name, among: known).map { " Did you mean '\($0)'?" } ?? ""
            throw ValidationError("There is no workload '\(name)'.\(guess) `apus bench --list` names all.")
        }
    }

    func run() throws {
        if worker {
            var worker = Worker(threads: threads.count)
            worker.serve()
            return
        }
        let output = output.makeOutput()
        let workloads = Workloads.all.filter { names.isEmpty || names.contains($0.name) }
        if list {
            for workload in workloads { print(workload.name) }
            return
        }
        let progress = StatusLine()
        let benchmark = try Benchmark(options, progress: progress.show)
        defer { benchmark.cleanUp() }
        var measurements: [BenchmarkResult] = []
        for workload in workloads {
            let measurement = benchmark.measure(workload)
            measurements.append(measurement)
            progress.clear()
            if output.isJSON { print(try JSONLine.encode(BenchmarkLine(measurement, nil))) }
        }
        output.show(BenchmarkTable(measurements, nil).text)
    }

    private var options: Benchmark.Options {
        var options = Benchmark.Options(threads: threads.count)
        options.python = python
        options.peers = peers.frameworks
        options.scripts = URL(fileURLWithPath: scripts)
        options.rounds = rounds
        return options
    }
}

/// `torch,jax` on the command line.
struct PeerList: ExpressibleByArgument {
    let frameworks: [Framework]

    static let all = PeerList(frameworks: Framework.peers)

    var text: String { frameworks.map(\.rawValue).joined(separator: ",") }
    var defaultValueDescription: String { text }

    init(frameworks: [Framework]) { self.frameworks = frameworks }

    init?(argument: String) {
        let frameworks = argument.split(separator: ",").map { Framework(rawValue: String($0)) }
        guard frameworks.allSatisfy({ $0 != nil && $0 != .apus }) else { return nil }
        self.frameworks = frameworks.compactMap { $0 }
    }
}

/// One line on standard error that says what is being done, where a person watches.
private struct StatusLine {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func show(_ text: String) {
        guard isTerminal else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
    }

    func clear() { show("") }
}
