/// Adagrad for tables of which a step looks up few rows, with one sum of squares for each row in place of one for each number:
/// `s ← s + mean(g²)`, `p ← p − rate · g / (√s + ε)` for the rows that were looked up. The other rows stay as they are, so a step
/// costs what its rows cost, however large the table is, and the state is small beside it.
///
/// Parameters that are not only looked up are updated by Adagrad's rule, and so are those whose gradient has been changed or
/// looked at: it is a table of its own then.
///
/// Reference: Naumov et al., “Deep learning recommendation model for personalization and recommendation systems”, 2019, whose
/// code calls it row-wise sparse Adagrad; Gupta et al., “Training recommender systems at scale”, 2020.
public final class RowwiseAdagrad: Adagrad {
    public init(_ groups: [ParameterGroup], learningRate: Double = 1e-2, epsilon: Double = 1e-10) {
        super.init(groups, learningRate: learningRate, epsilon: epsilon)
    }

    public convenience init(_ model: Module, learningRate: Double = 1e-2, epsilon: Double = 1e-10) {
        self.init([ParameterGroup(model)], learningRate: learningRate, epsilon: epsilon)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        guard let gradient = RowGradient(gradient) else { return super.update(parameter, gradient, &state, step) }
        return gradient.update(parameter, &state) { rows, values, state in
            let flat = values.flattened(from: 1)  // (N, width)
            let squares = (flat * flat).mean(axes: 1)  // (N)
            let sum = state[Self.rowSum].map { $0 + squares } ?? squares
            state[Self.rowSum] = sum
            let ones = [Int](repeating: 1, count: rows.rank - 1)
            let root = (sqrt(sum) + step("epsilon", epsilon)).reshaped(Shape([sum.shape[0]] + ones))
            return rows - values / root * step.rate
        }
    }

    private static let rowSum = "row_sum"

    override func stateShape(of name: String, for parameter: Shape) -> Shape {
        name == Self.rowSum ? [parameter[0]] : parameter
    }
}
