import ApusGraph

extension Program {
    /// An equal program whose softmaxes over rows that a region takes are written in simpler operations, so that they are fused with what is
    /// around them.
    func withDecomposedSoftmax() -> Program {
        var builder = ProgramBuilder(inputs: inputs)
        for instruction in instructions {
            let operands = instruction.operands.map { builder.number(of: $0) }
            switch instruction.operation {
            case .softmax(let axis) where RowSpace(instruction.type.shape, reducing: [axis]) != nil:
                builder.append(builder.softmax(operands[0], axis, logarithm: false))
            case .logSoftmax(let axis) where RowSpace(instruction.type.shape, reducing: [axis]) != nil:
                builder.append(builder.softmax(operands[0], axis, logarithm: true))
            default:
                builder.append(builder.emit(instruction.operation, operands))
            }
        }
        return builder.program(outputs: outputs)
    }
}

extension ProgramBuilder {
    /// `exp(x − max x) / Σ exp(x − max x)`, or its logarithm. 16-bit floats are computed as float32.
    fileprivate mutating func softmax(_ x: Int, _ axis: Int, logarithm: Bool) -> Int {
        let (shape, dtype) = (type(x).shape, type(x).dtype)
        let wide = dtype.byteCount == 2 ? emit(.cast(.float32), [x]) : x
        var kept = shape
        kept[axis] = 1
        func reduced(_ reduction: Reduction, _ x: Int, _ builder: inout ProgramBuilder) -> Int {
            builder.emit(.reshape(kept), [builder.emit(.reduce(reduction, axes: [axis]), [x])])
        }
        let greatest = reduced(.maximum, wide, &self)
        let shifted = emit(.binary(.subtract), [wide, emit(.broadcast(shape), [greatest])])
        let exponentials = emit(.unary(.exp), [shifted])
        let sum = reduced(.sum, exponentials, &self)
        let result =
            logarithm
            ? emit(.binary(.subtract), [shifted, emit(.broadcast(shape), [emit(.unary(.log), [sum])])])
            : emit(
                .binary(.multiply), [exponentials, emit(.broadcast(shape), [emit(.unary(.reciprocal), [sum])])])
        return dtype.byteCount == 2 ? emit(.cast(dtype), [result]) : result
    }
}
