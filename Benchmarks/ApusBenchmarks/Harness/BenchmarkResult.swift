import Apus

/// What one workload's rounds gave.
package struct BenchmarkResult {
    /// What is known of one contestant.
    package struct Side {
        /// Seconds of a step, one for each round.
        var steps: [Double] = []
        /// Seconds of the first step, with everything that happens once.
        package var firstStep = 0.0
        /// The most memory of the process, in bytes.
        package var peakBytes = 0
        /// Pages faulted in by a step, one figure for each round.
        package var faults: [Double] = []
        /// How often the steps of all rounds asked the system for memory of tensors.
        package var allocations = 0
        /// Plans that they made.
        package var plansMade = 0

        var median: Double? { Statistics(steps)?.median }
    }

    package let workload: any Workload
    package var apus = Side()
    var peers: [Framework: Side] = [:]
    /// The share of a step that goes into making graphs.
    package var graphShare: Double?
    /// The share of a step that goes into tracing and plan look-up.
    package var tracingShare: Double?
    /// Peers that fell out, and why.
    package var notes: [String] = []
    /// Why Apus has no figures.
    package var error: String?

    package init(workload: any Workload) { self.workload = workload }

    /// Takes in a round.
    package mutating func record(_ reply: Reply, steps: Int, of framework: Framework) {
        var side = framework == .apus ? apus : peers[framework] ?? Side()
        side.steps.append((reply.seconds ?? 0) / Double(steps))
        side.peakBytes = max(side.peakBytes, reply.peakBytes ?? 0)
        side.faults.append(Double(reply.faults ?? 0) / Double(steps))
        side.allocations += reply.allocations ?? 0
        side.plansMade += reply.plansMade ?? 0
        if framework == .apus { apus = side } else { peers[framework] = side }
    }

    /// The time of Apus; nil where it has none, or computes something else than the peers.
    var time: Double? { error == nil ? apus.median : nil }

    /// Everything that went wrong.
    var problems: [String] { notes + (error.map { ["apus: \($0)"] } ?? []) }
}

// MARK: Beside the peers

extension BenchmarkResult {
    /// The peer of the least median time, of all or of some.
    package func bestPeer(of frameworks: Set<Framework> = Set(Framework.peers)) -> Framework? {
        let timed = peers.compactMap { framework, side in
            frameworks.contains(framework) ? side.median.map { (framework, $0) } : nil
        }
        return timed.min { $0.1 < $1.1 }?.0
    }

    /// The time of the best of all.
    var bestPeerMedian: Double? { bestPeer().flatMap { peers[$0]?.median } }

    /// The best peer's time over ours, round by round.
    package func ratios(to frameworks: Set<Framework> = Set(Framework.peers)) -> Statistics? {
        guard time != nil, let peer = bestPeer(of: frameworks), let side = peers[peer] else { return nil }
        return Statistics(zip(side.steps, apus.steps).map { $0 / $1 })
    }

    /// Our peak memory over the least of PyTorch's.
    package var memoryRatio: Double? {
        let pyTorch = [Framework.torch, .torchCompile].compactMap { peers[$0]?.peakBytes }.filter { $0 > 0 }.min()
        return pyTorch.map { Double(apus.peakBytes) / Double($0) }
    }
}

// MARK: Beside the machine

extension BenchmarkResult {
    /// 10⁹ floating-point operations a second.
    package var gigaflops: Double? {
        guard workload.flops > 0, let time else { return nil }
        return workload.flops / time / 1e9
    }

    /// 10⁹ bytes a second.
    package var gigabytes: Double? {
        guard workload.bytes > 0, let time else { return nil }
        return workload.bytes / time / 1e9
    }

    /// The share of the machine's peak: of arithmetic, or of moving memory where that is the limit.
    package func peakFraction(_ roofline: Roofline) -> Double? {
        if let gigabytes { return gigabytes * 1e9 / roofline.bytesPerSecond }
        let dtype: DType = workload.precision == .float32 ? .float32 : .bfloat16
        return gigaflops.map { $0 * 1e9 / roofline.flopsPerSecond(dtype) }
    }

    /// What a second gets done: `gpt2-decode: 21.3 tokens/s, 14.2 in torch`; nil where time says it all.
    var throughput: String? {
        guard let items = workload.items, let time else { return nil }
        var text = "\(workload.name): \(BenchmarkFormat.digits(items.count / time)) \(items.name)/s"
        if let peer = bestPeer(), let other = peers[peer]?.median {
            text += ", \(BenchmarkFormat.digits(items.count / other)) in \(peer.rawValue)"
        }
        return text
    }
}
