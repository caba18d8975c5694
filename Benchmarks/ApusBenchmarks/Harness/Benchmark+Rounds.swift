import Foundation

extension Benchmark {
    /// Seconds that a contestant runs in a round, at least one step.
    private static func roundSeconds(_ workload: any Workload) -> Double { workload.kind == .kernel ? 0.1 : 0.3 }

    /// Long enough for threads that wait for work to fall asleep.
    private static let pause = 0.02

    /// The processors' share that a sleeping contestant may use.
    private static let tolerableUse = 0.05

    /// Times the contestants in turn; Apus is the first.
    func runRounds(_ contestants: [Contestant], _ result: inout BenchmarkResult) throws {
        let seconds = Self.roundSeconds(result.workload)
        let counts = try contestants.map { try stepCount($0, filling: seconds) }
        var disturbances = [Framework: Disturbance]()
        for round in 0..<options.rounds {
            progress("\(result.workload.name): round \(round + 1) of \(options.rounds)")
            for (contestant, count) in zip(contestants, counts) {
                Thread.sleep(forTimeInterval: Self.pause)
                let others = contestants.filter { $0 !== contestant }
                let before = others.map(\.processorSeconds)
                let reply = try contestant.ask(.init(action: .run, steps: count))
                for (other, start) in zip(others, before) {
                    disturbances[other.framework, default: .init()].add(
                        other.processorSeconds - start, of: reply.seconds ?? 0)
                }
                result.record(reply, steps: count, of: contestant.framework)
            }
        }
        let profile = try contestants[0].ask(.init(action: .profile, steps: counts[0]))
        result.graphShare = profile.graphShare
        result.tracingShare = profile.tracingShare
        for (framework, disturbance) in disturbances where disturbance.share > Self.tolerableUse {
            let percent = Int((disturbance.share * 100).rounded())
            result.notes.append("\(framework.rawValue) used \(percent) % of a processor while others were timed")
        }
    }

    /// How many steps take this long.
    private func stepCount(_ contestant: Contestant, filling seconds: Double) throws -> Int {
        var count = 1
        while true {
            let taken = try contestant.ask(.init(action: .run, steps: count)).seconds ?? 0
            if taken > seconds / 3 || count >= 1 << 24 {
                return max(1, Int((seconds / taken * Double(count)).rounded()))
            }
            count *= 4
        }
    }
}

/// The time of a processor that a contestant took while it should have slept.
private struct Disturbance {
    private var used = 0.0
    private var elapsed = 0.0

    mutating func add(_ used: Double, of elapsed: Double) {
        self.used += used
        self.elapsed += elapsed
    }

    var share: Double { elapsed > 0 ? used / elapsed : 0 }
}
