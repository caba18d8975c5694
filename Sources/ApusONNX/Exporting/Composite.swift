import ApusNN

/// Several instructions that one operator of ONNX computes.
struct Composite {
    /// The values that it takes. What is in between needn't be computed.
    let operands: [Int]
    /// Adds the node, and gives the name of its result.
    let write: (GraphExporter) -> String

    /// What ends with the instruction of a value, the most of it first.
    static func found(at value: Int, in source: ExportedProgram) -> Composite? {
        let finder = CompositeFinder(source: source)
        switch source.instruction(value)?.operation {
        case .binary(.add):
            return finder.batchNormalization(value) ?? finder.biased(value) ?? finder.normalization(value)
                ?? finder.softplus(value)
        case .binary(.multiply): return finder.normalization(value) ?? finder.hardSwish(value)
        case .binary(.divide): return finder.hardSigmoid(value) ?? finder.mean(value)
        case .matmul: return finder.productOfRows(value)
        case .reshape: return finder.keptReduction(value) ?? finder.product(value)
        case .select: return finder.clip(value) ?? finder.rectifier(value)
        case .slice: return finder.topIndices(value)
        case .gatherElements: return finder.topValues(value)
        case .recurrence: return finder.recurrence(value)
        default: return nil
        }
    }
}

/// Looks for composites. A match is a pattern of instructions, as ApusTensor and ApusNN write them.
struct CompositeFinder {
    let source: ExportedProgram

    // MARK: Patterns of one instruction

    func type(_ value: Int) -> TensorType { source.type(value) }
    func shape(_ value: Int) -> Shape { source.shape(value) }

    func operands(_ value: Int, of operation: Operation) -> [Int]? {
        guard let instruction = source.instruction(value), instruction.operation == operation else { return nil }
        return instruction.operands
    }

    func operand(_ value: Int, of operation: UnaryOperation) -> Int? { operands(value, of: .unary(operation))?[0] }

    func operands(_ value: Int, of operation: BinaryOperation) -> (Int, Int)? {
        operands(value, of: .binary(operation)).map { ($0[0], $0[1]) }
    }

    /// Both orders of the operands of a sum or product.
    func orders(_ value: Int, of operation: BinaryOperation) -> [(Int, Int)] {
        operands(value, of: operation).map { [$0, ($0.1, $0.0)] } ?? []
    }

    /// What is behind repetition along axes.
    func unrepeated(_ value: Int) -> Int {
        var value = value
        while let instruction = source.instruction(value), case .broadcast = instruction.operation {
            value = instruction.operands[0]
        }
        return value
    }

    func beforeReshape(_ value: Int) -> Int? {
        guard let instruction = source.instruction(value), case .reshape = instruction.operation else { return nil }
        return instruction.operands[0]
    }

    /// What a sum or product with a number adds to or multiplies.
    func withNumber(_ value: Int, _ operation: BinaryOperation) -> (x: Int, number: Double)? {
        for (x, other) in orders(value, of: operation) {
            if let number = source.number(other) { return (x, number) }
        }
        return nil
    }

    /// The vector that is laid along the channels of `x (N, C, …)`.
    func alongChannels(_ value: Int, of x: Int) -> Int? {
        let rank = shape(x).rank
        guard rank >= 2 else { return nil }
        let channels = shape(x)[1]
        var vector = unrepeated(value)
        if rank > 2 {
            guard shape(vector) == Shape([channels] + [Int](repeating: 1, count: rank - 2)),
                let flat = beforeReshape(vector)
            else { return nil }
            vector = flat
        }
        return shape(vector) == [channels] ? vector : nil
    }

    // MARK: Reductions

    /// A reduction whose axes stay with extent 1.
    func reduction(keptAt value: Int) -> (reduction: Reduction, x: Int, axes: [Int])? {
        guard let inner = beforeReshape(value), let instruction = source.instruction(inner),
            case .reduce(let reduction, let axes) = instruction.operation
        else { return nil }
        let x = instruction.operands[0]
        guard source.variants.allSatisfy({ $0.type(value).shape == $0.type(x).shape.keeping(axes: axes) }) else {
            return nil
        }
        return (reduction, x, axes)
    }

    func keptReduction(_ value: Int) -> Composite? {
        guard let (reduction, x, axes) = reduction(keptAt: value) else { return nil }
        return Composite(operands: [x]) { $0.reduce(reduction, x, axes, keepingAxes: true) }
    }

    /// `Σx / n`
    func meanParts(_ value: Int) -> (x: Int, axes: [Int], keepsAxes: Bool)? {
        guard let (sum, count) = operands(value, of: .divide), let counts = source.numbers(count) else { return nil }
        var found: (x: Int, axes: [Int], keepsAxes: Bool)?
        if let (reduction, x, axes) = reduction(keptAt: sum), reduction == .sum {
            found = (x, axes, true)
        } else if let instruction = source.instruction(sum), case .reduce(.sum, let axes) = instruction.operation {
            found = (instruction.operands[0], axes, false)
        }
        guard let (x, axes, keepsAxes) = found else { return nil }
        let isCount = zip(counts, source.variants).allSatisfy { count, program in
            count == Double(axes.reduce(1) { $0 * program.type(x).shape[$1] })
        }
        return isCount ? (x, axes, keepsAxes) : nil
    }

    func mean(_ value: Int) -> Composite? {
        guard let (x, axes, keepsAxes) = meanParts(value), type(x).dtype.isFloatingPoint else { return nil }
        let isGlobal = keepsAxes && shape(x).rank >= 4 && axes == Array(2..<shape(x).rank)
        return Composite(operands: [x]) { exporter in
            isGlobal && exporter.type(x).dtype != .bfloat16
                ? exporter.emit("GlobalAveragePool", [exporter.name(x)])
                : exporter.reduce("ReduceMean", exporter.name(x), axes, keepingAxes: keepsAxes)
        }
    }

    // MARK: Order

    /// The first k of all positions in order.
    private func topParts(_ value: Int) -> (x: Int, axis: Int, descending: Bool, count: Int)? {
        guard let slice = source.instruction(value), case .slice(let ranges) = slice.operation,
            let order = source.instruction(slice.operands[0]), case .argSort(let axis, let descending) = order.operation
        else { return nil }
        let isFirst = ranges.indices.allSatisfy {
            ranges[$0].start == 0 && ranges[$0].step == 1
                && ($0 == axis || ranges[$0].count == order.type.shape[$0])
        }
        return isFirst ? (order.operands[0], axis, descending, ranges[axis].count) : nil
    }

    func topIndices(_ value: Int) -> Composite? {
        guard let (x, axis, descending, count) = topParts(value) else { return nil }
        return Composite(operands: [x]) { $0.topK(value, x, axis, descending, count: count).indices }
    }

    func topValues(_ value: Int) -> Composite? {
        guard let gather = source.instruction(value), case .gatherElements(let along) = gather.operation,
            let (x, axis, descending, count) = topParts(gather.operands[1]), x == gather.operands[0], axis == along
        else { return nil }
        return Composite(operands: [x]) { $0.topK(value, x, axis, descending, count: count).values }
    }

    // MARK: Recurrent layers

    func recurrence(_ value: Int) -> Composite? {
        guard let node = RecurrenceNode(value, in: source) else { return nil }
        // A state of zeros is left out.
        return Composite(operands: [node.x] + node.initial.filter { source.number($0) != 0 }) {
            $0.recurrence(value, node.unit)
        }
    }
}
