/// Steps of one size along the sign of a momentum (Chen et al. 2023):
/// `p ← (1 − rate · weightDecay) p − rate · sign(β₁ m + (1 − β₁) g)`, `m ← β₂ m + (1 − β₂) g`.
///
/// Learning rates are three to ten times smaller than AdamW's and weight decays as much larger.
public final class Lion: Optimizer {
    /// `(β₁, β₂)`, the momentum's share in the step and the share of it that is kept.
    public let betas: (Double, Double)

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-4, betas: (Double, Double) = (0.9, 0.99),
        weightDecay: Double = 0
    ) {
        self.betas = betas
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-4, betas: (Double, Double) = (0.9, 0.99), weightDecay: Double = 0
    ) {
        self.init([ParameterGroup(model)], learningRate: learningRate, betas: betas, weightDecay: weightDecay)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let old = state["exp_avg"] ?? zeros(like: gradient)
        let direction = sign(old * step("beta1", betas.0) + gradient * step("1 - beta1", 1 - betas.0))
        state["exp_avg"] = old * step("beta2", betas.1) + gradient * step("1 - beta2", 1 - betas.1)
        return step.decayed(parameter) - direction * step.rate
    }
}
