extension Program {
    /// An equal program where the transpose of a matrix product that nobody else reads is a product itself: `(A B)ᵀ = Bᵀ Aᵀ`.
    ///
    /// Transposed operands cost a contraction nothing, while a transposed result costs its reader.
    /// The gradient of `x Wᵀ` by `W` is the case that matters.
    public func withTransposedProducts() -> Program {
        let uses = useCounts()
        var builder = ProgramBuilder(inputs: inputs)
        for instruction in instructions {
            let operands = instruction.operands.map { builder.number(of: $0) }
            if case .transpose(let permutation) = instruction.operation, isMatrixTranspose(permutation),
                let product = self.instruction(instruction.operands[0]), product.operation == .matmul,
                uses[instruction.operands[0]] == 1
            {
                let transposed = product.operands.map { operand in
                    builder.emit(.transpose(permutation), [builder.number(of: operand)])
                }
                builder.append(builder.emit(.matmul, [transposed[1], transposed[0]]))
            } else {
                builder.append(builder.emit(instruction.operation, operands))
            }
        }
        return builder.program(outputs: outputs)
    }

    /// For each value the operands and outputs that read it.
    public func useCounts() -> [Int] {
        var counts = [Int](repeating: 0, count: valueCount)
        for instruction in instructions {
            for operand in instruction.operands { counts[operand] += 1 }
        }
        for output in outputs { counts[output] += 1 }
        return counts
    }
}

/// Whether a permutation exchanges the last two axes and nothing else.
private func isMatrixTranspose(_ permutation: [Int]) -> Bool {
    let rank = permutation.count
    guard rank >= 2 else { return false }
    return permutation == Array(0..<(rank - 2)) + [rank - 1, rank - 2]
}
