import ApusNN
import Foundation

/// A traced function that is being written down: its program, what its inputs are, and what is known of its values.
struct ExportedProgram {
    /// What an input of the program is.
    enum Leaf {
        /// The function's argument of this number.
        case argument(Int)
        /// A parameter or buffer.
        case state(String, Tensor)
        case constant(Tensor)
    }

    /// What a value is computed from.
    private enum Origin: Int {
        case constants, state, arguments
    }

    /// The program for the first extents, then one for each name of a dynamic axis. They differ in extents alone.
    private(set) var variants: [Program]
    let leaves: [Leaf]
    let signature: ExportSignature
    /// Constants that are other ones for other extents.
    private let varyingLeaves: Set<Int>
    /// Constants of one element, for each of the programs.
    private let leafNumbers: [Int: [Double]]
    private var origins: [Origin] = []
    /// For each value the operands and outputs that read it.
    private(set) var useCounts: [Int] = []

    var program: Program { variants[0] }

    /// The largest constant that is computed when the model is written rather than when it runs.
    private static let foldingLimit = 1 << 22

    /// - Throws: `ONNXError` where the function does something else for other extents.
    init(_ traces: [TracedProgram], _ signature: ExportSignature, stateNames: [ObjectIdentifier: String]) throws {
        self.signature = signature
        func leaf(_ input: TracedProgram.Input) -> Leaf {
            switch input {
            case .argument(let number): return .argument(number)
            case .value(let node):
                return stateNames[ObjectIdentifier(node)].map { .state($0, Tensor(node)) } ?? .constant(Tensor(node))
            }
        }
        leaves = traces[0].inputs.map(leaf)
        let constants = leaves.indices.compactMap { index -> (Int, [Tensor])? in
            let tensors = traces.compactMap { trace -> Tensor? in
                guard index < trace.inputs.count, case .constant(let tensor) = leaf(trace.inputs[index]) else {
                    return nil
                }
                return tensor
            }
            return tensors.count == traces.count ? (index, tensors) : nil
        }
        varyingLeaves = Set(
            constants.filter { _, tensors in !tensors.allSatisfy { $0.hasBytes(of: tensors[0]) } }.map(\.0))
        leafNumbers = Dictionary(
            uniqueKeysWithValues: constants.filter { $0.1[0].elementCount == 1 }.map { index, tensors in
                (index, tensors.map { $0.elements(as: Double.self)[0] })
            })
        variants = traces.map { $0.program.simplified() }
        try requireOneStructure()
        survey()
        let unrolled = Set((leaves.count..<max(leaves.count, program.valueCount)).filter(isUnrolled))
        if !unrolled.isEmpty {
            variants = variants.map { $0.unrollingRecurrences(unrolled).simplified() }
            try requireOneStructure()
            survey()
        }
    }

    private func requireOneStructure() throws {
        for variant in variants.dropFirst() where !variant.hasStructure(of: program) {
            throw ONNXError(
                .unsupported, file: "ONNX export", problem: "the function does something else for other extents",
                remedy: "leave out the dynamic axes \(signature.symbols), or some of them")
        }
    }

    /// Whether a value is of a recurrence that no operator computes.
    private func isUnrolled(_ value: Int) -> Bool {
        switch instruction(value)?.operation {
        case .recurrenceGradient: true
        case .recurrence: RecurrenceNode(value, in: self) == nil
        default: false
        }
    }

    private mutating func survey() {
        useCounts = program.useCounts()
        origins = leaves.map { leaf in
            switch leaf {
            case .argument: .arguments
            case .state: .state
            case .constant: .constants
            }
        }
        for instruction in program.instructions {
            var origin = Origin.constants
            for operand in instruction.operands where origins[operand].rawValue > origin.rawValue {
                origin = origins[operand]
            }
            if case .random = instruction.operation { origin = .arguments }
            origins.append(origin)
        }
    }

    // MARK: Asking

    func type(_ value: Int) -> TensorType { program.type(value) }
    func shape(_ value: Int) -> Shape { program.type(value).shape }
    func instruction(_ value: Int) -> Program.Instruction? { program.instruction(value) }

