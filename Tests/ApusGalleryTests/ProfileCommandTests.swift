import Foundation
import Testing

@Suite struct ProfileCommandTests {
    @Test func aWorkloadsTableAndTrace() throws {
        let place = try Workplace()
        let result = try place.apus("profile", "mlp", "--steps", "2", "--warmup", "1", "--trace", "trace.json")
        #expect(result.status == 0, "\(result.errors)")
        for word in ["GFLOP/s", "roofline", "matmul", "region", "tracing", "plan look-up", "total", "Peaks"] {
            #expect(result.output.contains(word), "\(word)")
        }
        let trace = try JSONSerialization.jsonObject(with: Data(contentsOf: place.url("trace.json"))) as? [String: Any]
        let events = try #require(trace?["traceEvents"] as? [[String: Any]])
        #expect(events.count { $0["name"] as? String == "evaluation" } >= 2)
        #expect(events.contains { ($0["name"] as? String)?.hasPrefix("matmul") == true })
    }

    @Test func aWorkloadAsJSON() throws {
        let result = try Workplace().apus("profile", "mlp", "--steps", "2", "--json")
        let profile = try #require(result.events("profile").first)
        let kernels = try #require(profile["kernels"] as? [[String: Any]])
        let seconds = try #require(profile["seconds"] as? Double)
        let overheads = try #require(profile["overheads"] as? [String: Double])
        let parts = kernels.compactMap { $0["seconds"] as? Double }.reduce(0, +) + overheads.values.reduce(0, +)
        #expect(abs(parts - seconds) < 0.01 * seconds)
        #expect(result.events.last?["event"] as? String == "finished")
    }

    @Test func aSystemsTraining() throws {
        let place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"))
        let arguments = ["image-classification", "--data", "data", "--preset", "mlp", "--batch-size", "16"]
        let result = try place.apus(["profile"] + arguments + ["--steps", "3"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("matmul") && result.output.contains("total"))
        let short = try place.apus(["profile"] + arguments + ["--steps", "100000"])
        #expect(short.status == 1)
        #expect(short.errors.contains("--steps"))
    }

    @Test func anUnknownNameIsAWrongUsage() throws {
        let result = try Workplace().apus("profile", "mpl")
        #expect(result.status == 64)
        #expect(result.errors.contains("mlp"))
    }

    @Test(arguments: 0...4) func eachLevelOfDebuggingAddsItsLines(_ level: Int) throws {
        let result = try Workplace().apus(
            ["profile", "mlp", "--steps", "1", "--warmup", "1"], environment: ["APUS_DEBUG": "\(level)"])
        #expect(result.status == 0)
        let lines = result.errors.split(separator: "\n").map(String.init)
        #expect(lines.isEmpty == (level == 0))
        let plans = lines.filter { $0.wholeMatch(of: Self.planLine) != nil }
        #expect(plans.isEmpty == (level < 1))
        #expect((lines.last?.wholeMatch(of: Self.cacheLine) != nil) == (level >= 1))
        #expect(lines.contains { $0.hasPrefix("  matmul ") } == (level >= 2))
        #expect(lines.contains { $0.hasPrefix("return %") } == (level >= 3))
        #expect(lines.contains { $0.firstMatch(of: Self.timeLine) != nil } == (level >= 4))
    }

    private static var planLine: Regex<Substring> {
        /apus: plan of \d+ instructions: \d+ steps, arena \d+\.\d MB, planned in \d+\.\d ms/
    }
    private static var cacheLine: Regex<Substring> {
        /apus: plan cache: \d+ look-ups, \d+ hits, \d+ plans kept, \d+ evictions/
    }
    private static var timeLine: Regex<Substring> { /\d+\.\d µs +\d+\.\d GFLOP\/s +\d+\.\d GB\/s  matmul/ }
}
