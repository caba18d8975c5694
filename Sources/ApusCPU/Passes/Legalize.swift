import ApusGraph
import COneDNN

extension Program {
    /// An equal program whose every instruction the backend has a kernel for: 16-bit floats are widened where no kernel takes them,
    /// and float64 convolutions become sums of matrix products.
    func legalized() -> Program {
        var builder = ProgramBuilder(inputs: inputs)
        for instruction in instructions {
            let operands = instruction.operands.map { builder.number(of: $0) }
            builder.append(legal(instruction, operands, &builder))
        }
        return builder.program(outputs: outputs)
    }

    private func legal(_ instruction: Instruction, _ operands: [Int], _ builder: inout ProgramBuilder) -> Int {
        let dtype = instruction.type.dtype
        if needsWidening(instruction.operation, dtype) {
            let wide = operands.map { operand in
                builder.type(operand).dtype == dtype ? builder.emit(.cast(.float32), [operand]) : operand
            }
            return builder.emit(.cast(dtype), [builder.emit(instruction.operation, wide)])
        }
        if dtype == .float64 {
            switch instruction.operation {
            case .convolution(let geometry):
                return builder.convolutionByMatmul(geometry, operands[0], operands[1])
            case .convolutionInputGradient(let geometry, let inputSize):
                return builder.inputGradientByMatmul(geometry, inputSize, operands[0], operands[1])
            case .convolutionWeightGradient(let geometry, let kernelSize):
                return builder.weightGradientByMatmul(geometry, kernelSize, operands[0], operands[1])
            default: break
            }
        }
        return builder.emit(instruction.operation, operands)
    }

    private func needsWidening(_ operation: Operation, _ dtype: DType) -> Bool {
        guard dtype == .bfloat16 || dtype == .float16 else { return false }
        switch operation {
        case .matmul, .convolution, .convolutionInputGradient, .convolutionWeightGradient:
            return dtype == .float16 || !OneDNN.hasBFloat16
        case .reduce, .scan, .pool, .poolGradient, .softmax, .logSoftmax, .recurrence, .recurrenceGradient:
            return true
        case .attention, .attentionGradient:
            return dtype == .float16
        default:
            return false
        }
    }
}
