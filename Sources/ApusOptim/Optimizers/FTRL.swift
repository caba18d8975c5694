/// FTRL-proximal, online logistic regression's rule: it keeps no more weights than it needs (McMahan et al. 2013, algorithm 1).
///
/// `σ = (√(n + g²) − √n) / α`, `z ← z + g − σ p`, `n ← n + g²`;
/// `p ← 0` where `|z| ≤ λ₁`, else `p ← −(z − sign(z) λ₁) / ((β + √n) / α + λ₂)`.
/// α is the learning rate. Weights follow from `z` alone and should be zeros at first. Of a table that is only looked up, the rows that were
/// looked up change.
///
/// Reference: McMahan et al., “Ad click prediction: a view from the trenches”, 2013.
public final class FTRL: Optimizer {
    /// Keeps the first steps small.
    public let beta: Double
    /// λ₁: the strength of the L1 penalty, which makes weights zero.
    public let l1: Double
    /// λ₂: the strength of the L2 penalty.
    public let l2: Double

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 0.1, beta: Double = 1, l1: Double = 0, l2: Double = 0
    ) {
        self.beta = beta
        self.l1 = l1
        self.l2 = l2
        super.init(groups, learningRate: learningRate)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 0.1, beta: Double = 1, l1: Double = 0, l2: Double = 0
    ) {
        self.init([ParameterGroup(model)], learningRate: learningRate, beta: beta, l1: l1, l2: l2)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        guard let rows = RowGradient(gradient) else { return changed(parameter, gradient, &state, step) }
        return rows.update(parameter, &state) { changed($0, $1, &$2, step) }
    }

    private func changed(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let squares = state["n"] ?? zeros(like: parameter)
        let sum = squares + gradient * gradient
        let (root, rate) = (sqrt(sum), step.rate)
        let sigma = (root - sqrt(squares)) / rate
        let z = (state["z"] ?? zeros(like: parameter)) + gradient - sigma * parameter
        (state["n"], state["z"]) = (sum, z)
        let (l1, l2, beta) = (step("l1", l1), step("l2", l2), step("beta", beta))
        // z shrunk toward 0 by λ₁; where it is smaller, the weight is 0.
        let shrunk = z - z.clamped(-l1, l1)
        return -shrunk / ((beta + root) / rate + l2)
    }
}
