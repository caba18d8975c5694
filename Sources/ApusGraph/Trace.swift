import Synchronization

/// The pending part of a graph behind some nodes, in an order in which it can run: a `Program` that still consists of nodes.
///
/// It is made anew at every evaluation, while a `Program` is only made of it when no known one is equal.
struct Trace {
    /// Nodes with values, as they were met.
    private(set) var inputs: [Node] = []
    /// What the inputs hold, in their order.
    private(set) var values: [Buffer?] = []
    /// Nodes to be computed, operands first.
    private(set) var nodes: [Node] = []
    /// For each node the number of its operands, then the operands: `i` is node i, and `−1 − i` is input i.
    private(set) var wiring: [Int32] = []
    /// The nodes that get a value, ascending: those asked for, and those on the way that a tensor shows or a gradient will need.
    private(set) var outputs: [Int32] = []
    /// Inputs whose memory the program may overwrite, ascending.
    private(set) var reusableInputs: [Int32] = []

    private struct Frame {
        let node: Node
        let operands: [Node]
        var next = 0
    }

    /// - Parameter keepsShown: whether nodes on the way become outputs too if a tensor shows them or if a gradient that is still
    ///   to come would compute them again.
    /// - Throws: `MemoryTaken` where a value's memory was taken by an evaluation in another thread.
    init(_ wanted: [Node], keepsShown: Bool = true) throws(MemoryTaken) {
        // Depth first with an explicit stack.
        var numbers = NodeNumbers()
        var stack: [Frame] = []
        for root in wanted where numbers[root] == nil {
            try enter(root, &stack, &numbers)
            while let top = stack.indices.last {
                let next = stack[top].next
                if next < stack[top].operands.count {
                    let operand = stack[top].operands[next]
                    stack[top].next = next + 1
                    if numbers[operand] == nil { try enter(operand, &stack, &numbers) }
                } else {
                    append(stack.removeLast(), &numbers)
                }
            }
        }
        var isOutput = [Bool](repeating: false, count: nodes.count)
        for node in wanted {
            if let number = numbers[node], number >= 0 { isOutput[Int(number)] = true }
        }
        for (number, node) in nodes.enumerated()
        where isOutput[number] || (keepsShown && (node.isShown || node.isWorthSaving)) {
            outputs.append(Int32(number))
        }
    }

    private mutating func enter(_ node: Node, _ stack: inout [Frame], _ numbers: inout NodeNumbers) throws(MemoryTaken)
    {
        switch node.snapshot {
        case .value(let value):
            numbers[node] = Int32(-1 - inputs.count)
            inputs.append(node)
            values.append(value)
        case .pending(let operands):
            if case .invalid = node.operation, TensorErrorSink.current == nil {
                fatalError("a result of a mistaken operation left withTensorErrors")
            }
            if case .placeholder = node.operation {
                numbers[node] = Int32(-1 - inputs.count)
                inputs.append(node)
                values.append(nil)
            } else {
                stack.append(Frame(node: node, operands: operands))
            }
        case .taken(let taker):
            throw MemoryTaken(by: taker)
        }
    }

    /// Has the program write over inputs that belong to it, ascending.
    mutating func overwrite(inputs: [Int]) { reusableInputs = inputs.map(Int32.init) }

    private mutating func append(_ frame: Frame, _ numbers: inout NodeNumbers) {
        wiring.append(Int32(frame.operands.count))
        for operand in frame.operands { wiring.append(numbers[operand]!) }
        numbers[frame.node] = Int32(nodes.count)
        nodes.append(frame.node)
    }

    // MARK: Structure

    /// Equal for traces of equal structure.
    var structuralHash: UInt64 {
        var hasher = StructuralHasher()
        for node in inputs { hasher.combine(node.type) }
        for node in nodes {
            hasher.combine(node.operation)
            hasher.combine(node.type)
        }
        for number in wiring { hasher.combine(number) }
        for number in outputs { hasher.combine(number) }
        hasher.combine(-1)
        for number in reusableInputs { hasher.combine(number) }
        return hasher.value
    }

