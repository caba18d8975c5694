/// Adam with the largest gradient in place of the second moment (Kingma and Ba 2015):
/// `u ← max(β₂ u, |g| + ε)`, `p ← p − rate / (1 − β₁ᵗ) · m / u`. Weight decay is an L2 penalty.
public final class Adamax: Optimizer {
    /// `(β₁, β₂)`, the shares of the old moment and of the old largest gradient that are kept.
    public let betas: (Double, Double)
    /// Added to the gradient's magnitude, against division by 0.
    public let epsilon: Double

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 0
    ) {
        self.betas = betas
        self.epsilon = epsilon
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8,
        weightDecay: Double = 0
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, betas: betas, epsilon: epsilon,
            weightDecay: weightDecay)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let gradient = step.penalized(gradient, parameter)
        let mean = state.average("exp_avg", gradient, share: step("1 - beta1", 1 - betas.0))
        let old = state["exp_inf"] ?? zeros(like: gradient)
        let largest = maximum(old * step("beta2", betas.1), abs(gradient) + step("epsilon", epsilon))
        state["exp_inf"] = largest
        let size = step("step size") { [betas] in $0.learningRate / (1 - power(betas.0, $0.count)) }
        return parameter - mean / largest * size
    }
}
