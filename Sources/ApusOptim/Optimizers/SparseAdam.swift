/// Adam for tables of which a step looks up few rows, such as embeddings: rows that were not looked up stay as they are, and so do
/// their moments.
///
/// For the rows that were, `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`,
/// `p ← p − rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)`. A step costs what its rows cost, however large the table is.
///
/// Parameters that are not only looked up are updated by Adam's rule, and so are those whose gradient has been changed or looked at:
/// it is a table of its own then.
public final class SparseAdam: Adam {
    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8
    ) {
        super.init(groups, learningRate: learningRate, betas: betas, epsilon: epsilon)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8
    ) {
        self.init([ParameterGroup(model)], learningRate: learningRate, betas: betas, epsilon: epsilon)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        guard let gradient = RowGradient(gradient) else { return super.update(parameter, gradient, &state, step) }
        let tables = (
            first: state["exp_avg"] ?? zeros(like: parameter), second: state["exp_avg_sq"] ?? zeros(like: parameter)
        )
        var moments = ["exp_avg": gradient.rows(of: tables.first), "exp_avg_sq": gradient.rows(of: tables.second)]
        let (first, second) = moments.moments(gradient.values, betas, step)
        state["exp_avg"] = gradient.replacing(first, in: tables.first)
        state["exp_avg_sq"] = gradient.replacing(second, in: tables.second)

        let size = step("row's step size") { [self] in $0.learningRate * correction($0.count) }
        let change = first / (sqrt(second) + step("epsilon", epsilon)) * size
        return gradient.replacing(gradient.rows(of: parameter) - change, in: parameter)
    }

    /// `√(1 − β₂ᵗ) / (1 − β₁ᵗ)`
    private func correction(_ t: Int) -> Double { (1 - power(betas.1, t)).squareRoot() / (1 - power(betas.0, t)) }
}

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
}
