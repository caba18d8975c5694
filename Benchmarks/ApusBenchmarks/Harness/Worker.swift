import Apus
import ApusCPU
import Foundation

/// Apus's own side of the benchmark: a process that runs a workload's steps when told to, as the peers' scripts do.
public struct Worker {
    private var runner: (any Runner)?

    public init(threads: Int) { CPUBackend.shared.threadCount = threads }

    /// Answers requests until there are no more.
    public mutating func serve() {
        send(Reply(version: "apus"))
        while let line = readLine() {
            do {
                send(try answer(try JSONLine.decode(Request.self, line)))
            } catch {
                send(Reply(error: "\(error)"))
            }
        }
    }

    private func send(_ reply: Reply) {
        guard let line = try? JSONLine.encode(reply) else { return }
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    private mutating func answer(_ request: Request) throws -> Reply {
        switch request.action {
        case .state: return Reply(unsupported: "the peers give the state")
        case .prepare: return try prepare(request)
        case .run: return try run(steps: request.steps ?? 1)
        case .profile: return try profile(steps: request.steps ?? 1)
        }
    }

    private mutating func prepare(_ request: Request) throws -> Reply {
        runner = nil
        ProcessMemory.resetPeak()
        let workload = try Workloads.named(request.workload ?? "")
        let state = try request.path.map { try SafetensorsFile(contentsOf: URL(fileURLWithPath: $0)).tensors() } ?? [:]
        let clock = ContinuousClock()
        let start = clock.now
        let runner = try withSeed(0) { try workload.makeRunner(state: state) }
        self.runner = runner
        var losses = [runner.step()]
        let firstStep = (clock.now - start) / .seconds(1)
        if let path = request.output, let output = runner.output {
            try SafetensorsFile.write(["output": output], to: URL(fileURLWithPath: path))
        }
        for _ in 1..<3 { losses.append(runner.step()) }
        return Reply(losses: losses, firstStep: firstStep, peakBytes: ProcessMemory.peakBytes)
    }

    private func run(steps: Int) throws -> Reply {
        guard let runner else { throw BenchmarkError("nothing is prepared") }
        let (faults, before) = (ProcessMemory.faults, EngineStatistics.current)
        let seconds = ContinuousClock().measure { for _ in 0..<steps { _ = runner.step() } } / .seconds(1)
        let newFaults = ProcessMemory.faults - faults
        let done = EngineStatistics.current.since(before)
        return Reply(
            seconds: seconds, faults: newFaults, allocations: done.allocations, plansMade: done.plansMade,
            peakBytes: ProcessMemory.peakBytes)
    }

    private func profile(steps: Int) throws -> Reply {
        guard let runner else { throw BenchmarkError("nothing is prepared") }
        let profile = Profile.record { for _ in 0..<steps { _ = runner.step() } }
        return Reply(
            graphShare: 1 - profile.seconds(.evaluation) / profile.seconds,
            tracingShare: (profile.seconds(.tracing) + profile.seconds(.lookUp)) / profile.seconds)
    }
}
