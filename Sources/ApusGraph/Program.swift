/// The part of a graph that some values need, in an order in which it can run: straight-line code in single-assignment form.
///
/// Values are numbered: first the inputs, then one for each instruction. Two evaluations that differ only in their inputs' contents have equal programs.
public struct Program: Hashable, Sendable {
    /// One operation on earlier values.
    public struct Instruction: Hashable, Sendable {
        /// What is computed.
        public var operation: Operation
        /// Numbers of earlier values.
        public var operands: [Int]
        /// The result's shape and dtype.
        public var type: TensorType

        public init(_ operation: Operation, _ operands: [Int], _ type: TensorType) {
            self.operation = operation
            self.operands = operands
            self.type = type
        }
    }

    /// Types of the values handed in.
    public var inputs: [TensorType]
    /// In an order in which they can run.
    public var instructions: [Instruction]
    /// Numbers of the values wanted. An input may be one, and one value may be wanted twice.
    public var outputs: [Int]
    /// Inputs whose memory nobody else can see: results may be written over them. Ascending.
    public var reusableInputs: [Int]

    public init(
        inputs: [TensorType], instructions: [Instruction], outputs: [Int], reusableInputs: [Int] = []
    ) {
        self.inputs = inputs
        self.instructions = instructions
        self.outputs = outputs
        self.reusableInputs = reusableInputs
    }

    /// Inputs and instructions.
    public var valueCount: Int { inputs.count + instructions.count }

    /// The type of the value with this number.
    public func type(_ value: Int) -> TensorType {
        value < inputs.count ? inputs[value] : instructions[value - inputs.count].type
    }

    /// The instruction that makes a value, or nil for an input.
    public func instruction(_ value: Int) -> Instruction? {
        value < inputs.count ? nil : instructions[value - inputs.count]
    }
}

extension Program: CustomStringConvertible {
    /// One line for each value: `%4 = float32[8, 10] add(%2, %3)`.
    public var description: String {
        var lines = inputs.enumerated().map { "%\($0) = \($1) input" }
        for (index, instruction) in instructions.enumerated() {
            let operands = instruction.operands.map { "%\($0)" }.joined(separator: ", ")
            lines.append("%\(inputs.count + index) = \(instruction.type) \(instruction.operation) (\(operands))")
        }
        lines.append("return " + outputs.map { "%\($0)" }.joined(separator: ", "))
        return lines.joined(separator: "\n")
    }
}
