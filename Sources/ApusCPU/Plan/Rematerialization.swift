import ApusGraph

/// Computes values again in the regions that read them where that moves less memory than to store them: the normalized
/// input of a layer norm from its input and the rows' statistics, the mask of a rectifier from what it was given.
///
/// Only pointwise values are computed again, from values that lie in memory anyway.
struct Rematerialization {
    private let program: Program
    private let kernels: [Kernel]
    private let users: [[Int]]
    private let isOutput: Set<Int>
    /// For each value the number of the kernel that computes it; −1 for inputs and views.
    private var kernelOf: [Int]
    /// Values that no longer lie in memory, by the kernels that compute them again.
    private var copied: [Int: [Int]] = [:]
    /// What each kernel reads from memory.
    private var reads: [Set<Int>]

    /// Pointwise instructions that one value is worth computing again, and expensive ones among them.
    private static let maximumSize = 6
    private static let maximumExpensive = 1

    /// The program with those instructions repeated, and its kernels.
    static func apply(_ program: Program, _ kernels: [Kernel]) -> (program: Program, kernels: [Kernel]) {
        var pass = Rematerialization(program, kernels)
        pass.choose()
        return pass.copied.isEmpty ? (program, kernels) : pass.rewritten()
    }

    private init(_ program: Program, _ kernels: [Kernel]) {
        self.program = program
        self.kernels = kernels
        users = program.users()
        isOutput = Set(program.outputs)
        kernelOf = [Int](repeating: -1, count: program.valueCount)
        reads = []
        for (number, kernel) in kernels.enumerated() {
            for value in kernel.values { kernelOf[value] = number }
            reads.append(Set(kernel.externalOperands(program).map(\.value)))
        }
    }

    // MARK: Choosing

    private mutating func choose() {
        for value in program.inputs.count..<program.valueCount {
            guard let readers = readers(of: value) else { continue }
            let kernel = kernels[kernelOf[value]]
            let size = program.type(value).dtype.byteCount
            // A store brings its line in before it writes it.
            var saved = 2 * size
            if kernel.values.count == 1 { saved += reads[kernelOf[value]].reduce(0) { $0 + cost($1) } }
            var copies: [(reader: Int, copy: Copy)] = []
            for reader in readers {
                var copy = Copy()
                guard collect(value, for: reader, &copy) else { break }
                saved += size - copy.leaves.reduce(0) { $0 + (reads[reader].contains($1) ? 0 : cost($1)) }
                copies.append((reader, copy))
            }
            guard copies.count == readers.count, saved > 0 else { continue }
            copied[value] = readers
            for (reader, copy) in copies {
                reads[reader].remove(value)
                reads[reader].formUnion(copy.leaves)
            }
        }
    }

    /// The kernels behind its own that read a value, if all do so element by element, and it is computed so.
    private func readers(of value: Int) -> [Int]? {
        guard let instruction = program.instruction(value), instruction.operation.isPointwise,
            !isOutput.contains(value),
            kernelOf[value] >= 0, kernels[kernelOf[value]].shape == instruction.type.shape
        else { return nil }
        var readers: Set<Int> = []
        for user in users[value] where kernelOf[user] != kernelOf[value] {
            guard kernelOf[user] >= 0, kernels[kernelOf[user]].shape == instruction.type.shape else { return nil }
            readers.insert(kernelOf[user])
        }
        return readers.isEmpty ? nil : readers.sorted()
    }

    private struct Copy {
        var instructions: Set<Int> = []
        var leaves: Set<Int> = []
        var expensive = 0
    }

    /// Gathers what computes `value` from memory; false where that is too much.
    private func collect(_ value: Int, for reader: Int, _ copy: inout Copy) -> Bool {
        var stack = [value]
        while let next = stack.popLast() {
            guard copy.instructions.insert(next).inserted else { continue }
            let instruction = program.instruction(next)!
            copy.expensive += instruction.operation.isExpensive ? 1 : 0
            if copy.instructions.count > Self.maximumSize || copy.expensive > Self.maximumExpensive { return false }
            for operand in instruction.operands {
                if reads[reader].contains(operand) || isBroadcast(operand) {
                    copy.leaves.insert(operand)
                } else if isComputed(operand, like: value) {
                    stack.append(operand)
                } else if liesInMemory(operand) {
                    copy.leaves.insert(operand)
                } else {
                    return false
                }
            }
        }
        return true
    }

