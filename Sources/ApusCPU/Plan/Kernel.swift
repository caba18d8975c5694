import ApusGraph

/// Instructions that run as one: a fused region, a convolution with its epilogue, or a single instruction of another kind.
struct Kernel {
    /// What the instructions compute, ascending.
    let values: [Int]
    /// The space that a region runs over; nil for what is no region.
    let shape: Shape?
    /// The rows that the region reduces and uses again, where it does.
    let rows: RowSpace?
    private let members: Set<Int>

    init(_ values: [Int], shape: Shape?, rows: RowSpace?) {
        self.values = values
        self.shape = shape
        self.rows = rows
        members = Set(values)
    }

    func contains(_ value: Int) -> Bool { members.contains(value) }

    /// Whether a member has one value for each row.
    func isPerRow(_ value: Int, _ program: Program) -> Bool { rows?.isRowValue(value, program) ?? false }

    /// Whether a member is computed from one value a row; a reduction of rows is not.
    func runsPerRow(_ member: Int, _ program: Program) -> Bool {
        program.instruction(member)!.operation.isPointwise && isPerRow(member, program)
    }

    /// The member whose register an operand of a member is read from: itself, or the one behind movements that keep
    /// rows; nil where it comes from memory.
    func source(of operand: Int, in member: Int, _ program: Program) -> Int? {
        guard let source = Kernel.source(of: operand, in: member, shape: shape!, rows: rows, program) else {
            return nil
        }
        return contains(source) ? source : nil
    }

    /// The value that a region over `shape` would have in a register for this operand, if it computed it.
    static func source(of operand: Int, in member: Int, shape: Shape, rows: RowSpace?, _ program: Program) -> Int? {
        let instruction = program.instruction(member)!
        if let rows, instruction.operation.isPointwise, rows.isRowValue(member, program) {
            let value = program.behindReshapes(operand)
            return rows.isRowValue(value, program) ? value : nil
        }
        if let producer = program.instruction(operand), producer.operation.isPointwise, producer.type.shape == shape {
            return operand
        }
        guard let rows, let (repeated, value) = RowSpace.broadcast(operand, program) else { return nil }
        return repeated == rows && rows.isRowValue(value, program) ? value : nil
    }

    /// What the members of a region read from memory, each once, and whether as one value for each row.
    func externalOperands(_ program: Program) -> [(value: Int, perRow: Bool)] {
        guard shape != nil else { return [] }
        var seen: Set<Int> = []
        return values.flatMap { member in
            program.instruction(member)!.operands.filter { source(of: $0, in: member, program) == nil }
                .map { ($0, runsPerRow(member, program)) }
        }.filter { seen.insert($0.0).inserted }
    }

    /// Whether something outside of the kernel reads a member.
    func escapes(_ value: Int, _ program: Program, users: [[Int]], isOutput: Set<Int>) -> Bool {
        var stack = [value]
        while let seen = stack.popLast() {
            if isOutput.contains(seen) { return true }
            for user in users[seen] {
                if program.instruction(user)!.operation.isView {
                    stack.append(user)
                } else if !contains(user) || source(of: seen, in: user, program) != value {
                    return true
                }
            }
        }
        return false
    }
}

extension Program {
    /// For each value the instructions that read it.
    func users() -> [[Int]] {
        var users = [[Int]](repeating: [], count: valueCount)
        for (index, instruction) in instructions.enumerated() {
            for operand in Set(instruction.operands) { users[operand].append(inputs.count + index) }
        }
        return users
    }
}
