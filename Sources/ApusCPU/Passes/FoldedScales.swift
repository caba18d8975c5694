import ApusGraph

extension Program {
    /// An equal program where convolutions with constant weights are scaled and shifted by way of their weights and biases:
    /// `conv(x, w) · s + b = conv(x, w · s) + b`, with a number for each output channel in `s` and `b`.
    ///
    /// Normalization in evaluation is such a scale and shift. The new weights are constant, so they are computed once.
    ///
    /// - Parameter constants: values that stay the same from run to run.
    func withFoldedScales(constants: Set<Int>) -> Program {
        let counts = useCounts()
        var builder = ProgramBuilder(inputs: inputs)
        var folded: [Int: ScaledConvolution] = [:]
        for (index, instruction) in instructions.enumerated() {
            let value = inputs.count + index
            let operands = instruction.operands.map { builder.number(of: $0) }
            if case .convolution(let geometry) = instruction.operation, constants.contains(instruction.operands[1]) {
                folded[value] = ScaledConvolution(geometry: geometry, x: operands[0], weight: operands[1])
            } else if let source = instruction.operands.first(where: { folded[$0] != nil && counts[$0] == 1 }),
                let other = instruction.operands.first(where: { $0 != source && constants.contains($0) }),
                let channels = valuePerChannel(other)
            {
                let numbers = builder.emit(
                    .reshape([instruction.type.shape[1]]), [builder.number(of: channels)])
                folded[value] = folded[source]!.changed(by: instruction.operation, numbers, in: &builder)
            }
            let result = folded[value]?.emit(in: &builder) ?? builder.emit(instruction.operation, operands)
            builder.append(result)
        }
        return builder.program(outputs: outputs).withoutDeadInstructions()
    }
}

/// `conv(x, weight) + bias` while a program is written anew.
private struct ScaledConvolution {
    var geometry: Convolution
    var x: Int
    /// (O, C/G, kernel…)
    var weight: Int
    /// (O)
    var bias: Int?

    /// What a scale or a shift by numbers (O) makes of it; nil for another operation.
    func changed(by operation: Operation, _ numbers: Int, in builder: inout ProgramBuilder) -> ScaledConvolution? {
        var result = self
        switch operation {
        case .binary(.multiply):
            let kernel = builder.shape(weight)
            let scales = builder.emit(.reshape(Shape(kernel.enumerated().map { $0 == 0 ? $1 : 1 })), [numbers])
            result.weight = builder.emit(
                .binary(.multiply), [weight, builder.emit(.broadcast(Shape(kernel)), [scales])])
            result.bias = bias.map { builder.emit(.binary(.multiply), [$0, numbers]) }
        case .binary(.add):
            result.bias = bias.map { builder.emit(.binary(.add), [$0, numbers]) } ?? numbers
        default:
            return nil
        }
        return result
    }

    func emit(in builder: inout ProgramBuilder) -> Int {
        let y = builder.emit(.convolution(geometry), [x, weight])
        guard let bias else { return y }
        let shape = builder.shape(y)
        let channels = builder.emit(.reshape(Shape([shape[1]] + shape.dropFirst(2).map { _ in 1 })), [bias])
        return builder.emit(.binary(.add), [y, builder.emit(.broadcast(Shape(shape)), [channels])])
    }
}
