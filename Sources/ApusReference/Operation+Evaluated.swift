import ApusGraph

extension Operation {
    /// The value of this operation on known operands. `type` is what `resultType` gave.
    func evaluated(on operands: [ReferenceTensor], as type: TensorType) throws(TensorError) -> ReferenceTensor {
        switch self {
        case .constant, .placeholder: preconditionFailure("a \(name) is an input of a program, not an instruction")
        case .iota(_, let axis, _): return .iota(type, axis: axis)
        case .random(let distribution, _, _):
            return .random(distribution, type, key: operands[0].integers[0])

        case .unary(let operation): return operands[0].applying(operation)
        case .binary(let operation): return operands[0].applying(operation, operands[1])
        case .compare(let comparison): return operands[0].compared(comparison, operands[1])
        case .select: return operands[0].selecting(operands[1], operands[2])
        case .cast(let dtype): return operands[0].cast(to: dtype)

        case .reduce(let reduction, let axes): return operands[0].reduced(reduction.step, axes: axes)
        case .argReduce(let reduction, let axis): return operands[0].extremeIndices(reduction, axis: axis)
        case .scan(let scan, let axis, let reverse):
            return operands[0].scanned(scan.step, axis: axis, reverse: reverse)

        case .reshape(let shape): return ReferenceTensor(TensorType(shape, type.dtype), operands[0].elements)
        case .transpose(let permutation): return operands[0].transposed(permutation)
        case .broadcast(let shape): return operands[0].broadcast(to: shape)
        case .slice(let ranges): return operands[0].sliced(ranges)
        case .pad(let low, _): return operands[0].padded(operands[1], low: low, to: type.shape)
        case .reverse(let axes): return operands[0].reversed(axes: axes)
        case .concatenate(let axis): return .concatenation(of: operands, axis: axis, type)

        case .gather(let axis): return try operands[0].gathered(operands[1], axis: axis)
        case .scatter(let mode, let axis):
            return try operands[0].scattered(mode, operands[1], operands[2], axis: axis)
        case .gatherElements(let axis): return try operands[0].gatheredElements(operands[1], axis: axis)
        case .scatterElements(let mode, let axis):
            return try operands[0].scatteredElements(mode, operands[1], operands[2], axis: axis)
        case .dynamicSlice(let sizes): return operands[0].block(sizes, at: operands[1])
        case .dynamicUpdate: return operands[0].replacingBlock(operands[1], at: operands[2])
        case .sort(let axis, let descending): return operands[0].sorted(axis: axis, descending: descending)
        case .argSort(let axis, let descending):
            return operands[0].sortingIndices(axis: axis, descending: descending)

        case .matmul: return operands[0].multiplied(operands[1], as: type)
        case .convolution(let geometry):
            return .convolution(geometry, x: operands[0], weight: operands[1], type)
        case .convolutionInputGradient(let geometry, _):
            return .convolutionInputGradient(geometry, gradient: operands[0], weight: operands[1], type)
        case .convolutionWeightGradient(let geometry, _):
            return .convolutionWeightGradient(geometry, x: operands[0], gradient: operands[1], type)

        case .factorization(let kind): return operands[0].factored(kind, as: type)
        case .triangularSolve(let upper, let unitDiagonal):
            return operands[0].solvingTriangular(operands[1], upper: upper, unitDiagonal: unitDiagonal)
        case .fourier(let transform): return operands[0].transformed(transform, as: type)

        case .pool(let pooling): return operands[0].pooled(pooling, as: type)
        case .poolGradient(let pooling, _):
            switch pooling.kind {
            case .average: return .averagePoolGradient(pooling, operands[0], type)
            case .maximum: return .maximumPoolGradient(pooling, operands[0], x: operands[1])
            }

        case .softmax(let axis): return operands[0].softmax(axis: axis)
        case .logSoftmax(let axis): return operands[0].logSoftmax(axis: axis)
        case .attention(let attention): return .attention(attention, operands, type)
        case .attentionGradient(let attention, let operand):
            return .attentionGradient(attention, by: operand, operands[0], Array(operands.dropFirst()), type)
        case .recurrence, .recurrenceGradient: return try evaluatedByDefinition(on: operands)

        case .loop(let loop, let result): return try loop.evaluated(on: operands, result)

        case .variable, .stopGradient, .barrier, .customGradient: return operands[0]
        case .invalid(let type): return .zeros(type)
        }
    }
}
