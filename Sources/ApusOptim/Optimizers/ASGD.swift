import Foundation

/// Stochastic gradient descent with a falling rate, and the average of the parameters beside it (Polyak and Juditsky 1992):
/// `p ← (1 − λ η) p − η g`, `η ← rate / (1 + λ · rate · t)^α`, and from step `t₀` on the state `ax` averages the parameters.
/// Weight decay is an L2 penalty.
public final class ASGD: Optimizer {
    /// The decay λ.
    public let lambda: Double
    /// The power α of the rate's fall.
    public let alpha: Double
    /// The step t₀ at which averaging begins.
    public let averagingStart: Double

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-2, lambda: Double = 1e-4, alpha: Double = 0.75,
        averagingStart: Double = 1e6, weightDecay: Double = 0
    ) {
        self.lambda = lambda
        self.alpha = alpha
        self.averagingStart = averagingStart
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-2, lambda: Double = 1e-4, alpha: Double = 0.75,
        averagingStart: Double = 1e6, weightDecay: Double = 0
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, lambda: lambda, alpha: alpha,
            averagingStart: averagingStart, weightDecay: weightDecay)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let gradient = step.penalized(gradient, parameter)
        let eta = state["eta"] ?? Tensor(step.learningRate, dtype: parameter.dtype)
        let share = state["mu"] ?? Tensor(1.0, dtype: parameter.dtype)
        let average = state["ax"] ?? zeros(like: parameter)
        let changed = parameter * (1 - eta * step("lambda", lambda)) - gradient * eta
        state["ax"] = average + (changed - average) * share
        // Times 1, so that the state has memory of its own and is not the step's shared number.
        state["eta"] =
            step("eta") { [self] in
                $0.learningRate / Foundation.pow(1 + lambda * $0.learningRate * Double($0.count), alpha)
            } * step("1", 1)
        state["mu"] = step("mu") { [self] in 1 / max(1, Double($0.count) - averagingStart) } * step("1", 1)
        return changed
    }
}
