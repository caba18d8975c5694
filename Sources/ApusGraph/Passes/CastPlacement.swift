extension Program {
    /// An equal program with casts between float32 and 16-bit floats beside the arithmetic that makes or reads a value, not
    /// behind its movements: there they join a region, and what is moved is narrow.
    ///
    /// `cast(move(x)) = move(cast(x))` where that narrows all of x, `move(cast(x)) = cast(move(x))` where the cast widens.
    public func withCastsBesideArithmetic() -> Program {
        var builder = ProgramBuilder(inputs: inputs)
        for instruction in instructions {
            let operands = instruction.operands.map { builder.number(of: $0) }
            let placed: Int? =
                switch instruction.operation {
                case .cast(let dtype) where dtype.isNarrowFloat: builder.narrowed(operands[0], to: dtype)
                case .reshape, .transpose, .slice, .concatenate: builder.moved(instruction.operation, widened: operands)
                default: nil
                }
            builder.append(placed ?? builder.emit(instruction.operation, operands))
        }
        return builder.program(outputs: outputs)
    }
}

extension ProgramBuilder {
    /// A float32 value that is another one reshaped or transposed, cast before it is; nil for what isn't.
    fileprivate mutating func narrowed(_ x: Int, to dtype: DType) -> Int? {
        guard type(x).dtype == .float32, let view = instruction(x) else { return nil }
        switch view.operation {
        case .reshape, .transpose: break
        default: return nil
        }
        let source = view.operands[0]
        let narrow = narrowed(source, to: dtype) ?? emit(.cast(dtype), [source])
        return emit(view.operation, [narrow])
    }

    /// The movement of values that were all widened from one dtype, widened behind it; nil if they weren't.
    fileprivate mutating func moved(_ movement: Operation, widened operands: [Int]) -> Int? {
        var sources: [Int] = []
        for operand in operands {
            guard let cast = instruction(operand), case .cast(.float32) = cast.operation else { return nil }
            sources.append(cast.operands[0])
        }
        let dtypes = Set(sources.map { type($0).dtype })
        guard dtypes.count == 1, dtypes.first!.isNarrowFloat else { return nil }
        return emit(.cast(.float32), [emit(movement, sources)])
    }
}

extension DType {
    fileprivate var isNarrowFloat: Bool { self == .bfloat16 || self == .float16 }
}
