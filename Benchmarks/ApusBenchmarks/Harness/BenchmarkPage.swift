import Apus
import Foundation

/// The results as a page of the documentation.
package struct BenchmarkPage {
    package var results: [BenchmarkResult] = []
    package var scaling: [ScalingTable] = []
    package var coldStart: ColdStart.Result?
    /// What the peers are.
    package var versions: [String] = []
    package var roofline: Roofline
    private let command: String
    private let rounds: Int

    /// - Parameter command: what makes the page anew.
    package init(command: String, _ roofline: Roofline, rounds: Int) {
        self.command = command
        self.roofline = roofline
        self.rounds = rounds
    }

    private static let titles: [WorkloadKind: String] = [
        .training: "Training steps", .inference: "Inference", .kernel: "Kernels",
    ]

    package var text: String {
        var sections = WorkloadKind.allCases.compactMap { kind -> String? in
            let rows = results.filter { $0.workload.kind == kind }
            if rows.isEmpty { return nil }
            return "## \(Self.titles[kind]!)\n\n\(ResultTable.times(rows, roofline).markdown)"
        }
        let steps = results.filter { $0.workload.kind != .kernel }
        if !steps.isEmpty {
            sections.append("## Steady steps\n\n\(Self.steadyNotes)\n\n\(ResultTable.steadySteps(steps).markdown)")
        }
        if !scaling.isEmpty {
            let tables = scaling.map { "```\n\($0.text)\n```" }.joined(separator: "\n\n")
            sections.append(
                "## How time grows\n\nOf Apus, the best peer, and the arithmetic: so many times the row before.\n\n"
                    + tables)
        }
        if let coldStart { sections.append("## Cold start\n\n```\n\(coldStart.text)\n```") }
        return ([head, notes] + sections).joined(separator: "\n\n") + "\n"
    }

    /// What was measured where.
    private var head: String {
        let machine = Machine.current()
        let extensions = machine.extensions.joined(separator: ", ")
        let memory = Int((Double(machine.memoryBytes) / 1e9).rounded())
        return """
            # Benchmarks

            Made on \(Date.now.formatted(.iso8601.year().month().day())) by `\(command)`. Do not edit: run it again.

            | | |
            | --- | --- |
            | Machine | \(machine.processor), \(machine.cores) cores (\(extensions)), \(memory) GB |
            | System | \(machine.operatingSystem), Linux \(machine.kernel) |
            | Threads | \(machine.threads) |
            | Peers | \(versions.isEmpty ? "none" : versions.joined(separator: ", ")) |
            | Peaks | \(roofline.figures) |
            """
    }

    /// What the columns say.
    private var notes: String {
        let compiled = results.map(\.workload).filter(\.isCompiled).map(\.name).joined(separator: ", ")
        return """
            Every contestant is a process of its own and starts from the same weights and inputs; outputs are compared
            before anything is timed. Then they run in turns, \(rounds) rounds, and sleep while it is another's. Figures
            are medians.

            - *PyTorch*: eager, as most write it. *compile*: `torch.compile`, with the fused Adam.
            - *Ratio*: the best peer's time over that of Apus, round by round: median, least and greatest. *Target*: the
              ratio to PyTorch's best (in ResNet-50's inference to ONNX Runtime), and what it has to reach.
            - *GFLOP/s* counts the arithmetic of matrix products and convolutions that the mathematics needs, three times
              the forward pass in training. *Peak* is its share of the machine's peak, measured in the same run: float32 by
              a loop of multiply–adds in registers, bfloat16 by one of AMX's or AVX-512's products. Where memory is the
              limit it is the share of the rate of a large copy, which work that stays in the caches exceeds.
            - Steps of \(compiled.isEmpty ? "none" : compiled) run through Apus's `compile`, the counterpart of
              `torch.compile`; the others are traced at every step, as most write them.
            """
    }

    private static let steadyNotes = """
        What steps after the first cost beside computing, and what they need.

        - *Allocations*: how often memory of tensors was asked of the system, and *Plans*: how many were made, in all
          steps that were timed. *Faults*: pages that a step faulted in.
        - *Tracing*: the share of a step that goes into gathering its graph into a program and looking up the plan.
          *Graph*: into making the graph and its gradient, and everything else outside of the engine.
        - *MB*: the most memory of the process, libraries and all. *Memory*: that of Apus over the least of PyTorch's.
        - *First*: the first step, with everything that is done once.
        """
}
