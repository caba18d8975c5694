import Synchronization

/// Computes nodes: gathers the part of the graph they need into a program, has the backend run it, and hands out the values.
public enum Evaluator {
    /// A graph is evaluated early once this many nodes have been made since its oldest part, so that a loop that never looks at
    /// its result keeps bounded memory.
    static let pendingLimit = 50_000

    /// Gives every node in `nodes` its value, and along with them every node on the way that a tensor shows.
    public static func evaluate(_ nodes: [Node]) {
        for node in nodes { node.forgetHistory() }
        let wanted = nodes.filter { !$0.isEvaluated }
        if wanted.isEmpty { return }
        let (program, inputs, results) = trace(wanted)
        do {
            let backend = Engine.backend
            let values = try PlanCache.shared.executable(for: program, on: backend).run(inputs)
            for (node, value) in zip(results, values) { node.complete(value) }
        } catch {
            reportTensorError(error as? TensorError ?? TensorError("\(error)"))
            for node in results {
                let zeros = Buffer(byteCount: node.type.byteCount)
                zeros.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: zeros.byteCount)
                node.complete(zeros)
            }
        }
    }

    /// The program of some pending nodes, its input values, and the nodes of its outputs.
    static func trace(_ wanted: [Node]) -> (Program, [Buffer], [Node]) {
        // Depth first with an explicit stack. A node is entered twice: to push its operands, then to be numbered.
        var numbers: [ObjectIdentifier: Int] = [:]  // ≥ 0: instruction, < 0: −1 − input
        var inputs: [Buffer] = []
        var inputTypes: [TensorType] = []
        var instructions: [Program.Instruction] = []
        var outputs: [(node: Node, instruction: Int)] = []
        var seenInstructions: [Node] = []  // keeps the nodes alive, so that identifiers stay unique
        let wantedIDs = Set(wanted.map(ObjectIdentifier.init))
        var stack: [(node: Node, operands: [Node]?)] = wanted.map { ($0, nil) }

        while let (node, expanded) = stack.popLast() {
            let id = ObjectIdentifier(node)
            if numbers[id] != nil { continue }
            if let operands = expanded {
                numbers[id] = instructions.count
                if wantedIDs.contains(id) || node.isShown { outputs.append((node, instructions.count)) }
                instructions.append(.init(node.operation, operands.map { numbers[ObjectIdentifier($0)]! }, node.type))
                seenInstructions.append(node)
                continue
            }
            let (operands, value) = node.snapshot
            if let value {
                numbers[id] = -1 - inputs.count
                inputs.append(value)
                inputTypes.append(node.type)
                seenInstructions.append(node)
                continue
            }
            if case .invalid = node.operation, TensorErrorSink.current == nil {
                fatalError("a result of a mistaken operation left withTensorErrors")
            }
            stack.append((node, operands))
            for operand in operands.reversed() where numbers[ObjectIdentifier(operand)] == nil {
                stack.append((operand, nil))
            }
        }

        // Inputs come first in a program's numbering.
        let count = inputs.count
        for index in instructions.indices {
            instructions[index].operands = instructions[index].operands.map { $0 < 0 ? -1 - $0 : $0 + count }
        }
        let program = Program(
            inputs: inputTypes, instructions: instructions, outputs: outputs.map { $0.instruction + count })
        return (program, inputs, outputs.map(\.node))
    }
}

/// Executables by program and backend, the least recently used dropped first.
final class PlanCache: Sendable {
    static let shared = PlanCache()

    private struct Key: Hashable {
        let backend: ObjectIdentifier
        let program: Program
    }
    private struct Entry {
        let executable: any Executable
        let backend: any Backend  // keeps the identifier in the key unique
        var lastUse: Int
    }
    private struct State {
        var entries: [Key: Entry] = [:]
        var clock = 0
        var evictions = 0
    }

    private let state = Mutex(State())
    private let capacity = 256

    func executable(for program: Program, on backend: any Backend) throws -> any Executable {
        let key = Key(backend: ObjectIdentifier(backend), program: program)
        let known = state.withLock { state -> (any Executable)? in
            state.clock += 1
            guard let index = state.entries.index(forKey: key) else { return nil }
            state.entries.values[index].lastUse = state.clock
            return state.entries.values[index].executable
        }
        if let known { return known }
        // Prepared outside of the lock: two threads may both prepare a program, and one result is kept.
        let executable = try backend.prepare(program)
        state.withLock { state in
            state.entries[key] = Entry(executable: executable, backend: backend, lastUse: state.clock)
            if state.entries.count > capacity { evict(&state) }
        }
        return executable
    }

    /// Drops the older half, so that the search for the oldest is rare.
    private func evict(_ state: inout State) {
        let oldestFirst = state.entries.sorted { $0.value.lastUse < $1.value.lastUse }
        for (key, _) in oldestFirst.prefix(capacity / 2) { state.entries[key] = nil }
        state.evictions += 1
        if state.evictions == 4 {
            Diagnostics.warn(
                "over \(capacity * 3) different programs were planned: shapes or structure change from step to step. "
                    + "Pad inputs to a few fixed shapes to plan once and run often.")
        }
    }
}
