import ApusGallery

/// How time grows, a row for each point.
package struct ScalingTable {
    package let sweep: Scaling.Sweep
    package let results: [BenchmarkResult]

    package init(_ sweep: Scaling.Sweep, _ results: [BenchmarkResult]) {
        self.sweep = sweep
        self.results = results
    }

    package var text: String {
        var table = TextTable(
            header: [sweep.title, "Apus", "PyTorch", "Ratio", "GFLOP/s", "Time ×", "PyTorch ×", "Work ×"],
            Array(repeating: .right, count: 8))
        for (index, (point, result)) in zip(sweep.points, results).enumerated() {
            let before = index > 0 ? results[index - 1] : nil
            table.append(
                "\(point.value)", result.time.map(BenchmarkFormat.time) ?? "error",
                result.bestPeerMedian.map(BenchmarkFormat.time) ?? "",
                result.ratios().map { BenchmarkFormat.digits($0.median) } ?? "",
                result.gigaflops.map { BenchmarkFormat.digits($0) } ?? "",
                growth(result.time, before?.time),
                growth(result.bestPeerMedian, before?.bestPeerMedian),
                growth(result.workload.flops, before?.workload.flops))
        }
        let problems = results.flatMap { result in result.problems.map { "\(result.workload.name): \($0)" } }
        return ([table.rendered()] + problems).joined(separator: "\n")
    }

    private func growth(_ now: Double?, _ before: Double?) -> String {
        guard let now, let before, before > 0 else { return "" }
        return BenchmarkFormat.digits(now / before)
    }
}
