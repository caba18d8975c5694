import Apus
import Foundation

/// One workload's line for programs. Keys whose figure nobody measured are left out.
package struct BenchmarkLine: Encodable, Sendable {
    let workload: String
    var apusMs: Double?
    var peersMs: [String: Double]
    /// The best peer's time over ours: the rounds' median, least and greatest.
    var ratio: Double?
    var ratioMin: Double?
    var ratioMax: Double?
    /// What the ratio to the target's peers has to reach, and that ratio.
    var target: Double?
    var targetRatio: Double?
    var gflops: Double?
    var peakFraction: Double?
    var peakMb: Double?
    var peersPeakMb: [String: Double]?
    /// Ours over the least of PyTorch's.
    var memoryRatio: Double?
    var firstStepMs: Double?
    var faultsPerStep: Double?
    /// In all steps that were timed.
    var allocations: Int?
    var plansMade: Int?
    var tracingShare: Double?
    var graphShare: Double?
    var gigabytesPerSecond: Double?
    var itemsPerSecond: Double?
    var notes: [String]?
    var error: String?

    package init(_ result: BenchmarkResult, _ roofline: Roofline) {
        workload = result.workload.name
        peersMs = byPeer(result) { $0.median.map(milliseconds) }
        notes = result.notes.isEmpty ? nil : result.notes
        error = result.error
        guard error == nil else { return }
        addTimes(result, roofline)
        addMemory(result)
    }

    private mutating func addTimes(_ result: BenchmarkResult, _ roofline: Roofline) {
        apusMs = result.time.map(milliseconds)
        firstStepMs = milliseconds(result.apus.firstStep)
        let ratios = result.ratios()
        ratio = ratios.map { rounded($0.median) }
        ratioMin = ratios.map { rounded($0.minimum) }
        ratioMax = ratios.map { rounded($0.maximum) }
        if let goal = Target.of(result.workload) {
            target = goal.ratio
            targetRatio = result.ratios(to: goal.peers).map { rounded($0.median) }
        }
        gflops = result.gigaflops.map(rounded)
        peakFraction = result.peakFraction(roofline).map(rounded)
        tracingShare = result.tracingShare.map(rounded)
        graphShare = result.graphShare.map(rounded)
        gigabytesPerSecond = result.gigabytes.map(rounded)
        if let items = result.workload.items, let time = result.time {
            itemsPerSecond = rounded(items.count / time)
        }
    }

    private mutating func addMemory(_ result: BenchmarkResult) {
        peakMb = megabytes(result.apus.peakBytes)
        if !result.peers.isEmpty { peersPeakMb = byPeer(result) { megabytes($0.peakBytes) } }
        memoryRatio = result.memoryRatio.map(rounded)
        faultsPerStep = Statistics(result.apus.faults).map { rounded($0.median) }
        allocations = result.apus.allocations
        plansMade = result.apus.plansMade
    }

    private enum CodingKeys: String, CodingKey {
        case workload, ratio, target, gflops, allocations, notes, error
        case apusMs = "apus_ms"
        case peersMs = "peers_ms"
        case ratioMin = "ratio_min"
        case ratioMax = "ratio_max"
        case targetRatio = "target_ratio"
        case peakFraction = "peak_fraction"
        case peakMb = "peak_mb"
        case peersPeakMb = "peers_peak_mb"
        case memoryRatio = "memory_ratio"
        case firstStepMs = "first_step_ms"
        case faultsPerStep = "faults_per_step"
        case plansMade = "plans_made"
        case tracingShare = "tracing_share"
        case graphShare = "graph_share"
        case gigabytesPerSecond = "gb_per_s"
        case itemsPerSecond = "items_per_s"
    }
}

private func milliseconds(_ seconds: Double) -> Double { rounded(seconds * 1e3) }

private func megabytes(_ bytes: Int) -> Double { rounded(Double(bytes) / 1e6) }

/// A figure of each peer that has one.
private func byPeer(
    _ result: BenchmarkResult, _ figure: (BenchmarkResult.Side) -> Double?
) -> [String: Double] {
    Dictionary(uniqueKeysWithValues: result.peers.compactMap { peer, side in figure(side).map { (peer.key, $0) } })
}

/// Four significant digits.
func rounded(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    let scale = pow(10, 3 - floor(log10(value.magnitude)))
    return (value * scale).rounded() / scale
}
