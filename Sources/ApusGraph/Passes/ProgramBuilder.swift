/// Writes a program anew, instruction by instruction.
public struct ProgramBuilder {
    private var program: Program
    private var replacement: [Int]

    public init(inputs: [TensorType]) {
        program = Program(inputs: inputs, instructions: [], outputs: [])
        replacement = Array(0..<inputs.count)
    }

    /// The new number of a value of the old program.
    public func number(of old: Int) -> Int { replacement[old] }

    /// The result of the old program's next instruction.
    public mutating func append(_ number: Int) { replacement.append(number) }

    /// The type of a value of the new program.
    public func type(_ number: Int) -> TensorType { program.type(number) }

    /// The extents of a value of the new program.
    public func shape(_ number: Int) -> [Int] { program.type(number).shape.dimensions }

    /// What computes a value of the new program; nil for inputs.
    public func instruction(_ number: Int) -> Program.Instruction? { program.instruction(number) }

    /// Adds an instruction, its type inferred, and gives its number.
    public mutating func emit(_ operation: Operation, _ operands: [Int]) -> Int {
        let type: TensorType
        do throws(TensorError) {
            type = try operation.resultType(operands.map { program.type($0) })
        } catch {
            preconditionFailure("a rewritten instruction is wrong: \(error)")
        }
        program.instructions.append(.init(operation, operands, type))
        return program.valueCount - 1
    }

    /// The new program; outputs are numbered as in the old one.
    public func program(outputs: [Int]) -> Program {
        var result = program
        result.outputs = outputs.map { replacement[$0] }
        return result
    }
}
