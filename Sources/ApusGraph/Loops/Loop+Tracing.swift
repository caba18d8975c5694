extension Node {
    /// Something without a value that stands for an argument, or a value of each step, while a function or a loop's body is traced.
    public static func placeholder(_ type: TensorType) -> Node { Node(.placeholder, [], type: type) }

    /// A value that a traced function found. A loop's step must not have left it behind: there is one for each step.
    var asCaptured: Node {
        precondition(isEvaluated, "a value of a loop's step was kept by other means than the step's results")
        return self
    }
}

extension Program {
    /// What `results` are computed from `placeholders`, and from what else they read.
    ///
    /// The program's inputs are the placeholders, then the captured: values that depend on no placeholder.
    public static func body(from placeholders: [Node], to results: [Node]) -> (program: Program, captured: [Node]) {
        var trace = BodyTrace(placeholders)
        let numbers = trace.numbers(of: results)
        return (trace.program(results: numbers), trace.captured)
    }

    /// The program's outputs as nodes computed from `inputs`.
    public func nodes(on inputs: [Node]) -> [Node] {
        var values = inputs
        values.reserveCapacity(valueCount)
        for instruction in instructions {
            values.append(Node.make(instruction.operation, instruction.operands.map { values[$0] }))
        }
        return outputs.map { values[$0] }
    }
}

/// The nodes between placeholders and results.
private struct BodyTrace: ~Copyable {
    private let placeholders: [Node]
    private(set) var captured: [Node] = []
    /// What depends on a placeholder, operands first, with the operands' numbers: instruction i is `i`, input i is `−1 − i`.
    private var instructions: [(node: Node, operands: [Int32])] = []
    private var numbers = NodeNumbers()

    /// What was met and depends on no placeholder, as long as nothing that does reads it.
    private static let independent = Int32.min

    init(_ placeholders: [Node]) {
        self.placeholders = placeholders
        for (input, node) in placeholders.enumerated() { numbers[node] = Int32(-1 - input) }
    }

    mutating func numbers(of results: [Node]) -> [Int32] {
        // Depth first with an explicit stack; a node is met again, with its operands, when those are done.
        var stack: [(node: Node, operands: [Node]?)] = results.map { ($0, nil) }
        while let (node, expanded) = stack.popLast() {
            guard numbers[node] == nil else { continue }
            if let operands = expanded {
                if operands.contains(where: { dependsOnPlaceholder($0) }) {
                    let read = operands.map { number(of: $0) }
                    numbers[node] = Int32(instructions.count)
                    instructions.append((node, read))
                } else {
                    numbers[node] = Self.independent
                }
            } else if node.isEvaluated || node.isOlder(than: placeholders[0]) {
                numbers[node] = Self.independent
            } else {
                let operands = node.operands
                stack.append((node, operands))
                for operand in operands where numbers[operand] == nil { stack.append((operand, nil)) }
            }
        }
        return results.map { number(of: $0) }
    }

    private func dependsOnPlaceholder(_ node: Node) -> Bool { numbers[node]! >= -Int32(placeholders.count) }

    /// The number of a node that was met; what depends on no placeholder becomes an input.
    private mutating func number(of node: Node) -> Int32 {
        if numbers[node]! == Self.independent {
            numbers[node] = Int32(-1 - placeholders.count - captured.count)
            captured.append(node)
        }
        return numbers[node]!
    }

    func program(results: [Int32]) -> Program {
        let inputs = (placeholders + captured).map(\.type)
        func value(_ number: Int32) -> Int { number < 0 ? -1 - Int(number) : inputs.count + Int(number) }
        return Program(
            inputs: inputs,
            instructions: instructions.map { node, operands in
                Program.Instruction(node.operation, operands.map(value), node.type)
            },
            outputs: results.map(value))
    }
}
