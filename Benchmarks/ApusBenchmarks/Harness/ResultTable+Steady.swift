extension ResultTable {
    /// What a step costs that has nothing new in it, beside computing; and memory, and the first step.
    package static func steadySteps(_ results: [BenchmarkResult]) -> ResultTable {
        func memory(_ framework: Framework) -> (BenchmarkResult) -> String? {
            { row in row.peers[framework].map { String($0.peakBytes / 1_000_000) } }
        }
        let timed = results.filter { $0.time != nil }
        return ResultTable(
            timed,
            [
                .workload,
                Column(title: "Allocations") { String($0.apus.allocations) },
                Column(title: "Plans") { String($0.apus.plansMade) },
                Column(title: "Faults") { Statistics($0.apus.faults).map { BenchmarkFormat.digits($0.median) } },
                Column(title: "Tracing") { $0.tracingShare.map(BenchmarkFormat.percent) },
                Column(title: "Graph") { $0.graphShare.map(BenchmarkFormat.percent) },
                Column(title: "MB") { String($0.apus.peakBytes / 1_000_000) },
                Column(title: "PyTorch MB", cell: memory(.torch)),
                Column(title: "compile MB", cell: memory(.torchCompile)),
                Column(title: "Memory") { $0.memoryRatio.map(BenchmarkFormat.digits) },
                Column(title: "First") { BenchmarkFormat.time($0.apus.firstStep) },
            ])
    }
}
