import ApusCPU
import ApusTensor
import Foundation
import Testing

/// Other tests evaluate meanwhile, and are recorded too: what is looked for here has extents that nobody else uses.
@Suite("Profile", .serialized)
struct ProfileTests {
    private let extent = 1237

    /// relu(x W) of ones, and how a row of it looks.
    private func product() -> [Float] {
        let x = Tensor.ones([3, 211])
        let weight = Tensor.ones([211, extent])
        return relu(matmul(x, weight) - 200).elements()
    }

    private func ours(_ profile: Profile) -> [Profile.Kernel] {
        profile.kernels.filter { $0.name.contains("\(extent)") }
    }

    @Test func aKernelKnowsItsRunsItsTimeAndItsWork() throws {
        let profile = Profile.record {
            for _ in 0..<5 { #expect(product().allSatisfy { $0 == 11 }) }
        }
        let matmul = try #require(ours(profile).first { $0.name.hasPrefix("matmul") })
        #expect(matmul.count == 5)
        #expect(matmul.seconds > 0)
        #expect(matmul.cost.flops == 2 * 3 * 211 * extent)
        #expect(matmul.cost.bytesRead == 4 * (3 * 211 + 211 * extent))
        #expect(matmul.cost.bytesWritten == 4 * 3 * extent)
        let rate = Double(matmul.cost.flops * 5) / matmul.seconds
        #expect(abs(matmul.flopsPerSecond - rate) <= 1e-9 * rate)
        let roofline = Roofline(float32: 2 * rate, bfloat16: rate, bytesPerSecond: .infinity)
        #expect(abs(matmul.rooflineFraction(roofline) - 0.5) < 1e-9)
    }

    @Test func kernelsAreTheSumsOfTheirEvents() {
        let profile = Profile.record { for _ in 0..<3 { _ = product() } }
        for (index, kernel) in profile.kernels.enumerated() {
            let runs = profile.events.filter { if case .kernel(index) = $0.kind { true } else { false } }
            #expect(runs.count == kernel.count)
            #expect(abs(runs.reduce(0) { $0 + $1.seconds } - kernel.seconds) < 1e-9)
        }
        // Every plan's steps are there, in order.
        for plan in Set(profile.kernels.map(\.plan)) {
            let steps = profile.kernels.filter { $0.plan == plan }.map(\.step)
            #expect(steps == Array(0..<steps.count))
        }
    }

    @Test func phasesMakeUpTheEvaluation() {
        let profile = Profile.record { for _ in 0..<4 { _ = product() } }
        #expect(profile.count(.evaluation) == 4)
        #expect(profile.count(.tracing) == 4)
        #expect(profile.count(.lookUp) == 4)
        #expect(profile.count(.running) == 4)
        #expect(profile.count(.planning) <= 1)
        let parts = [Profile.Phase.tracing, .lookUp, .planning, .running].map { profile.seconds($0) }
        #expect(parts.reduce(0, +) <= profile.seconds(.evaluation))
        #expect(profile.seconds(.evaluation) <= profile.seconds)
        let overheads = profile.overheads.reduce(0) { $0 + $1.seconds }
        let kernels = profile.events.reduce(0.0) { total, event in
            guard event.thread == 0, case .kernel = event.kind else { return total }
            return total + event.seconds
        }
        #expect(abs(overheads + kernels - profile.seconds) < 1e-6)
    }

    @Test func nothingIsTakenDownWhenNobodyRecords() {
        let profile = Profile.record { _ = product() }
        let count = profile.events.count
        #expect(!Profile.isRecording)
        _ = product()
        #expect(profile.events.count == count)
        #expect(ours(Profile.record {}).isEmpty)
    }

    @Test func twoMayRecordAtOnce() {
        var inner: Profile?
        let outer = Profile.record {
            _ = product()
            inner = Profile.record { _ = product() }
        }
        #expect(ours(outer).allSatisfy { $0.count == 2 })
        #expect(inner.map(ours)?.allSatisfy { $0.count == 1 } == true)
    }

    @Test func theTraceIsJSONWhoseEventsMatch() throws {
        let profile = Profile.record { for _ in 0..<2 { _ = product() } }
        let trace = try #require(JSONSerialization.jsonObject(with: try profile.chromeTrace()) as? [String: Any])
        let events = try #require(trace["traceEvents"] as? [[String: Any]])
        let complete = events.filter { $0["ph"] as? String == "X" }
        #expect(complete.count == profile.events.count)
        #expect(events.contains { $0["name"] as? String == "thread_name" && $0["ph"] as? String == "M" })

        struct Span {
            let start, end: Double
            let thread: Int
        }
        func span(_ event: [String: Any]) -> Span? {
            guard let start = event["ts"] as? Double, let duration = event["dur"] as? Double,
                let thread = event["tid"] as? Int
            else { return nil }
            return Span(start: start, end: start + duration, thread: thread)
        }
        #expect(complete.allSatisfy { span($0) != nil })
        let runs = complete.filter { $0["name"] as? String == "running" }.compactMap(span)
        for event in complete where event["cat"] as? String == "kernel" && event["tid"] as? Int == 0 {
            let kernel = try #require(span(event))
            #expect(runs.contains { $0.thread == 0 && $0.start <= kernel.start + 1e-3 && kernel.end <= $0.end + 1e-3 })
            let arguments = try #require(event["args"] as? [String: Any])
            #expect(arguments["bytesWritten"] is Int && arguments["step"] is Int)
        }
    }

    @Test func theTableListsKernelsByTime() {
        let profile = Profile.record { for _ in 0..<3 { _ = product() } }
        let roofline = Roofline(float32: 1e12, bfloat16: 1e12, bytesPerSecond: 1e11)
        let table = profile.table(roofline: roofline, steps: 3, rows: 1000)
        let lines = table.split(separator: "\n")
        #expect(lines.first?.contains("GFLOP/s") == true)
        #expect(lines.last?.contains("total") == true)
        #expect(table.contains("matmul") && table.contains("tracing") && table.contains("plan look-up"))
        #expect(profile.kernelKinds.reduce(0) { $0 + $1.count } == profile.kernels.reduce(0) { $0 + $1.count })
        let times = lines.dropFirst().prefix(profile.kernelKinds.count).compactMap {
            $0.split(separator: " ").dropFirst().first.flatMap { Double($0) }
        }
        #expect(times == times.sorted(by: >))
    }

    @Test func theMachineHasPeaks() {
        let roofline = Roofline.measured
        #expect(roofline.float32 > 1e8 && roofline.bfloat16 >= roofline.float32 && roofline.bytesPerSecond > 1e8)
        let cost = KernelCost(flops: 2_000_000, bytesRead: 600, bytesWritten: 400)
        #expect(roofline.leastSeconds(cost) >= 2e6 / roofline.float32)
        #expect(roofline.flopsPerSecond(.float64) == roofline.float32 / 2)
    }
}
