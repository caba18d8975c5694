import ApusNN

/// A recurrence that an operator of ONNX computes together with the product of its inputs: the inputs and weights are known by
/// themselves, and nobody asks for more than the outputs and the last state.
struct RecurrenceNode {
    let unit: RecurrentUnit
    let shape: RecurrenceShape
    /// The inputs `(T, B, I)`, or `(T · B, I)`.
    let x: Int
    /// Whether the sequence is run from its end.
    let isReversed: Bool
    /// The inputs' weights `(gates · H, I)` and their bias.
    let inputWeight: Int
    let inputBias: Int?
    /// The hidden state's weights `(gates · H, H)` and their bias.
    let stateWeight: Int
    let stateBias: Int
    /// The first state: hidden, and LSTM's cell.
    let initial: [Int]

    /// Of the instruction that computes a value; nil where it doesn't fit.
    init?(_ value: Int, in source: ExportedProgram) {
        let program = source.program
        guard let instruction = program.instruction(value), case .recurrence(let unit) = instruction.operation,
            instruction.type.dtype != .bfloat16
        else { return nil }
        self.unit = unit
        shape = RecurrenceShape(unit, projected: program.type(instruction.operands[0]).shape)
        for user in program.instructions where user.operands.contains(value) {
            guard let rows = user.firstAxisRange, rows == shape.outputs || rows == shape.lastCell else { return nil }
        }
        guard !program.outputs.contains(value) else { return nil }

        // reverse? · add bias? · reshape? · matmul(x, Wᵀ)
        var place = instruction.operands[0]
        func operands(where match: (Program.Instruction) -> Bool) -> [Int]? {
            guard let instruction = program.instruction(place), match(instruction) else { return nil }
            return instruction.operands
        }
        isReversed = program.instruction(place)?.operation == .reverse(axes: [0])
        if isReversed { place = program.instruction(place)!.operands[0] }
        if let sum = operands(where: { $0.operation == .binary(.add) }), let repeated = program.instruction(sum[1]),
            case .broadcast = repeated.operation, program.type(repeated.operands[0]).shape.rank == 1
        {
            (place, inputBias) = (sum[0], repeated.operands[0])
        } else {
            inputBias = nil
        }
        if let whole = operands(where: { if case .reshape = $0.operation { true } else { false } }) { place = whole[0] }
        guard let product = operands(where: { $0.operation == .matmul }),
            let transposed = program.instruction(product[1]),
            transposed.operation == .transpose([1, 0])
        else { return nil }
        inputWeight = transposed.operands[0]
        var inputs = product[0]
        if let rows = program.instruction(inputs), case .reshape = rows.operation,
            program.type(rows.operands[0]).shape.dropLast().elementsEqual([shape.steps, shape.batch])
        {
            inputs = rows.operands[0]
        }
        x = inputs
        (stateWeight, stateBias) = (instruction.operands[1], instruction.operands[2])
        initial = Array(instruction.operands.dropFirst(3))
        guard ([inputWeight, stateWeight, stateBias] + (inputBias.map { [$0] } ?? [])).allSatisfy(source.isKnown) else {
            return nil
        }
    }
}

extension RecurrenceShape {
    /// LSTM's cell state after the last step.
    fileprivate var lastCell: Range<Int> { unit == .lstm ? steps..<(steps + 1) : 0..<0 }
}

extension Program.Instruction {
    /// The rows that are sliced off the first axis, where nothing else is.
    fileprivate var firstAxisRange: Range<Int>? {
        guard case .slice(let ranges) = operation, let first = ranges.first, first.step == 1 || first.count == 1,
            zip(ranges, type.shape).dropFirst().allSatisfy({ $0.start == 0 && $0.step == 1 && $0.count == $1 })
        else { return nil }
        return first.start..<(first.start + first.count)
    }
}

extension GraphExporter {
    /// Adds the node of a recurrence, and gives the outputs `(T, 1, B, H)`.
    func recurrence(_ value: Int, _ unit: RecurrentUnit) -> String {
        guard let node = RecurrenceNode(value, in: source) else { return failed(value) }
        let order = unit.gateOrder
        func gates(_ tensor: Tensor) -> [Tensor] {
            let parts = tensor.chunked(order.count)
            return order.map { parts[$0] }
        }
        func reordered(_ value: Int) -> Tensor { concatenate(gates(source.tensor(value))).expandingDims(0) }

        let (name, attributes) = unit.node(hiddenSize: node.shape.hidden)
        let base = weightName(node.inputWeight) ?? "\(name).weight_ih"
        var inputs = [
            sequence(node),
            addWeight(reordered(node.inputWeight), named: "\(base).\(unit.gateLetters)"),
            addWeight(
                reordered(node.stateWeight),
                named: "\(weightName(node.stateWeight) ?? "\(name).weight_hh").\(unit.gateLetters)"),
        ]
        let (inputBias, stateBias) = biases(node)
        let bias = concatenate([inputBias, stateBias].flatMap(gates)).expandingDims(0)
        inputs.append(addWeight(bias, named: base.replacingOccurrences(of: "weight_ih", with: "bias")))
        inputs.append("")  // all sequences are equally long
        inputs += node.initial.map(initialState)
        while inputs.last == "" { inputs.removeLast() }
        let results = emit(name, inputs, attributes, outputs: unit == .lstm ? 3 : 2)
        shared["recurrence \(value)"] = results
        return results[0]
    }

