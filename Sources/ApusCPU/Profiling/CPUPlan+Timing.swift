import ApusGraph
import Foundation

extension CPUPlan {
    /// Runs the steps with a clock beside them, for profiles and for who looks into the engine.
    func runTimed(_ memory: Memory) throws {
        var times = [Profile.now()]
        times.reserveCapacity(steps.count + 1)
        for step in steps {
            try step.run(memory)
            times.append(Profile.now())
        }
        Profile.add(runOf: self, kernels: { zip(steps, costs).map { ($0.description, $1) } }, times: times)
        for (index, step) in steps.enumerated() {
            let seconds = Double(times[index + 1] - times[index]) * 1e-9
            Diagnostics.debug(4, Self.line(step.description, costs[index], seconds))
        }
    }

    /// `    812.4 µs   251.3 GFLOP/s   12.1 GB/s  matmul …`
    private static func line(_ name: String, _ cost: KernelCost, _ seconds: Double) -> String {
        func rate(_ amount: Int) -> Double { seconds > 0 ? Double(amount) / seconds * 1e-9 : 0 }
        let figures = String(
            format: "%9.1f µs %7.1f GFLOP/s %6.1f GB/s", seconds * 1e6, rate(cost.flops), rate(cost.bytes))
        return figures + "  " + name
    }
}
