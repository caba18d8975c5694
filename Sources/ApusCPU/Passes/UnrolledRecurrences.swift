import ApusGraph

extension Program {
    /// An equal program with recurrent sequences step by step: all of them, or those of a single step, which is over before a kernel has
    /// its weights in order.
    func withUnrolledRecurrences(all: Bool) -> Program {
        var builder = ProgramBuilder(inputs: inputs)
        for instruction in instructions {
            let operands = instruction.operands.map { builder.number(of: $0) }
            let unrolled: Int? =
                switch instruction.operation {
                case .recurrence where all || isSingleStep(instruction),
                    .recurrenceGradient where all || isSingleStep(instruction):
                    instruction.operation.definition(on: operands, in: &builder)
                default: nil
                }
            builder.append(unrolled ?? builder.emit(instruction.operation, operands))
        }
        return builder.program(outputs: outputs)
    }

    /// Of a recurrence or its gradient, whose first operand is (steps, …).
    private func isSingleStep(_ instruction: Instruction) -> Bool { type(instruction.operands[0]).shape[0] == 1 }
}
