import ApusGallery

/// The measurements as a table for people: columns without any figure are left out.
package struct BenchmarkTable {
    private let measurements: [BenchmarkResult]
    private let peaks: Peaks?

    package init(_ measurements: [BenchmarkResult], _ peaks: Peaks?) {
        self.measurements = measurements
        self.peaks = peaks
    }

    private struct Column {
        let title: String
        var alignment = TextTable.Alignment.right
        let cell: (BenchmarkResult) -> String?
    }

    private var columns: [Column] {
        func time(_ frameworks: Framework...) -> (BenchmarkResult) -> String? {
            { row in frameworks.lazy.compactMap { row.peers[$0]?.median }.first.map(BenchmarkFormat.time) }
        }
        return [
            Column(title: "Workload", alignment: .left) { $0.workload.name },
            Column(title: "Apus") { row in
                row.error != nil ? "error" : row.apus.median.map(BenchmarkFormat.time)
            },
            Column(title: "PyTorch", cell: time(.torch)),
            Column(title: "compile", cell: time(.torchCompile)),
            Column(title: "JAX", cell: time(.jax)),
            Column(title: "ONNX RT", cell: time(.onnxruntime)),
            Column(title: "Ratio") { $0.ratios.map { BenchmarkFormat.digits($0.median) } },
            Column(title: "min–max") { row in
                row.ratios.map { BenchmarkFormat.digits($0.minimum) + "–" + BenchmarkFormat.digits($0.maximum) }
            },
            Column(title: "GFLOP/s") { $0.gigaflops.map { String(Int($0.rounded())) } },
            Column(title: "Peak") { row in
                peaks.flatMap(row.peakFraction).map { "\(Int(($0 * 100).rounded())) %" }
            },
            Column(title: "MB") { row in
                guard row.workload.kind != .kernel, row.apus.peakBytes > 0 else { return nil }
                let peer = row.bestPeer.flatMap { row.peers[$0] }.map { "/\($0.peakBytes / 1_000_000)" } ?? ""
                return "\(row.apus.peakBytes / 1_000_000)\(peer)"
            },
            Column(title: "First") { row in
                row.workload.kind == .kernel
                    ? nil : row.apus.median.map { _ in BenchmarkFormat.time(row.apus.firstStep) }
            },
            Column(title: "Faults") { row in row.apus.median.map { _ in String(Int(row.apus.faultsPerStep.rounded())) }
            },
        ]
    }

    package var text: String {
        let shown = columns.filter { column in measurements.contains { column.cell($0) != nil } }
        var table = TextTable(header: shown.map(\.title), shown.map(\.alignment))
        for row in measurements { table.append(shown.map { $0.cell(row) ?? "" }) }
        let notes = measurements.flatMap { row in
            (row.notes + (row.error.map { ["apus: " + $0] } ?? [])).map { "\(row.workload.name): \($0)" }
        }
        return ([table.rendered()] + notes).joined(separator: "\n")
    }
}
