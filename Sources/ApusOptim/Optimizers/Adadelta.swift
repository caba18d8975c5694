/// Steps in proportion to those of late, divided by the gradient's root mean square (Zeiler 2012):
/// `s ← ρ s + (1 − ρ) g²`, `δ = √(a + ε) / √(s + ε) · g`, `a ← ρ a + (1 − ρ) δ²`, `p ← p − rate · δ`. Weight decay is an L2 penalty.
public final class Adadelta: Optimizer {
    /// The share of the old means that is kept.
    public let rho: Double
    /// Added under the roots, against division by 0.
    public let epsilon: Double

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1, rho: Double = 0.9, epsilon: Double = 1e-6,
        weightDecay: Double = 0
    ) {
        self.rho = rho
        self.epsilon = epsilon
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1, rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, rho: rho, epsilon: epsilon, weightDecay: weightDecay)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let gradient = step.penalized(gradient, parameter)
        let epsilon = step("epsilon", epsilon)
        let spread = state.meanSquare("square_avg", gradient, rho, step)
        let late = state["acc_delta"] ?? zeros(like: gradient)
        let delta = sqrt(late + epsilon) / sqrt(spread + epsilon) * gradient
        _ = state.meanSquare("acc_delta", delta, rho, step)
        return parameter - delta * step.rate
    }
}
