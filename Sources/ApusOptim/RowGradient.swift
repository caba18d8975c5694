/// A gradient that is zero but for some rows.
struct RowGradient {
    /// The rows' numbers, one for each look-up: `(N)`.
    let indices: Tensor
    /// The gradient of the row, all of its look-ups summed: `(N, …)`. A row that was looked up twice is there twice, with equal values.
    let values: Tensor

    /// Nil where a gradient is not the sum of what look-ups gave.
    init?(_ gradient: Tensor) {
        var lookups: [(indices: Tensor, values: Tensor)] = []
        guard Self.collect(gradient.node, &lookups), !lookups.isEmpty else { return nil }
        let width = Array(gradient.shape.dropFirst())
        let indices = concatenate(lookups.map { $0.indices.flattened() })
        let values = concatenate(lookups.map { $0.values.reshaped(Shape([$0.indices.elementCount] + width)) })
        self.indices = indices
        self.values = Self.summed(values, over: indices)
    }

    /// Finds what a gradient is the sum of; false where it is anything but updates scattered into zeros.
    private static func collect(_ node: Node, _ lookups: inout [(indices: Tensor, values: Tensor)]) -> Bool {
        guard !node.isEvaluated else { return false }
        let operands = node.operands
        switch node.operation {
        case .scatter(.add, axis: 0) where isZero(operands[0]):
            lookups.append((Tensor(operands[1]), Tensor(operands[2])))
            return true
        case .binary(.add): return operands.allSatisfy { collect($0, &lookups) }
        default: return false
        }
    }

    private static func isZero(_ node: Node) -> Bool {
        guard case .broadcast = node.operation, let scalar = node.operands.first, scalar.shape.rank == 0,
            let value = scalar.value
        else { return false }
        return value.elements(as: UInt8.self).prefix(scalar.dtype.byteCount).allSatisfy { $0 == 0 }
    }

    /// The sum of the values with the same index, for each of them.
    private static func summed(_ values: Tensor, over indices: Tensor) -> Tensor {
        let count = indices.elementCount
        guard count > 1 else { return values }
        let order = indices.argSort()
        let sorted = indices.gathered(order)
        let isNew = sorted.sliced(axis: 0, 1, count - 1) .!= sorted.sliced(axis: 0, 0, count - 1)
        // Equal indices stand side by side: a group's number is the count of changes before it.
        let groups = concatenate([.zeros([1], dtype: .int64), isNew.cast(to: .int64)]).cumulativeSum()
        let group = Tensor.zeros([count], dtype: .int64).scattered(order, groups, mode: .replace)  // (N)
        return Tensor.zeros(like: values).scattered(group, values).gathered(group)
    }

    /// The same rows of a table.
    func rows(of table: Tensor) -> Tensor { table.gathered(indices) }

    /// A table with these rows replaced.
    func replacing(_ rows: Tensor, in table: Tensor) -> Tensor { table.scattered(indices, rows, mode: .replace) }

    /// Applies a rule to these rows of a parameter and of what is remembered of it; the others stay as they are.
    ///
    /// - Parameters:
    ///   - state: tables with as many rows as the parameter. What the rule adds begins with zeros in all rows.
    ///   - rule: the new rows, from the old ones, their gradient and what is remembered of them.
    func update(
        _ parameter: Tensor, _ state: inout [String: Tensor],
        _ rule: (_ rows: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor]) -> Tensor
    ) -> Tensor {
        var remembered = state.mapValues(rows(of:))
        let changed = rule(rows(of: parameter), values, &remembered)
        for (name, rows) in remembered {
            let width = Array(rows.shape.dropFirst())
            let table = state[name] ?? Tensor.zeros(Shape([parameter.shape[0]] + width), dtype: rows.dtype).evaluated()
            state[name] = replacing(rows, in: table)
        }
        return replacing(changed, in: parameter)
    }
}
