import ApusNN

// What stands between layers.

extension CompositeFinder {
    /// A comparison of a value with a number.
    private func comparison(_ value: Int, _ relations: Set<Comparison>) -> (x: Int, number: Double)? {
        guard let instruction = source.instruction(value), case .compare(let relation) = instruction.operation,
            relations.contains(relation), let number = source.number(instruction.operands[1])
        else { return nil }
        return (instruction.operands[0], number)
    }

    /// Whether a number is as good as a node's constant, which is a float32.
    private func isAttribute(_ number: Double, of x: Int) -> Bool {
        type(x).dtype != .float64 || Double(Float(number)) == number
    }

    /// One limit: `x < a ? a : x`, whichever way round.
    private func limit(_ value: Int) -> (x: Int, rest: Int, low: Double?, high: Double?)? {
        guard let parts = operands(value, of: .select), let number = source.number(parts[1]) else { return nil }
        if let (x, bound) = comparison(parts[0], [.less, .lessEqual]), bound == number {
            return (x, parts[2], bound, nil)
        }
        if let (x, bound) = comparison(parts[0], [.greater, .greaterEqual]), bound == number {
            return (x, parts[2], nil, bound)
        }
        return nil
    }

    /// `min(max(x, low), high)`
    private func limits(_ value: Int) -> (x: Int, low: Double?, high: Double?)? {
        guard let outer = limit(value) else { return nil }
        if let inner = limit(outer.rest), inner.x == inner.rest, inner.x == outer.x || outer.x == outer.rest {
            let low = outer.low ?? inner.low, high = outer.high ?? inner.high
            if let low, let high, low <= high { return (inner.x, low, high) }
        }
        return outer.x == outer.rest ? (outer.x, outer.low, outer.high) : nil
    }

    func clip(_ value: Int) -> Composite? {
        guard let (x, low, high) = limits(value), type(x).dtype != .bool else { return nil }
        let dtype = type(x).dtype
        return Composite(operands: [x]) { exporter in
            var names = [exporter.name(x), low.map { exporter.constant($0, dtype) } ?? ""]
            if let high { names.append(exporter.constant(high, dtype)) }
            return exporter.emit("Clip", names)
        }
    }

    /// `x > 0 ? x : …`
    func rectifier(_ value: Int) -> Composite? {
        guard let parts = operands(value, of: .select), let (x, bound) = comparison(parts[0], [.greater]), bound == 0,
            parts[1] == x, type(x).dtype.isFloatingPoint, type(x).dtype != .bfloat16
        else { return nil }
        if let (inner, factor) = withNumber(parts[2], .multiply), isAttribute(factor, of: x) {
            if inner == x {
                return Composite(operands: [x]) { $0.emit("LeakyRelu", [$0.name(x)], ["alpha": .float(factor)]) }
            }
            if let negative = operand(inner, of: .expm1), let limit = limits(negative), limit.x == x, limit.low == nil,
                limit.high == 0
            {
                return Composite(operands: [x]) { $0.emit("Elu", [$0.name(x)], ["alpha": .float(factor)]) }
            }
        }
        for (inner, slope) in orders(parts[2], of: .multiply) where inner == x && source.isKnown(slope) {
            let slope = unrepeated(slope)
            return Composite(operands: [x, slope]) { $0.emit("PRelu", [$0.name(x), $0.name(slope)]) }
        }
        return nil
    }

    /// `max(x, 0) + log(1 + exp(−|x|))`
    func softplus(_ value: Int) -> Composite? {
        guard let (positive, rest) = operands(value, of: .add), let (x, zero) = operands(positive, of: .maximum),
            source.number(zero) == 0, let power = operand(rest, of: .log1p), let negative = operand(power, of: .exp),
            let size = operand(negative, of: .negate), operand(size, of: .absolute) == x
        else { return nil }
        return Composite(operands: [x]) { exporter in
            exporter.through(exporter.type(x).dtype == .bfloat16 ? .float32 : exporter.type(x).dtype, x) {
                exporter.emit("Softplus", [$0])
            }
        }
    }

    /// The x of `relu6(x + 3) / 6`.
    private func hardSigmoidOperand(_ value: Int) -> Int? {
        guard let (limited, six) = operands(value, of: .divide), source.number(six) == 6,
            let (sum, low, high) = limits(limited), low == 0, high == 6, let (x, three) = withNumber(sum, .add),
            three == 3, type(x).dtype != .bfloat16, isAttribute(1 / 6, of: x)
        else { return nil }
        return x
    }

    func hardSigmoid(_ value: Int) -> Composite? {
        guard let x = hardSigmoidOperand(value) else { return nil }
        return Composite(operands: [x]) {
            $0.emit("HardSigmoid", [$0.name(x)], ["alpha": .float(1 / 6), "beta": .float(0.5)])
        }
    }

    func hardSwish(_ value: Int) -> Composite? {
        for (x, gate) in orders(value, of: .multiply) where hardSigmoidOperand(gate) == x {
            return Composite(operands: [x]) { $0.emit("HardSwish", [$0.name(x)]) }
        }
        return nil
    }
}
