/// Stochastic gradient descent with momentum: `b ← momentum · b + (1 − dampening) · g`, `p ← p − rate · b`.
///
/// With Nesterov's momentum, `p ← p − rate · (g + momentum · b)` (Sutskever et al. 2013). Weight decay is an L2 penalty.
public final class SGD: Optimizer {
    /// The share of the old direction that is kept, 0 for none.
    public let momentum: Double
    /// What the gradient's part in the direction lacks to 1; the first gradient is not dampened.
    public let dampening: Double
    /// Whether the step looks ahead along the momentum; needs momentum and no dampening.
    public let isNesterov: Bool

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-3, momentum: Double = 0, dampening: Double = 0,
        nesterov: Bool = false, weightDecay: Double = 0
    ) {
        precondition(
            !nesterov || (momentum > 0 && dampening == 0), "SGD: Nesterov's momentum needs momentum and no dampening")
        self.momentum = momentum
        self.dampening = dampening
        isNesterov = nesterov
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-3, momentum: Double = 0, dampening: Double = 0,
        nesterov: Bool = false, weightDecay: Double = 0
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, momentum: momentum, dampening: dampening,
            nesterov: nesterov, weightDecay: weightDecay)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let gradient = step.penalized(gradient, parameter)
        guard momentum != 0 else { return parameter - gradient * step.rate }

        let factor = step("momentum", momentum)
        let fresh = dampening == 0 ? gradient : gradient * step("dampening", 1 - dampening)
        // The first gradient is not dampened.
        let buffer = state["momentum_buffer"].map { $0 * factor + fresh } ?? gradient
        state["momentum_buffer"] = buffer
        return parameter - (isNesterov ? gradient + buffer * factor : buffer) * step.rate
    }
}