    /// Whether `program`, which was made of a trace with `wiring`, is this trace's too.
    func matches(_ program: Program, wiring: [Int32]) -> Bool {
        guard inputs.count == program.inputs.count, nodes.count == program.instructions.count,
            outputs.count == program.outputs.count, reusableInputs.count == program.reusableInputs.count,
            self.wiring == wiring
        else { return false }
        return zip(outputs, program.outputs).allSatisfy { Int($0) + inputs.count == $1 }
            && zip(reusableInputs, program.reusableInputs).allSatisfy { Int($0) == $1 }
            && inputs.indices.allSatisfy { inputs[$0].type == program.inputs[$0] }
            && nodes.indices.allSatisfy { index in
                nodes[index].type == program.instructions[index].type
                    && nodes[index].operation == program.instructions[index].operation
            }
    }

    /// The same without nodes: inputs come first in a program's numbering.
    var program: Program {
        let count = inputs.count
        var instructions: [Program.Instruction] = []
        instructions.reserveCapacity(nodes.count)
        var place = 0
        for node in nodes {
            let operands = wiring[(place + 1)...].prefix(Int(wiring[place]))
            place += 1 + operands.count
            instructions.append(
                .init(node.operation, operands.map { $0 < 0 ? -1 - Int($0) : Int($0) + count }, node.type))
        }
        return Program(
            inputs: inputs.map(\.type), instructions: instructions, outputs: outputs.map { Int($0) + count },
            reusableInputs: reusableInputs.map(Int.init))
    }
}

/// An evaluation that writes over old values. Others who need what it computes wait for it.
final class Evaluation: Sendable {
    /// Held while it runs.
    let running = Mutex(())
}

/// A value that is needed was overwritten; what replaces it is being computed.
struct MemoryTaken: Error {
    let taker: Evaluation

    init(by taker: Evaluation) { self.taker = taker }
}

// MARK: Memory of old values

extension Trace {
    /// Takes the memory of offered inputs that nothing can see once this trace has been computed.
    ///
    /// - Throws: `MemoryTaken` where another thread was quicker with one.
    mutating func takeOfferedMemory(for evaluation: Evaluation) throws(MemoryTaken) {
        guard inputs.contains(where: \.offersMemory) else { return }
        let needed = inputsNeededLater()
        for (number, node) in inputs.enumerated() where node.offersMemory && !needed[number] {
            values[number] = nil  // the node's own reference must be the last
            if let memory = node.takeMemory(for: evaluation) {
                values[number] = memory
                reusableInputs.append(Int32(number))
            } else if case .value(let value) = node.snapshot {
                values[number] = value
            } else if case .taken(let taker) = node.snapshot {
                for number in reusableInputs { inputs[Int(number)].giveBack(values[Int(number)]!) }
                throw MemoryTaken(by: taker)
            }
        }
    }

    /// For each input whether somebody can still ask for something that needs it when this trace has its values.
    ///
    /// A tensor that shows it can, and so can a node outside of this trace, directly or through nodes that stay without a value.
    private func inputsNeededLater() -> [Bool] {
        var inputUses = [Int](repeating: 0, count: inputs.count)
        var nodeUses = [Int](repeating: 0, count: nodes.count)
        var starts: [Int] = []
        starts.reserveCapacity(nodes.count)
        var place = 0
        while place < wiring.count {
            starts.append(place)
            for operand in wiring[(place + 1)...].prefix(Int(wiring[place])) {
                if operand < 0 { inputUses[-1 - Int(operand)] += 1 } else { nodeUses[Int(operand)] += 1 }
            }
            place += 1 + Int(wiring[place])
        }

        var isNeeded = inputs.indices.map { inputs[$0].isShown || inputs[$0].userCount != inputUses[$0] }
        // A node that is asked for later needs its operands, unless it has its value then and no gradient asks for them.
        var isAskedFor = nodes.indices.map { nodes[$0].userCount != nodeUses[$0] }
        for output in outputs { isAskedFor[Int(output)] = nodes[Int(output)].isInActiveScope }
        var isOutput = [Bool](repeating: false, count: nodes.count)
        for output in outputs { isOutput[Int(output)] = true }
        for number in nodes.indices.reversed() where isAskedFor[number] {
            for operand in wiring[(starts[number] + 1)...].prefix(Int(wiring[starts[number]])) {
                if operand < 0 {
                    isNeeded[-1 - Int(operand)] = true
                } else if !isOutput[Int(operand)] {
                    isAskedFor[Int(operand)] = true
                }
            }
        }
        return isNeeded
    }
}
