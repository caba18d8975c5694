import Synchronization

/// Computes nodes: gathers the part of the graph they need, has the backend run it as a program, and hands out the values.
public enum Evaluator {
    /// A graph is evaluated early once this many nodes have been made since its oldest part, so that a loop that never looks at
    /// its result keeps bounded memory.
    static let pendingLimit = 50_000

    /// Gives every node in `nodes` its value, and along with them every node on the way that a tensor shows.
    public static func evaluate(_ nodes: [Node]) {
        for node in nodes { node.forgetHistory() }
        if nodes.allSatisfy(\.isEvaluated) { return }
        Profile.measure(.evaluation) { compute(nodes) }
    }

    private static func compute(_ nodes: [Node]) {
        var lastTaker: Evaluation?
        while nodes.contains(where: { !$0.isEvaluated }) {
            precondition(
                !GraphFunction.isBeingMade || TracedProgram.isBeingMade,
                "a compiled function or a loop's step looks at a value while it is traced; a choice made by it would stay as it is now"
            )
            do throws(MemoryTaken) {
                try attempt(nodes)
            } catch {
                // What took the memory computes, in another thread, all that this one can reach of it.
                precondition(error.taker !== lastTaker, "a value is needed whose memory was offered and taken")
                error.taker.running.withLock { _ in }
                lastTaker = error.taker
            }
        }
    }

    private static func attempt(_ wanted: [Node]) throws(MemoryTaken) {
        var trace = try Profile.measure(.tracing) { () throws(MemoryTaken) in try Trace(wanted) }
        guard trace.values.allSatisfy({ $0 != nil }) else {
            return fail(
                trace,
                TensorError(
                    "a value is looked at that depends on an argument of a traced function or on a loop's step, which have none"
                ))
        }
        let evaluation = Evaluation()
        try evaluation.running.withLock { _ throws(MemoryTaken) in
            try trace.takeOfferedMemory(for: evaluation)
            compute(trace)
        }
    }

    private static func compute(_ trace: Trace) {
        EngineStatistics.counters.evaluations.add(1, ordering: .relaxed)
        EngineStatistics.counters.overwrittenInputs.add(trace.reusableInputs.count, ordering: .relaxed)
        let results = trace.outputs.map { trace.nodes[Int($0)] }
        do {
            let executable = try PlanCache.shared.executable(for: trace, on: Engine.backend)
            let values = try Profile.measure(.running) { try executable.run(trace.values.map { $0! }) }
            for (node, value) in zip(results, values) { node.complete(value) }
        } catch {
            fail(trace, error as? TensorError ?? TensorError("\(error)"))
        }
    }

    /// Reports a mistake. Work goes on with zeros.
    private static func fail(_ trace: Trace, _ error: TensorError) {
        reportTensorError(error)
        let open = zip(trace.inputs, trace.values).filter { $0.1 == nil }.map(\.0)
        for node in open + trace.outputs.map({ trace.nodes[Int($0)] }) {
            let zeros = Buffer(byteCount: node.type.byteCount)
            zeros.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: zeros.byteCount)
            node.complete(zeros)
        }
    }
}
