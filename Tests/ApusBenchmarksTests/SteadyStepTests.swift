import ApusBenchmarks
import ApusTrain
import Foundation
import Testing

/// Counted in a process of its own, as other tests take memory meanwhile.
@Suite struct SteadyStepTests {
    private static let executable = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("apus").path

    @Test(arguments: ["mlp", "lenet", "lstm", "dlrm", "mlp-b1", "layernorm-2048x768"])
    func aSteadyStepPlansNothingAndTakesNoMemory(_ workload: String) throws {
        let worker = try Contestant(
            .apus, command: [Self.executable, "bench", "--worker", "--threads", "2"], environment: [:],
            folder: FileManager.default.temporaryDirectory)
        func ask(_ request: String) throws -> Reply { try worker.ask(JSONLine.decode(Request.self, request)) }
        _ = try ask(#"{"action": "prepare", "workload": "\#(workload)"}"#)
        let steady = try ask(#"{"action": "run", "steps": 5}"#)
        #expect(steady.allocations == 0 && steady.plansMade == 0, "\(steady)")
    }
}
