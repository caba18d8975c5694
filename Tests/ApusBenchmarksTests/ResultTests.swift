import Apus
import ApusBenchmarks
import Foundation
import Testing

@Suite struct ResultTests {
    private let roofline = Roofline(float32: 500e9, bfloat16: 1000e9, bytesPerSecond: 20e9)

    private func result(of workload: any Workload) throws -> BenchmarkResult {
        var result = BenchmarkResult(workload: workload)
        func record(_ framework: Framework, steps: Int = 1, _ reply: String) throws {
            result.record(try JSONLine.decode(Reply.self, reply), steps: steps, of: framework)
        }
        for (apus, torch, jax) in [(0.01, 0.003, 0.002), (0.01, 0.004, 0.0025), (0.02, 0.003, 0.002)] {
            try record(
                .apus, steps: 10,
                #"{"seconds": \#(apus), "faults": 20, "allocations": 1, "plans_made": 0, "peak_bytes": 4000000}"#)
            try record(.torch, #"{"seconds": \#(torch), "peak_bytes": 10000000}"#)
            try record(.jax, #"{"seconds": \#(jax), "peak_bytes": 8000000}"#)
        }
        result.apus.firstStep = 0.05
        result.tracingShare = 0.004
        result.graphShare = 0.12
        return result
    }

    private func result(of name: String) throws -> BenchmarkResult { try result(of: Workloads.named(name)) }

    private func kernel(flops: Double = 0, bytes: Double = 0) -> KernelWorkload {
        KernelWorkload("k", flops: flops, bytes: bytes, inputs: [:]) { _ in Tensor(0.0) }
    }

    @Test func statisticsOfSeveralNumbers() {
        #expect(Statistics([]) == nil)
        #expect(Statistics([3, 1, 2])?.median == 2)
        #expect(Statistics([4, 1, 2, 3])?.median == 2.5)
        #expect(Statistics([3, 1, 2])?.minimum == 1)
        #expect(Statistics([3, 1, 2])?.maximum == 3)
    }

    @Test func ratiosAreThoseOfTheBestPeerRoundByRound() throws {
        let result = try result(of: kernel(flops: 2e6))
        #expect(result.bestPeer() == .jax)
        let ratios = try #require(result.ratios())
        #expect(abs(ratios.median - 2) < 1e-9 && abs(ratios.minimum - 1) < 1e-9 && abs(ratios.maximum - 2.5) < 1e-9)
        #expect(abs(result.ratios(to: [.torch])!.median - 3) < 1e-9)
        #expect(result.ratios(to: [.onnxruntime]) == nil)
        #expect(result.memoryRatio == 0.4)
        #expect(abs(result.gigaflops! - 2) < 1e-9)
        #expect(abs(result.peakFraction(roofline)! - 2 / 500) < 1e-12)
    }

    @Test func memoryBoundWorkIsMeasuredByTheCopy() throws {
        let result = try result(of: kernel(bytes: 1e7))
        #expect(abs(result.gigabytes! - 10) < 1e-9)
        #expect(abs(result.peakFraction(roofline)! - 0.5) < 1e-9)
    }

    @Test func theLineForProgramsHasTheAgreedKeys() throws {
        let line = try JSONLine.encode(BenchmarkLine(result(of: "mlp"), roofline))
        let fields = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(fields["workload"] as? String == "mlp")
        #expect(fields["peers_ms"] as? [String: Double] == ["torch": 3, "jax": 2])
        #expect(fields["peers_peak_mb"] as? [String: Double] == ["torch": 10, "jax": 8])
        let numbers: [String: Double] = [
            "apus_ms": 1, "ratio": 2, "ratio_min": 1, "ratio_max": 2.5, "target": 3, "target_ratio": 3, "peak_mb": 4,
            "memory_ratio": 0.4, "first_step_ms": 50, "faults_per_step": 2, "allocations": 3, "plans_made": 0,
            "tracing_share": 0.004, "graph_share": 0.12,
        ]
        for (key, value) in numbers { #expect(fields[key] as? Double == value, "\(key)") }
        #expect(fields["gflops"] is Double && fields["peak_fraction"] is Double)
    }

    @Test func anErrorIsNoTiming() throws {
        var broken = try result(of: "mlp")
        broken.error = "the loss of step 1 is 3.0, the peer's is 2.0"
        let line = try JSONLine.encode(BenchmarkLine(broken, roofline))
        #expect(line.contains("the loss of step 1") && !line.contains("apus_ms"))
        let table = ResultTable.times([broken], roofline).text
        #expect(table.contains("error") && table.contains("mlp: apus: the loss of step 1"))
        #expect(!table.contains("1.00 ms") && !table.contains("1.00–2.50"))
        #expect(!ResultTable.steadySteps([broken]).text.contains("mlp"))
    }

    @Test func tablesFitATerminalAndLeaveEmptyColumnsOut() throws {
        var first = try result(of: "mlp")
        first.notes = ["torch-compile failed: no compiler"]
        let rows = [first, try result(of: "lenet")]
        let times = ResultTable.times(rows, roofline).text
        let steady = ResultTable.steadySteps(rows).text
        #expect((times + "\n" + steady).split(separator: "\n").allSatisfy { $0.count <= 120 })
        #expect(times.contains("JAX") && !times.contains("ONNX"))
        #expect(times.contains("2.00") && times.contains("1.00–2.50"))
        #expect(times.contains("3.00 ≥ 3") && times.contains("3.00 < 4"))
        #expect(times.contains("mlp: torch-compile failed: no compiler"))
        #expect(steady.contains("0.4 %") && steady.contains("12 %") && steady.contains("0.40"))
    }

    @Test func thePageHasTheTablesInMarkdown() throws {
        var page = BenchmarkPage(command: "Benchmarks/run mlp", roofline, rounds: 3)
        page.results = [try result(of: "mlp")]
        #expect(page.text.contains("| mlp | 1.00 ms | 3.00 ms | 2.00 ms | 2.00 | 1.00–2.50 | 3.00 ≥ 3 |"))
        #expect(page.text.contains("| mlp | 3 | 0 | 2.00 | 0.4 % | 12 % | 4 | 10 | 0.40 | 50.0 ms |"))
        #expect(page.text.contains("`Benchmarks/run mlp`"))
    }

    @Test(arguments: [(12.34e-6, "12.3 µs"), (0.00073, "0.73 ms"), (0.355, "355 ms"), (1.24, "1.24 s")])
    func timesHaveThreeDigits(_ seconds: Double, _ text: String) {
        #expect(BenchmarkFormat.time(seconds) == text)
    }
}
