import Apus
import Foundation

/// Times workloads in Apus and in its peers: each in a process of its own, in alternating rounds.
public struct Benchmark {
    public struct Options: Sendable {
        /// A Python that has the peers' packages; Apus is timed alone where it is nil.
        public var python: String?
        public var peers: [Framework] = [.torch, .torchCompile, .jax, .onnxruntime]
        /// The folder of `peer.py`.
        public var scripts = URL(fileURLWithPath: "Benchmarks/Peers")
        public var threads: Int
        public var rounds = 7
        /// Seconds that one contestant runs in a round, at least one step.
        public var roundSeconds = 0.3

        public init(threads: Int) { self.threads = threads }
    }

    private let options: Options
    private let folder: URL
    private let progress: (String) -> Void

    /// - Parameter progress: is told what happens.
    public init(_ options: Options, progress: @escaping (String) -> Void) throws {
        self.options = options
        self.progress = progress
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Removes what was written on the way.
    public func cleanUp() { try? FileManager.default.removeItem(at: folder) }

    package func measure(_ workload: any Workload) -> BenchmarkResult {
        var measurement = BenchmarkResult(workload: workload)
        do {
            try measure(workload, &measurement)
        } catch {
            measurement.error = "\(error)"
        }
        return measurement
    }

    private func measure(_ workload: any Workload, _ measurement: inout BenchmarkResult) throws {
        let state = folder.appendingPathComponent("\(workload.name).safetensors")
        defer { try? FileManager.default.removeItem(at: state) }
        let peers = startPeers(workload, state, &measurement)
        let reference = peers.first
        progress("\(workload.name): apus prepares")
        let apus = try start(.apus)
        let first = try prepare(apus, workload, peers.isEmpty ? nil : state)
        measurement.apus.firstStep = first.reply.firstStep ?? 0
        if let reference {
            try Agreement(workload).check(
                first.reply.losses, reference.first.reply.losses, output: first.output,
                expected: reference.first.output)
        }
        try runRounds(apus, peers.map(\.contestant), &measurement)
    }

    private typealias First = (reply: Reply, output: URL?)

    /// Starts the peers that take part, and notes those that fail.
    private func startPeers(
        _ workload: any Workload, _ state: URL, _ measurement: inout BenchmarkResult
    ) -> [(contestant: Contestant, first: First)] {
        guard options.python != nil else { return [] }
        var result: [(contestant: Contestant, first: First)] = []
        for framework in options.peers {
            progress("\(workload.name): \(framework.rawValue) prepares")
            do {
                let peer = try start(framework)
                if !FileManager.default.fileExists(atPath: state.path) {
                    _ = try peer.ask(.init(action: .state, workload: workload.name, path: state.path))
                }
                let first = try prepare(peer, workload, state)
                if first.reply.unsupported != nil { continue }
                var side = BenchmarkResult.Side()
                side.firstStep = first.reply.firstStep ?? 0
                measurement.peers[framework] = side
                result.append((peer, first))
            } catch {
                measurement.notes.append("\(framework.rawValue) failed: \(error)")
            }
        }
        return result
    }

    private func start(_ framework: Framework) throws -> Contestant {
        var command = ["/proc/self/exe", "bench", "--worker", "--threads", "\(options.threads)"]
        if framework != .apus, let python = options.python {
            let script = options.scripts.appendingPathComponent("peer.py").path
            command = [python, script, framework.rawValue, "--threads", "\(options.threads)"]
        }
        return try Contestant(
            framework, command: command, environment: ["OMP_NUM_THREADS": "\(options.threads)"], folder: folder)
    }

    private func prepare(_ contestant: Contestant, _ workload: any Workload, _ state: URL?) throws -> First {
        let output =
            workload.kind == .training ? nil : folder.appendingPathComponent("\(contestant.framework.rawValue)-output")
        let reply = try contestant.ask(
            .init(action: .prepare, workload: workload.name, path: state?.path, output: output?.path))
        return (reply, output)
    }

    private func runRounds(_ apus: Contestant, _ peers: [Contestant], _ measurement: inout BenchmarkResult) throws {
        let contestants = [apus] + peers
        let counts = try contestants.map { contestant in try stepCount(contestant) }
        for round in 0..<options.rounds {
            progress("\(measurement.workload.name): round \(round + 1) of \(options.rounds)")
            for (contestant, count) in zip(contestants, counts) {
                let reply = try contestant.ask(.init(action: .run, steps: count))
                func note(_ side: inout BenchmarkResult.Side) {
                    side.steps.append((reply.seconds ?? 0) / Double(count))
                    side.peakBytes = max(side.peakBytes, reply.peakBytes ?? 0)
                    side.faultsPerStep = Double(reply.faults ?? 0) / Double(count)
                }
                if contestant.framework == .apus {
                    note(&measurement.apus)
                } else {
                    note(&measurement.peers[contestant.framework]!)
                }
            }
        }
    }

    /// How many steps fill a round.
    private func stepCount(_ contestant: Contestant) throws -> Int {
        var count = 1
        while true {
            let seconds = try contestant.ask(.init(action: .run, steps: count)).seconds ?? 0
            if seconds > options.roundSeconds / 3 || count >= 1 << 24 {
                return max(1, Int((options.roundSeconds / seconds * Double(count)).rounded()))
            }
            count *= 4
        }
    }
}
