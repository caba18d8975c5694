/// Adaptive moments (Kingma and Ba 2015):
///
/// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, `p ← p − rate · m̂ / (√v̂ + ε)`, where `m̂ = m / (1 − β₁ᵗ)` and `v̂ = v / (1 − β₂ᵗ)`.
///
/// With `amsgrad`, `v̂` comes from the largest `v` so far (Reddi et al. 2018). Weight decay is an L2 penalty.
public class Adam: Optimizer {
    /// `(β₁, β₂)`, the shares of the old moments that are kept.
    public let betas: (Double, Double)
    /// Added to the root, against division by 0.
    public let epsilon: Double
    /// Whether the largest second moment so far is used.
    public let isAMSGrad: Bool

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 0, amsgrad: Bool = false
    ) {
        self.betas = betas
        self.epsilon = epsilon
        isAMSGrad = amsgrad
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8,
        weightDecay: Double = 0, amsgrad: Bool = false
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, betas: betas, epsilon: epsilon,
            weightDecay: weightDecay, amsgrad: amsgrad)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        moved(parameter, step.penalized(gradient, parameter), &state, step)
    }

    /// One step along the moments.
    final func moved(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let moments = state.moments(gradient, betas, step)
        var second = moments.second
        if isAMSGrad {
            second = state["max_exp_avg_sq"].map { maximum($0, second) } ?? second
            state["max_exp_avg_sq"] = second
        }
        let correction = step("correction") { [betas] in 1 / (1 - power(betas.1, $0.count)).squareRoot() }
        let denominator = sqrt(second) * correction + step("epsilon", epsilon)
        let size = step("step size") { [betas] in $0.learningRate / (1 - power(betas.0, $0.count)) }
        return parameter - moments.first / denominator * size
    }
}

/// Adam whose weight decay is apart from the gradient: `p ← (1 − rate · weightDecay) · p` first (Loshchilov and Hutter 2019).
public final class AdamW: Adam {
    public override init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 1e-2, amsgrad: Bool = false
    ) {
        super.init(
            groups, learningRate: learningRate, betas: betas, epsilon: epsilon, weightDecay: weightDecay,
            amsgrad: amsgrad)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8,
        weightDecay: Double = 1e-2, amsgrad: Bool = false
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, betas: betas, epsilon: epsilon,
            weightDecay: weightDecay, amsgrad: amsgrad)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        moved(step.decayed(parameter), gradient, &state, step)
    }
}
