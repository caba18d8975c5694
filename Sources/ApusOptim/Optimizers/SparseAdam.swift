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
        return gradient.update(parameter, &state) { rows, values, state in
            let (first, second) = state.moments(values, betas, step)
            let size = step("row's step size") { [self] in $0.learningRate * correction($0.count) }
            return rows - first / (sqrt(second) + step("epsilon", epsilon)) * size
        }
    }

    /// `√(1 − β₂ᵗ) / (1 − β₁ᵗ)`
    private func correction(_ t: Int) -> Double { (1 - power(betas.1, t)).squareRoot() / (1 - power(betas.0, t)) }
}
