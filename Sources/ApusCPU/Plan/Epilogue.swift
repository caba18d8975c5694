import ApusGraph

/// What is done to a convolution's result before it is written: `activation(conv(x, w) + bias + residual)`.
///
/// Each part reads a value that nobody else reads, so that the whole is one kernel and the values between never lie in
/// memory.
struct Epilogue {
    /// The convolution, and what is made of it in order.
    private(set) var values: [Int]
    /// One number for each channel, with extents of 1 for the other axes.
    private(set) var bias: Int?
    /// A value of the result's own shape.
    private(set) var residual: Int?
    private(set) var activation: UnaryOperation?

    /// Of a convolution with nothing behind it.
    private init(of convolution: Int) { values = [convolution] }

    /// Of a kernel's values: the convolution, and what follows it.
    init(_ values: [Int], _ program: Program) {
        self.init(of: values[0])
        for value in values.dropFirst() {
            let isPart = append(value, program)
            precondition(isPart, "a kernel of a convolution with what is no part of its epilogue")
        }
    }

    /// The epilogues that a program's convolutions have.
    static func all(in program: Program) -> [Epilogue] {
        let (users, counts) = (program.users(), program.useCounts())
        var taken: Set<Int> = []
        return (program.inputs.count..<program.valueCount).compactMap { value in
            guard case .convolution = program.instruction(value)!.operation,
                program.type(value).shape.elementCount > 0, program.type(value).dtype != .float64
            else { return nil }
            var epilogue = Epilogue(of: value)
            while counts[epilogue.result] == 1, let user = users[epilogue.result].first, !taken.contains(user),
                epilogue.append(user, program)
            {
                // Who else reads the residual must have done so: the result is written over it.
                if let residual = epilogue.residual, residual == epilogue.other(in: user, program) {
                    guard program.instruction(residual)?.operation.isView == false,
                        users[residual].allSatisfy({ $0 <= user }), !program.outputs.contains(residual)
                    else {
                        epilogue.removeResidual()
                        break
                    }
                }
            }
            taken.formUnion(epilogue.values)
            return epilogue.values.count > 1 ? epilogue : nil
        }
    }

    /// What is written.
    var result: Int { values.last! }

    /// Takes in what is made of the result so far, where it is a part that has its place.
    private mutating func append(_ value: Int, _ program: Program) -> Bool {
        guard activation == nil else { return false }
        switch program.instruction(value)!.operation {
        case .unary(.relu):
            activation = .relu
        case .binary(.add):
            guard let operand = other(in: value, program) else { return false }
            if let channels = program.valuePerChannel(operand) {
                guard bias == nil else { return false }
                bias = channels
            } else {
                guard residual == nil, !program.isBroadcast(operand) else { return false }
                residual = operand
            }
        default:
            return false
        }
        values.append(value)
        return true
    }

    private mutating func removeResidual() {
        residual = nil
        values.removeLast()
    }

    /// What is added to the result so far.
    private func other(in sum: Int, _ program: Program) -> Int? {
        let operands = program.instruction(sum)!.operands
        let previous = values.last { $0 < sum }!
        guard operands.count == 2, operands.contains(previous) else { return nil }
        return operands[0] == previous ? operands[1] : operands[0]
    }
}

extension Program {
    /// What an activation `(N, C, …)` repeats for all positions of a channel, with extents of 1 in their place; nil for
    /// what is anything else.
    func valuePerChannel(_ activation: Int) -> Int? {
        guard let instruction = instruction(activation), case .broadcast(let shape) = instruction.operation else {
            return nil
        }
        let source = type(instruction.operands[0]).shape
        let channelAxis = source.rank - (shape.rank - 1)
        guard channelAxis >= 0, source[channelAxis] == shape[1], source.elementCount == shape[1] else { return nil }
        return instruction.operands[0]
    }

    func isBroadcast(_ value: Int) -> Bool {
        if case .broadcast = instruction(value)?.operation { return true }
        return false
    }
}