    /// What is the same for every extent of the dynamic axes; nil if it isn't.
    func agreed<Answer: Equatable>(_ question: (Program) -> Answer) -> Answer? {
        let answer = question(program)
        return variants.dropFirst().allSatisfy { question($0) == answer } ? answer : nil
    }

    /// Whether an axis of a value has no fixed extent.
    func isDynamic(_ value: Int, axis: Int) -> Bool { agreed { $0.type(value).shape[axis] } == nil }

    /// Whether a value is a constant that depends on extents that aren't fixed.
    func isVarying(_ value: Int) -> Bool { varyingLeaves.contains(value) }

    /// Whether a value is known when the model is written, and not larger than it is worth.
    func isFoldable(_ value: Int) -> Bool {
        guard origins[value] == .constants, agreed({ $0.type(value) }) != nil, !isVarying(value) else { return false }
        return value < leaves.count || type(value).byteCount <= Self.foldingLimit
    }

    /// Whether a value depends on no argument.
    func isKnown(_ value: Int) -> Bool { origins[value] != .arguments }

    /// The value of what depends on no argument.
    func tensor(_ value: Int) -> Tensor { tensors([value])[0] }

    /// Several at once.
    func tensors(_ values: [Int]) -> [Tensor] {
        var needed = Set(values)
        for value in (leaves.count..<max(leaves.count, program.valueCount)).reversed() where needed.contains(value) {
            needed.formUnion(instruction(value)!.operands)
        }
        var nodes: [Int: Node] = [:]
        for value in needed.sorted() {
            if let instruction = instruction(value) {
                nodes[value] = Node.make(instruction.operation, instruction.operands.map { nodes[$0]! })
            } else {
                switch leaves[value] {
                case .state(_, let tensor), .constant(let tensor): nodes[value] = tensor.node
                case .argument: preconditionFailure("an argument has no value")
                }
            }
        }
        let results = values.map { Tensor(nodes[$0]!) }
        evaluate(results)
        return results
    }

    /// The number that every element of a value is, seen through movement and casts; in each of the programs.
    func numbers(_ value: Int) -> [Double]? {
        var value = value
        while let instruction = instruction(value) {
            switch instruction.operation {
            case .broadcast, .reshape, .cast, .slice, .transpose, .reverse: value = instruction.operands[0]
            default: return nil
            }
        }
        return leafNumbers[value]
    }

    /// The number that every element of a value is, whatever the extents are.
    func number(_ value: Int) -> Double? {
        guard let numbers = numbers(value), numbers.allSatisfy({ $0 == numbers[0] }) else { return nil }
        return numbers[0]
    }
}

extension Program {
    /// An equal program with some recurrences step by step.
    fileprivate func unrollingRecurrences(_ chosen: Set<Int>) -> Program {
        var builder = ProgramBuilder(inputs: inputs)
        for (index, instruction) in instructions.enumerated() {
            let operands = instruction.operands.map { builder.number(of: $0) }
            let unrolled =
                chosen.contains(inputs.count + index)
                ? instruction.operation.definition(on: operands, in: &builder) : nil
            builder.append(unrolled ?? builder.emit(instruction.operation, operands))
        }
        return builder.program(outputs: outputs)
    }

    /// Whether another program has the same operations on the same values, but for extents.
    fileprivate func hasStructure(of other: Program) -> Bool {
        guard inputs.count == other.inputs.count, outputs == other.outputs,
            instructions.count == other.instructions.count
        else { return false }
        return zip(instructions, other.instructions).allSatisfy { a, b in
            let (mine, others) = (a.type, b.type)
            return a.operands == b.operands && mine.dtype == others.dtype && mine.shape.rank == others.shape.rank
                && a.operation.name == b.operation.name
        }
    }
}

extension Tensor {
    /// Whether another tensor has the same type and the same bits.
    fileprivate func hasBytes(of other: Tensor) -> Bool {
        guard node.type == other.node.type else { return false }
        if node === other.node { return true }
        let (a, b) = (buffer, other.buffer)
        return withExtendedLifetime((a, b)) { memcmp(a.pointer, b.pointer, node.type.byteCount) == 0 }
    }
}
