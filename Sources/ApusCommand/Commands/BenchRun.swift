import Apus
import ApusBenchmarks
import ApusGallery
import Foundation

/// One call of `apus bench`: measures, shows what comes out, and keeps the page up to date.
final class BenchRun {
    private let options: Benchmark.Options
    private let benchmark: Benchmark
    private var page: BenchmarkPage
    private let file: URL?
    private let output: CommandOutput
    private let status = StatusLine()

    /// - Parameters:
    ///   - command: what the page says that it was made by.
    ///   - file: where the page is written, after each measurement: a run of an hour may be interrupted.
    init(_ options: Benchmark.Options, command: String, file: URL?, _ output: CommandOutput) throws {
        self.options = options
        self.file = file
        self.output = output
        benchmark = try Benchmark(options, progress: status.show)
        page = BenchmarkPage(command: command, benchmark.roofline, rounds: options.rounds)
        status.clear()
        output.show("Peaks  " + benchmark.roofline.figures)
    }

    func measure(_ workloads: [any Workload]) throws {
        for kind in WorkloadKind.allCases {
            let chosen = workloads.filter { $0.kind == kind }
            if chosen.isEmpty { continue }
            let results = try chosen.map { workload in
                let result = try measure(workload)
                page.results.append(result)
                try save()
                return result
            }
            output.show("\n" + ResultTable.times(results, benchmark.roofline).text)
            if kind != .kernel { output.show("\n" + ResultTable.steadySteps(results).text) }
        }
    }

    func measureScaling() throws {
        for sweep in Scaling.sweeps {
            let table = ScalingTable(sweep, try sweep.points.map { try measure($0.workload) })
            page.scaling.append(table)
            try save()
            output.show("\n" + table.text)
        }
    }

    func measureColdStart() throws {
        let result = try ColdStart(options).measure(progress: status.show)
        status.clear()
        page.coldStart = result
        try save()
        try showLine(result)
        output.show("\n" + result.text)
    }

    private func measure(_ workload: any Workload) throws -> BenchmarkResult {
        let result = benchmark.measure(workload)
        status.clear()
        try showLine(BenchmarkLine(result, benchmark.roofline))
        return result
    }

    /// A line for programs, the only one of its workload.
    private func showLine(_ line: some Encodable) throws {
        guard output.isJSON else { return }
        FileHandle.standardOutput.write(Data((try JSONLine.encode(line) + "\n").utf8))
    }

    private func save() throws {
        guard let file else { return }
        page.roofline = benchmark.roofline
        // PyTorch takes part twice.
        page.versions = Set(Framework.peers.compactMap { benchmark.versions[$0] }).sorted()
        try AtomicFile.write(page.text, to: file)
    }
}

/// One line on standard error that says what is being done, where a person watches.
private struct StatusLine {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func show(_ text: String) {
        guard isTerminal else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
    }

    func clear() { show("") }
}
