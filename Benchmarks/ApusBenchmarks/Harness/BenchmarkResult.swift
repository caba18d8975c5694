import Foundation

/// What one workload's rounds gave.
package struct BenchmarkResult {
    /// What is known of one contestant.
    package struct Side {
        /// Seconds of a step, one for each round.
        var steps: [Double] = []
        /// Seconds of the first step, with everything that happens once.
        var firstStep = 0.0
        /// The most memory of the process, in bytes.
        var peakBytes = 0
        /// Pages faulted in by a steady step.
        var faultsPerStep = 0.0

        var median: Double? { Statistics(steps)?.median }
    }

    package let workload: any Workload
    var apus = Side()
    var peers: [Framework: Side] = [:]
    /// Peers that fell out, and why.
    var notes: [String] = []
    /// Why Apus has no figures.
    package var error: String?

    /// The peer of the least median time.
    var bestPeer: Framework? {
        let timed = peers.compactMap { framework, side in side.median.map { (framework, $0) } }
        return timed.min { $0.1 < $1.1 }?.0
    }

    /// The best peer's time over ours, round by round.
    var ratios: Statistics? {
        guard let bestPeer, let side = peers[bestPeer] else { return nil }
        return Statistics(zip(side.steps, apus.steps).map { $0 / $1 })
    }

    /// 10⁹ floating-point operations a second.
    var gigaflops: Double? {
        guard workload.flops > 0, let time = apus.median else { return nil }
        return workload.flops / time / 1e9
    }

    /// 10⁹ bytes a second.
    var gigabytes: Double? {
        guard workload.bytes > 0, let time = apus.median else { return nil }
        return workload.bytes / time / 1e9
    }

    /// The share of the machine's peak: of arithmetic, or of moving memory where that is the limit.
    func peakFraction(_ peaks: Peaks) -> Double? {
        if let gigabytes { return gigabytes / peaks.copy }
        return gigaflops.map { $0 / (workload.precision == .float32 ? peaks.float32 : peaks.bfloat16) }
    }
}
