import Foundation

extension Profile {
    /// A line of what the time went to beside the kernels.
    public struct Overhead: Sendable {
        public let name: String
        /// On the thread that recorded.
        public let seconds: Double
    }

    /// The recording thread's time outside of kernels: what each phase took, and the rest.
    public var overheads: [Overhead] {
        let kernels = events.reduce(0.0) { total, event in
            guard event.thread == 0, case .kernel = event.kind else { return total }
            return total + event.seconds
        }
        let phases = seconds(.tracing) + seconds(.lookUp) + seconds(.planning) + seconds(.running)
        return [
            Overhead(
                name: "making graphs, and all else outside of the engine", seconds: seconds - seconds(.evaluation)),
            Overhead(name: "tracing", seconds: seconds(.tracing)),
            Overhead(name: "plan look-up", seconds: seconds(.lookUp)),
            Overhead(name: "planning", seconds: seconds(.planning)),
            Overhead(name: "running, outside of kernels", seconds: seconds(.running) - kernels),
            Overhead(name: "the rest of evaluation", seconds: seconds(.evaluation) - phases),
        ]
    }

    /// Kernels that do the same, each kind as one: a network's equal layers.
    public var kernelKinds: [Kernel] {
        struct Kind: Hashable {
            let name: String
            let cost: KernelCost
        }
        return Dictionary(grouping: kernels) { Kind(name: $0.name, cost: $0.cost) }.values.map { equals in
            var kind = equals[0]
            kind.count = equals.reduce(0) { $0 + $1.count }
            kind.seconds = equals.reduce(0) { $0 + $1.seconds }
            return kind
        }
    }

    /// Kinds of kernels by time, the longest first, then overheads and totals.
    ///
    /// - Parameters:
    ///   - roofline: what to compare with; without it there is no column of the roofline.
    ///   - steps: how many equal pieces of work were recorded; times are those of one.
    ///   - rows: kinds of kernels to list; the rest share a line.
    public func table(roofline: Roofline? = nil, steps: Int = 1, rows: Int = 20) -> String {
        let sorted = kernelKinds.filter { $0.count > 0 }.sorted { $0.seconds > $1.seconds }
        var lines = [header]
        lines += sorted.prefix(rows).map { line($0, roofline, steps) }
        let rest = sorted.dropFirst(rows)
        if !rest.isEmpty {
            let seconds = rest.reduce(0) { $0 + $1.seconds }
            lines.append(row(seconds, steps, runs: rest.reduce(0) { $0 + $1.count }, "\(rest.count) more kinds"))
        }
        lines += overheads.map { row($0.seconds, steps, "· " + $0.name) }
        lines.append(row(seconds, steps, "total" + totals(roofline, steps)))
        return lines.joined(separator: "\n")
    }

    private var header: String { "  share         ms   runs     µs/run   GFLOP/s   GB/s  roofline  kernel" }

    private func line(_ kernel: Kernel, _ roofline: Roofline?, _ steps: Int) -> String {
        let flops = kernel.cost.flops > 0 ? String(format: "%10.1f", kernel.flopsPerSecond / 1e9) : "         –"
        let bytes = String(format: "%7.1f", kernel.bytesPerSecond / 1e9)
        let fraction = roofline.map { String(format: "%8.0f%%", kernel.rooflineFraction($0) * 100) } ?? "        –"
        let time = share(kernel.seconds, steps) + runs(kernel.count, steps)
        return time + String(format: "%11.1f", kernel.seconds / Double(kernel.count) * 1e6) + flops + bytes + fraction
            + "  " + kernel.name
    }

    private func row(_ seconds: Double, _ steps: Int, runs: Int? = nil, _ name: String) -> String {
        let runs = runs.map { self.runs($0, steps) } ?? "       "
        return share(seconds, steps) + runs + String(repeating: " ", count: 37) + "  " + name
    }

    /// A kernel may run in some steps only.
    private func runs(_ count: Int, _ steps: Int) -> String {
        count % steps == 0
            ? String(format: "%7d", count / steps) : String(format: "%7.1f", Double(count) / Double(steps))
    }

    private func share(_ seconds: Double, _ steps: Int) -> String {
        String(
            format: "%6.1f%%%11.3f", seconds / max(self.seconds, .leastNormalMagnitude) * 100,
            seconds * 1e3 / Double(steps))
    }

    private func totals(_ roofline: Roofline?, _ steps: Int) -> String {
        let rate = flops / max(seconds, .leastNormalMagnitude)
        var text = String(format: ": %.3f GFLOP at %.1f GFLOP/s", flops / 1e9 / Double(steps), rate / 1e9)
        if let roofline {
            let least = kernels.reduce(0) { $0 + roofline.leastSeconds($1.cost) * Double($1.count) }
            text += String(
                format: ", kernels at %.0f%% of the roofline", least / max(kernelSeconds, .leastNormalMagnitude) * 100)
        }
        return text
    }
}
