import Apus
import ApusCPU
import ArgumentParser
import Foundation

/// Times training steps of Apus and PyTorch in alternating rounds of one run.
@main
struct ApusBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus-bench", abstract: "Times training steps of Apus beside PyTorch eager, alternating.")

    @Argument(help: "Workloads: \(workloads.map(\.name).joined(separator: ", ")). All if none is named.")
    var names: [String] = []

    @Option(help: "A Python that has torch. Without it Apus is timed alone.")
    var python: String?

    @Option(name: .customLong("peer"), help: "The peer's script.")
    var script = "Benchmarks/Peers/torch_peer.py"

    @Option(help: "Threads for both.")
    var threads = 2

    @Option(help: "Alternating rounds.")
    var rounds = 9

    @Flag(help: "One JSON line for each workload.")
    var json = false

    static func main() {
        ThreadWaiting.shorten()
        main(nil)
    }

    func validate() throws {
        for name in names where !workloads.contains(where: { $0.name == name }) {
            throw ValidationError(
                "unknown workload \(name); there are \(workloads.map(\.name).joined(separator: ", "))")
        }
        if rounds < 1 || threads < 1 { throw ValidationError("--rounds and --threads must be at least 1") }
    }

    func run() throws {
        CPUBackend.shared.threadCount = threads
        let peer = try python.map { try Peer(python: $0, script: script, threads: threads) }
        if !json { print("\(threads) threads, \(rounds) rounds, peer: \(peer?.version ?? "none")") }
        for workload in workloads where names.isEmpty || names.contains(workload.name) {
            print(try measure(workload, peer).line(json: json))
        }
    }

    private func measure(_ workload: (name: String, steps: Int, make: @Sendable () -> any Workload), _ peer: Peer?)
        throws -> Row
    {
        let training = withSeed(0) { workload.make() }
        for _ in 0..<3 { _ = training.step() }
        _ = try peer?.seconds(workload.name, steps: 1)
        let clock = ContinuousClock()
        var row = Row(name: workload.name)
        for _ in 0..<rounds {
            let time = clock.measure { for _ in 0..<workload.steps { _ = training.step() } }
            row.apus.append(time / .seconds(1) / Double(workload.steps))
            if let peer { row.peer.append(try peer.seconds(workload.name, steps: workload.steps)) }
        }
        return row
    }
}

/// The rounds of one workload, in seconds for a step.
struct Row {
    let name: String
    var apus: [Double] = []
    var peer: [Double] = []

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    func line(json: Bool) -> String {
        let ratios = zip(peer, apus).map { $0 / $1 }
        func milliseconds(_ seconds: Double) -> String { String(format: "%.3f", seconds * 1e3) }
        if json {
            let torch = peer.isEmpty ? "" : "\"torch\":\(milliseconds(median(peer)))"
            let ratio = peer.isEmpty ? "null" : String(format: "%.3f", median(ratios))
            return
                "{\"workload\":\"\(name)\",\"apus_ms\":\(milliseconds(median(apus))),\"peers_ms\":{\(torch)},\"ratio\":\(ratio)}"
        }
        var line = name.padding(toLength: 14, withPad: " ", startingAt: 0) + "apus \(milliseconds(median(apus))) ms"
        if !peer.isEmpty {
            line += "   torch \(milliseconds(median(peer))) ms   ratio "
            line += String(format: "%.2f (%.2f to %.2f)", median(ratios), ratios.min()!, ratios.max()!)
        }
        return line
    }
}