    /// The inputs as `(T, B, I)`, in the order in which they are run through.
    private func sequence(_ node: RecurrenceNode) -> String {
        var x = name(node.x)
        if shape(node.x).rank == 2 {
            x = emit("Reshape", [x, constant([node.shape.steps, node.shape.batch, shape(node.x)[1]])])
        }
        return node.isReversed ? reverse(x, [0]) : x
    }

    /// The two biases, as they are if they can be told apart, or zeros and their sum.
    private func biases(_ node: RecurrenceNode) -> (input: Tensor, state: Tensor) {
        let total = source.tensor(node.stateBias)
        if let bias = node.inputBias { return (source.tensor(bias), total) }
        if let sum = source.instruction(node.stateBias), sum.operation == .binary(.add) {
            return (source.tensor(sum.operands[0]), source.tensor(sum.operands[1]))
        }
        return (Tensor.zeros(like: total), total)
    }

    private func weightName(_ value: Int) -> String? {
        guard value < source.leaves.count, case .state(let name, _) = source.leaves[value] else { return nil }
        return name
    }

    /// A part of the first state as `(1, B, H)`; nothing where it is zeros.
    private func initialState(_ value: Int) -> String {
        source.number(value) == 0 ? "" : emit("Unsqueeze", [name(value), constant([0])])
    }

    /// What a slice of a recurrence's result is: the outputs, or the last state.
    func recurrencePart(_ value: Int, _ x: Int, _ ranges: [SliceRange]) -> String? {
        guard let instruction = source.instruction(x) else { return nil }
        if let results = shared["recurrence \(x)"], case .recurrence(let unit) = instruction.operation {
            let rows = RecurrenceShape(unit, projected: shape(instruction.operands[0])).outputs
            return ranges[0].start == rows.lowerBound && ranges[0].count == rows.count
                ? emit("Squeeze", [results[0], constant([1])]) : results[2]
        }
        // The last of the outputs.
        guard case .slice(let outer) = instruction.operation,
            let results = shared["recurrence \(instruction.operands[0])"], outer[0].count == shape(x)[0],
            source.instruction(value)!.isLastRow(of: shape(x)), outer[0].start > 0 || outer[0].count > 1
        else { return nil }
        let producer = source.instruction(instruction.operands[0])!
        guard case .recurrence(let unit) = producer.operation else { return nil }
        let rows = RecurrenceShape(unit, projected: shape(producer.operands[0])).outputs
        return outer[0].start == rows.lowerBound && outer[0].count == rows.count ? results[1] : nil
    }
}

extension Program.Instruction {
    /// Whether this slice is the last row of the first axis.
    fileprivate func isLastRow(of shape: Shape) -> Bool {
        firstAxisRange.map { $0 == (shape[0] - 1)..<shape[0] } ?? false
    }
}

extension RecurrentUnit {
    /// The engine's gates in ONNX's order: i, f, g, o are i, o, f, c there, and r, z, n are z, r, h.
    fileprivate var gateOrder: [Int] {
        switch self {
        case .tanh, .relu: [0]
        case .gru: [1, 0, 2]
        case .lstm: [0, 3, 1, 2]
        }
    }

    /// The gates' letters in ONNX's order.
    fileprivate var gateLetters: String {
        switch self {
        case .tanh, .relu: "i"
        case .gru: "zrh"
        case .lstm: "iofc"
        }
    }

    /// The operator and its settings.
    fileprivate func node(hiddenSize: Int) -> (String, KeyValuePairs<String, AttributeValue>) {
        switch self {
        case .tanh: ("RNN", ["hidden_size": .int(hiddenSize)])
        case .relu: ("RNN", ["hidden_size": .int(hiddenSize), "activations": .strings(["Relu"])])
        case .gru: ("GRU", ["hidden_size": .int(hiddenSize), "linear_before_reset": .int(1)])
        case .lstm: ("LSTM", ["hidden_size": .int(hiddenSize)])
        }
    }
}
