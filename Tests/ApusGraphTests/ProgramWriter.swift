import ApusGraph
import ApusReference
import Testing

/// Programs are written as instructions whose types are inferred.
struct ProgramWriter {
    var program: Program
    init(_ inputs: TensorType...) { program = Program(inputs: inputs, instructions: [], outputs: []) }

    mutating func add(_ operation: Operation, _ operands: Int...) throws -> Int {
        let type = try operation.resultType(operands.map { program.type($0) })
        program.instructions.append(.init(operation, operands, type))
        return program.valueCount - 1
    }

    /// The program simplified, having checked that it computes what it did.
    func simplified(returning outputs: Int..., on inputs: ReferenceTensor...) throws -> Program {
        try rewritten(returning: outputs, on: inputs) { $0.simplified() }
    }

    /// The program after a pass, having checked that it computes what it did.
    func rewritten(
        returning outputs: [Int], on inputs: [ReferenceTensor], by pass: (Program) -> Program
    ) throws -> Program {
        var program = program
        program.outputs = outputs
        let rewritten = pass(program)
        let buffers = inputs.map(\.buffer)
        let before = try ReferenceBackend.shared.prepare(program).run(buffers)
        let after = try ReferenceBackend.shared.prepare(rewritten).run(buffers)
        for (index, output) in outputs.enumerated() {
            let type = program.type(output)
            #expect(rewritten.type(rewritten.outputs[index]) == type)
            #expect(ReferenceTensor(before[index], type: type) == ReferenceTensor(after[index], type: type))
        }
        return rewritten
    }
}
