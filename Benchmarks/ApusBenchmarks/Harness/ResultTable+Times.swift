import Apus

extension ResultTable {
    /// How long steps take beside the peers, and beside what the machine can do.
    package static func times(_ results: [BenchmarkResult], _ roofline: Roofline) -> ResultTable {
        func time(_ framework: Framework) -> (BenchmarkResult) -> String? {
            { $0.peers[framework]?.median.map(BenchmarkFormat.time) }
        }
        let columns: [Column] = [
            .workload,
            Column(title: "Apus") { $0.error != nil ? "error" : $0.time.map(BenchmarkFormat.time) },
            Column(title: "PyTorch", cell: time(.torch)),
            Column(title: "compile", cell: time(.torchCompile)),
            Column(title: "JAX", cell: time(.jax)),
            Column(title: "ONNX RT", cell: time(.onnxruntime)),
            Column(title: "Ratio") { $0.ratios().map { BenchmarkFormat.digits($0.median) } },
            Column(title: "min–max") { row in
                row.ratios().map { BenchmarkFormat.digits($0.minimum) + "–" + BenchmarkFormat.digits($0.maximum) }
            },
            Column(title: "Target", cell: target),
            Column(title: "GFLOP/s") { $0.gigaflops.map { String(Int($0.rounded())) } },
            Column(title: "Peak") { $0.peakFraction(roofline).map(BenchmarkFormat.percent) },
        ]
        let remarks = results.flatMap { row in
            (row.throughput.map { [$0] } ?? []) + row.problems.map { "\(row.workload.name): \($0)" }
        }
        return ResultTable(results, columns, remarks: remarks)
    }

    /// `2.81 < 3`: not reached. The ratio is to the peers that the target is about.
    private static func target(_ row: BenchmarkResult) -> String? {
        guard let target = Target.of(row.workload), let ratio = row.ratios(to: target.peers)?.median else { return nil }
        return String(format: "%.2f %@ %g", ratio, ratio < target.ratio ? "<" : "≥", target.ratio)
    }
}
