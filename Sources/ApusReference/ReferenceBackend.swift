import ApusGraph

/// The oracle: runs a program instruction by instruction, in the plainest way, and is what every kernel is tested
/// against.
///
/// Floats are computed in `Double` and rounded to their dtype when an instruction is done, so that a result is as good
/// as its dtype can hold; integers are computed in `Int64` and wrap around to theirs. Nothing is simplified, fused or
/// parallel.
public final class ReferenceBackend: Backend {
    /// One oracle for all to use; it has no state.
    public static let shared = ReferenceBackend()

    /// `reference`.
    public let name = "reference"

    public init() {}

    /// Keeps the program as it is; it is interpreted at each run.
    public func prepare(_ program: Program) throws -> any Executable { ReferenceExecutable(program) }
}

/// A program and, for each of its values, the last instruction that reads it.
final class ReferenceExecutable: Executable {
    private let program: Program
    /// For each instruction, the values that nothing reads after it.
    private let dying: [[Int]]

    init(_ program: Program) {
        self.program = program
        var seen = [Bool](repeating: false, count: program.valueCount)
        for output in program.outputs { seen[output] = true }
        var dying = [[Int]](repeating: [], count: program.instructions.count)
        for index in program.instructions.indices.reversed() {
            let result = program.inputs.count + index
            for value in program.instructions[index].operands + [result] where !seen[value] {
                seen[value] = true
                dying[index].append(value)
            }
        }
        self.dying = dying
    }

    func run(_ inputs: [Buffer]) throws -> [Buffer] {
        var values: [ReferenceTensor?] = zip(inputs, program.inputs).map { ReferenceTensor($0, type: $1) }
        values.reserveCapacity(program.valueCount)
        for (instruction, dying) in zip(program.instructions, dying) {
            let operands = instruction.operands.map { values[$0]! }
            values.append(try instruction.operation.evaluated(on: operands, as: instruction.type))
            for value in dying { values[value] = nil }
        }
        return program.outputs.map { values[$0]!.buffer }
    }
}
