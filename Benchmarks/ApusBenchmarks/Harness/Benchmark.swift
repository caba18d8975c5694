import Apus
import Foundation

/// Times workloads in Apus and in its peers: each in a process of its own, in alternating rounds.
public final class Benchmark {
    public struct Options: Sendable {
        /// A Python that has the peers' packages; Apus is timed alone where it is nil.
        public var python: String?
        public var peers = Framework.peers
        /// The folder of `peer.py`.
        public var scripts = URL(fileURLWithPath: "Benchmarks/Peers")
        public var threads: Int
        public var rounds = 7

        public init(threads: Int) { self.threads = threads }
    }

    let options: Options
    let folder: URL
    let progress: (String) -> Void
    /// The best that the machine has shown so far.
    package private(set) var roofline: Roofline
    /// What the peers said that they are.
    package private(set) var versions: [Framework: String] = [:]
    /// Processes that serve all kernels: starting them anew takes longer than timing.
    private var kept: [Framework: Contestant] = [:]

    /// - Parameter progress: is told what happens.
    /// - Throws: `BenchmarkError` where Python or the peers' scripts are not there.
    public init(_ options: Options, progress: @escaping (String) -> Void) throws {
        if let python = options.python, !FileManager.default.isExecutableFile(atPath: python) {
            throw BenchmarkError("there is no Python at \(python); `make bench` makes one that has the peers' packages")
        }
        let script = options.scripts.appendingPathComponent("peer.py").path
        if options.python != nil, !FileManager.default.fileExists(atPath: script) {
            throw BenchmarkError("there is no \(script); name the folder of the peers' scripts with --scripts")
        }
        self.options = options
        self.progress = progress
        progress("measuring the machine's peaks")
        roofline = .measure()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Compares outputs, then times. What fails is said in the result.
    package func measure(_ workload: any Workload) -> BenchmarkResult {
        var result = BenchmarkResult(workload: workload)
        let state = folder.appendingPathComponent("\(workload.name).safetensors")
        defer { try? FileManager.default.removeItem(at: state) }
        if workload.kind != .kernel { kept = [:] }
        do {
            let peers = preparePeers(workload, state, &result)
            let hasState = FileManager.default.fileExists(atPath: state.path)
            let apus = try prepare(.apus, workload, hasState ? state : nil)
            result.apus.firstStep = apus.reply.firstStep ?? 0
            if let reference = peers.first { try agree(apus, reference, workload, losses: 3) }
            try runRounds([apus.contestant] + peers.map(\.contestant), &result)
        } catch {
            result.error = "\(error)"
        }
        roofline.measureAgain()
        return result
    }

    // MARK: Preparation

    /// A process that has run its first steps.
    private struct Prepared {
        let contestant: Contestant
        let reply: Reply
        let output: URL?
    }

    /// Starts the peers that take part; the first is the one that Apus is compared with. Notes those that fail.
    private func preparePeers(
        _ workload: any Workload, _ state: URL, _ result: inout BenchmarkResult
    ) -> [Prepared] {
        guard options.python != nil else { return [] }
        var peers: [Prepared] = []
        for framework in options.peers {
            do {
                if !FileManager.default.fileExists(atPath: state.path) { try write(state, of: workload) }
                let peer = try prepare(framework, workload, state)
                if peer.reply.unsupported != nil { continue }
                // By the first loss: from Adam's first step on a peer's own rounding is its own affair.
                if let reference = peers.first { try agree(peer, reference, workload, losses: 1) }
                result.peers[framework] = .init(firstStep: peer.reply.firstStep ?? 0)
                peers.append(peer)
            } catch {
                result.notes.append("\(framework.rawValue) failed: \(error)")
            }
        }
        return peers
    }

    /// PyTorch draws the initial values, for all.
    private func write(_ state: URL, of workload: any Workload) throws {
        let torch = try contestant(.torch, for: workload)
        _ = try torch.ask(.init(action: .state, workload: workload.name, path: state.path))
    }

    private func prepare(_ framework: Framework, _ workload: any Workload, _ state: URL?) throws -> Prepared {
        progress("\(workload.name): \(framework.rawValue) prepares")
        let contestant = try contestant(framework, for: workload)
        let output = workload.kind == .training ? nil : folder.appendingPathComponent("\(framework.rawValue)-output")
        let reply = try contestant.ask(
            .init(action: .prepare, workload: workload.name, path: state?.path, output: output?.path))
        return Prepared(contestant: contestant, reply: reply, output: output)
    }

    private func agree(
        _ prepared: Prepared, _ reference: Prepared, _ workload: any Workload, losses count: Int
    ) throws {
        func losses(_ side: Prepared) -> [Double]? { side.reply.losses.map { Array($0.prefix(count)) } }
        try Agreement(workload).check(
            losses(prepared), losses(reference), output: prepared.output, expected: reference.output)
    }

    /// A new process, so that its memory is this workload's; for kernels the one that is there.
    private func contestant(_ framework: Framework, for workload: any Workload) throws -> Contestant {
        if workload.kind == .kernel, let contestant = kept[framework], contestant.isRunning { return contestant }
        let contestant = try Contestant(
            framework, command: command(of: framework), environment: ["OMP_NUM_THREADS": "\(options.threads)"],
            folder: folder)
        versions[framework] = contestant.version
        if workload.kind == .kernel { kept[framework] = contestant }
        return contestant
    }

    private func command(of framework: Framework) -> [String] {
        guard framework != .apus, let python = options.python else {
            return ["/proc/self/exe", "bench", "--worker", "--threads", "\(options.threads)"]
        }
        let script = options.scripts.appendingPathComponent("peer.py").path
        return [python, script, framework.rawValue, "--threads", "\(options.threads)"]
    }
}
