extension Program {
    /// An equal program with less to do: identities are looked through, equal instructions computed once, and what no output needs is gone.
    public func simplified() -> Program {
        var result = Program(inputs: inputs, instructions: [], outputs: [])
        result.instructions.reserveCapacity(instructions.count)
        var replacement = Array(0..<inputs.count)  // old number → new number
        replacement.reserveCapacity(valueCount)
        var known: [Instruction: Int] = [:]

        for old in instructions {
            let operands = old.operands.map { replacement[$0] }
            let instruction = Self.sliceOfPart(
                Self.folded(Instruction(old.operation, operands, old.type), in: result), in: result)
            if let same = Self.identity(instruction, types: result.type) ?? known[instruction] {
                replacement.append(same)
                continue
            }
            let number = result.valueCount
            if instruction.operation != .barrier { known[instruction] = number }
            result.instructions.append(instruction)
            replacement.append(number)
        }
        result.outputs = outputs.map { replacement[$0] }
        return result.withoutDeadInstructions()
    }

    /// The operand that an instruction merely repeats, if it does.
    private static func identity(_ instruction: Instruction, types: (Int) -> TensorType) -> Int? {
        let operands = instruction.operands
        switch instruction.operation {
        case .variable, .stopGradient, .customGradient:
            return operands[0]
        case .reshape, .broadcast, .cast:
            return types(operands[0]) == instruction.type ? operands[0] : nil
        case .transpose(let permutation):
            return permutation == Array(permutation.indices) ? operands[0] : nil
        case .slice:
            let strides: Bool =
                if case .slice(let ranges) = instruction.operation { ranges.allSatisfy { $0.step > 0 } } else { false }
            return strides && types(operands[0]) == instruction.type ? operands[0] : nil
        case .reduce(_, let axes):
            return axes.isEmpty ? operands[0] : nil
        case .reverse(let axes):
            return axes.isEmpty ? operands[0] : nil
        case .concatenate:
            return operands.count == 1 ? operands[0] : nil
        default:
            return nil
        }
    }

    /// Two movements in a row as one.
    private static func folded(_ instruction: Instruction, in program: Program) -> Instruction {
        guard let first = instruction.operands.first, let producer = program.instruction(first) else {
            return instruction
        }
        switch (producer.operation, instruction.operation) {
        case (.reshape, .reshape(let shape)):
            return Instruction(.reshape(shape), producer.operands, instruction.type)
        case (.transpose(let inner), .transpose(let outer)):
            return Instruction(.transpose(outer.map { inner[$0] }), producer.operands, instruction.type)
        case (.broadcast, .broadcast(let shape)):
            return Instruction(.broadcast(shape), producer.operands, instruction.type)
        case (.cast(let wide), .cast(let dtype)) where program.type(producer.operands[0]).dtype.isWithin(wide):
            return Instruction(.cast(dtype), producer.operands, instruction.type)
        default:
            return instruction
        }
    }

    /// Drops instructions that no output needs. Inputs stay, so that callers need not change.
    public func withoutDeadInstructions() -> Program {
        var live = [Bool](repeating: false, count: valueCount)
        for output in outputs { live[output] = true }
        for index in instructions.indices.reversed() where live[inputs.count + index] {
            for operand in instructions[index].operands { live[operand] = true }
        }
        var result = Program(inputs: inputs, instructions: [], outputs: [])
        var replacement = [Int](repeating: -1, count: valueCount)
        for number in 0..<valueCount where number < inputs.count || live[number] {
            if let instruction = instruction(number) {
                replacement[number] = result.valueCount
                result.instructions.append(
                    Instruction(instruction.operation, instruction.operands.map { replacement[$0] }, instruction.type))
            } else {
                replacement[number] = number
            }
        }
        result.outputs = outputs.map { replacement[$0] }
        return result
    }
}

extension DType {
    /// Whether another floating type has all of this type's numbers, so that a cast there changes none.
    fileprivate func isWithin(_ other: DType) -> Bool {
        switch (self, other) {
        case (.bfloat16, .float32), (.float16, .float32), (.bfloat16, .float64), (.float16, .float64),
            (.float32, .float64):
            true
        default: false
        }
    }
}
