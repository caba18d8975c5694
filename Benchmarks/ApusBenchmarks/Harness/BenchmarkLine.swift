import Foundation

/// One workload's line for programs.
package struct BenchmarkLine: Encodable, Sendable {
    let workload: String
    var apusMs: Double?
    var peersMs: [String: Double]
    var ratio: Double?
    var ratioMin: Double?
    var ratioMax: Double?
    var gflops: Double?
    var peakFraction: Double?
    var peakMb: Double?
    var peerPeakMb: Double?
    var firstStepMs: Double?
    var faultsPerStep: Double?
    var notes: [String]?
    var error: String?

    package init(_ measurement: BenchmarkResult, _ peaks: Peaks?) {
        func milliseconds(_ seconds: Double) -> Double { rounded(seconds * 1e3) }
        func megabytes(_ bytes: Int) -> Double { rounded(Double(bytes) / 1e6) }
        workload = measurement.workload.name
        peersMs = Dictionary(
            uniqueKeysWithValues: measurement.peers.compactMap { framework, side in
                side.median.map { (framework.key, milliseconds($0)) }
            })
        notes = measurement.notes.isEmpty ? nil : measurement.notes
        error = measurement.error
        guard error == nil else { return }
        apusMs = measurement.apus.median.map(milliseconds)
        ratio = measurement.ratios.map { rounded($0.median) }
        ratioMin = measurement.ratios.map { rounded($0.minimum) }
        ratioMax = measurement.ratios.map { rounded($0.maximum) }
        gflops = measurement.gigaflops.map(rounded)
        peakFraction = peaks.flatMap(measurement.peakFraction).map(rounded)
        peakMb = megabytes(measurement.apus.peakBytes)
        peerPeakMb = measurement.bestPeer.flatMap { measurement.peers[$0] }.map { megabytes($0.peakBytes) }
        firstStepMs = milliseconds(measurement.apus.firstStep)
        faultsPerStep = rounded(measurement.apus.faultsPerStep)
    }

    private enum CodingKeys: String, CodingKey {
        case workload, ratio, gflops, notes, error
        case apusMs = "apus_ms"
        case peersMs = "peers_ms"
        case ratioMin = "ratio_min"
        case ratioMax = "ratio_max"
        case peakFraction = "peak_fraction"
        case peakMb = "peak_mb"
        case peerPeakMb = "peer_peak_mb"
        case firstStepMs = "first_step_ms"
        case faultsPerStep = "faults_per_step"
    }
}

/// Four significant digits.
func rounded(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    let scale = pow(10, 3 - floor(log10(value.magnitude)))
    return (value * scale).rounded() / scale
}
