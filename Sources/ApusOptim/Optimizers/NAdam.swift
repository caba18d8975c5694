import Foundation

/// Adam with Nesterov's momentum (Dozat 2016). With `μₜ = β₁ (1 − 0.96^(t · momentumDecay) / 2)`, `Πₜ = μ₁ ⋯ μₜ` and Adam's `m` and `v̂`:
///
/// `p ← p − rate · ((1 − μₜ) / (1 − Πₜ) · g + μₜ₊₁ / (1 − Πₜ₊₁) · m) / (√v̂ + ε)`. Weight decay is an L2 penalty, or apart from the
/// gradient as in AdamW.
public final class NAdam: Optimizer {
    /// `(β₁, β₂)`, the shares of the old moments that are kept.
    public let betas: (Double, Double)
    /// Added to the root, against division by 0.
    public let epsilon: Double
    /// How fast `μₜ` rises to β₁.
    public let momentumDecay: Double
    /// Whether weight decay is apart from the gradient; else it is an L2 penalty.
    public let decouplesWeightDecay: Bool

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 0, momentumDecay: Double = 4e-3,
        decouplesWeightDecay: Bool = false
    ) {
        self.betas = betas
        self.epsilon = epsilon
        self.momentumDecay = momentumDecay
        self.decouplesWeightDecay = decouplesWeightDecay
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8,
        weightDecay: Double = 0, momentumDecay: Double = 4e-3,
        decouplesWeightDecay: Bool = false
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, betas: betas, epsilon: epsilon,
            weightDecay: weightDecay, momentumDecay: momentumDecay, decouplesWeightDecay: decouplesWeightDecay)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let start = decouplesWeightDecay ? step.decayed(parameter) : parameter
        let gradient = decouplesWeightDecay ? gradient : step.penalized(gradient, parameter)
        let moments = state.moments(gradient, betas, step)
        let correction = step("correction") { [betas] in 1 / (1 - power(betas.1, $0.count)).squareRoot() }
        let denominator = sqrt(moments.second) * correction + step("epsilon", epsilon)

        let product = (state["mu_product"] ?? Tensor(1.0, dtype: .float64)) * step("mu") { [self] in mu($0.count) }
        state["mu_product"] = product
        let next = product * step("mu'") { [self] in mu($0.count + 1) }
        let ofGradient = step("gradient's share") { [self] in $0.learningRate * (1 - mu($0.count)) } / (1 - product)
        let ofMoment = step("moment's share") { [self] in $0.learningRate * mu($0.count + 1) } / (1 - next)
        return start - gradient * ofGradient.cast(to: gradient.dtype) / denominator
            - moments.first * ofMoment.cast(to: gradient.dtype) / denominator
    }

    private func mu(_ t: Int) -> Double { betas.0 * (1 - 0.5 * Foundation.pow(0.96, Double(t) * momentumDecay)) }
}