    /// Whether a value is pointwise in the region of another.
    private func isComputed(_ value: Int, like other: Int) -> Bool {
        guard let instruction = program.instruction(value) else { return false }
        return instruction.operation.isPointwise && kernelOf[value] == kernelOf[other]
            && instruction.type.shape == program.type(other).shape
    }

    private func liesInMemory(_ value: Int) -> Bool { kernelOf[value] < 0 || copied[value] == nil }

    private func isBroadcast(_ value: Int) -> Bool {
        if case .broadcast = program.instruction(value)?.operation { return true }
        return false
    }

    /// Bytes for each element that reading a value takes.
    private func cost(_ value: Int) -> Int { isBroadcast(value) ? 0 : program.type(value).dtype.byteCount }

    // MARK: Rewriting

    private func rewritten() -> (program: Program, kernels: [Kernel]) {
        var result = Program(inputs: program.inputs, instructions: [], outputs: [])
        var replacement = Array(0..<program.inputs.count)
        var values = [[Int]](repeating: [], count: kernels.count)
        var copies = [[Int: Int]](repeating: [:], count: kernels.count)

        /// The number of what a kernel reads as `value`, computed there again if need be.
        func number(_ value: Int, in kernel: Int) -> Int {
            guard kernel >= 0, kernelOf[value] != kernel, let readers = copied[value], readers.contains(kernel) else {
                return replacement[value]
            }
            return copy(value, into: kernel)
        }
        func copy(_ value: Int, into kernel: Int) -> Int {
            if let known = copies[kernel][value] { return known }
            let instruction = program.instruction(value)!
            let operands = instruction.operands.map { operand in
                let isLeaf = reads[kernel].contains(operand) || isBroadcast(operand)
                return isLeaf || !isComputed(operand, like: value) ? replacement[operand] : copy(operand, into: kernel)
            }
            copies[kernel][value] = append(
                Program.Instruction(instruction.operation, operands, instruction.type), kernel)
            return copies[kernel][value]!
        }
        func append(_ instruction: Program.Instruction, _ kernel: Int) -> Int {
            result.instructions.append(instruction)
            if kernel >= 0 { values[kernel].append(result.valueCount - 1) }
            return result.valueCount - 1
        }
        for value in program.inputs.count..<program.valueCount {
            let instruction = program.instruction(value)!
            let operands = instruction.operands.map { number($0, in: kernelOf[value]) }
            replacement.append(
                append(Program.Instruction(instruction.operation, operands, instruction.type), kernelOf[value]))
        }
        result.outputs = program.outputs.map { replacement[$0] }
        return Self.withoutDeadInstructions(result, zip(kernels, values).map { ($0.0, $0.1) })
    }

    /// Drops what nothing reads any more, from the program's kernels too.
    private static func withoutDeadInstructions(
        _ program: Program, _ kernels: [(Kernel, values: [Int])]
    ) -> (program: Program, kernels: [Kernel]) {
        var isLive = [Bool](repeating: false, count: program.valueCount)
        for output in program.outputs { isLive[output] = true }
        for value in (program.inputs.count..<program.valueCount).reversed() where isLive[value] {
            for operand in program.instruction(value)!.operands { isLive[operand] = true }
        }
        var result = Program(inputs: program.inputs, instructions: [], outputs: [])
        var replacement = Array(0..<program.inputs.count)
        for value in program.inputs.count..<program.valueCount {
            replacement.append(isLive[value] ? result.valueCount : -1)
            guard isLive[value] else { continue }
            var instruction = program.instruction(value)!
            instruction.operands = instruction.operands.map { replacement[$0] }
            result.instructions.append(instruction)
        }
        result.outputs = program.outputs.map { replacement[$0] }
        let live = kernels.compactMap { kernel, values in
            let kept = values.filter { isLive[$0] }.map { replacement[$0] }
            return kept.isEmpty ? nil : Kernel(kept, shape: kernel.shape, rows: kernel.rows)
        }
        return (result, live)
    }
}

extension Operation {
    /// Whether a value takes about as long to compute as to bring from memory.
    fileprivate var isExpensive: Bool {
        switch self {
        case .unary(let operation):
            switch operation {
            case .negate, .absolute, .sign, .sqrt, .rsqrt, .reciprocal, .relu, .floor, .ceil, .round, .truncate, .not,
                .isNaN, .isInfinite, .isFinite:
                false
            default: true
            }
        case .binary(let operation):
            switch operation {
            case .power, .floorDivide, .remainder, .atan2: true
            default: false
            }
        default: false
        }
    }
}
