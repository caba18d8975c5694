/// Adam whose adaptive rate sets in when its variance is known well enough (Liu et al. 2020). With `ρ∞ = 2 / (1 − β₂) − 1` and
/// `ρₜ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)`, while `ρₜ ≤ 5`, `p ← p − rate · m̂`; then
///
/// `p ← p − rate · rₜ · m̂ / v̂`, `rₜ = √((ρₜ − 4)(ρₜ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρₜ))`, `v̂ = (√v + ε) / √(1 − β₂ᵗ)`.
public final class RAdam: Optimizer {
    /// `(β₁, β₂)`, the shares of the old moments that are kept.
    public let betas: (Double, Double)
    /// Added to the root, against division by 0.
    public let epsilon: Double
    /// Whether weight decay is apart from the gradient as in AdamW; else it is an L2 penalty.
    public let decouplesWeightDecay: Bool

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 0, decouplesWeightDecay: Bool = false
    ) {
        self.betas = betas
        self.epsilon = epsilon
        self.decouplesWeightDecay = decouplesWeightDecay
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8,
        weightDecay: Double = 0, decouplesWeightDecay: Bool = false
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, betas: betas, epsilon: epsilon,
            weightDecay: weightDecay, decouplesWeightDecay: decouplesWeightDecay)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let start = decouplesWeightDecay ? step.decayed(parameter) : parameter
        let moments = state.moments(
            decouplesWeightDecay ? gradient : step.penalized(gradient, parameter), betas, step)
        // One of the two is 0: which one is another number at each step, not another program.
        let adaptive = step("rectification") { [self] in rectification($0.count) ?? 0 }
        let plain = step("plain") { [self] in rectification($0.count) == nil ? 1 : 0 }
        let size = step("step size") { [betas] in $0.learningRate / (1 - power(betas.0, $0.count)) }
        let factor = adaptive / (sqrt(moments.second) + step("epsilon", epsilon)) + plain
        return start - moments.first * factor * size
    }

    /// `rₜ √(1 − β₂ᵗ)`; nil while the variance is not known well enough.
    private func rectification(_ t: Int) -> Double? {
        let correction = 1 - power(betas.1, t)
        let longest = 2 / (1 - betas.1) - 1
        let length = longest - 2 * Double(t) * (1 - correction) / correction
        guard length > 5 else { return nil }
        let ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        return (ratio * correction).squareRoot()
    }
}
