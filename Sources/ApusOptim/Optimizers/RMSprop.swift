/// Divides by a running root mean square of the gradient (Tieleman and Hinton 2012):
/// `s ← α s + (1 − α) g²`, `p ← p − rate · g / (√s + ε)`.
///
/// `centered` subtracts the square of a running mean from `s` (Graves 2013). With momentum, steps are accumulated:
/// `b ← momentum · b + g / (√s + ε)`. Weight decay is an L2 penalty.
public final class RMSprop: Optimizer {
    /// The share of the old mean square that is kept.
    public let alpha: Double
    /// Added to the root, against division by 0.
    public let epsilon: Double
    /// The share of the accumulated step that is kept, 0 for none.
    public let momentum: Double
    /// Whether the mean's square is subtracted: the gradient's variance in place of its mean square.
    public let isCentered: Bool

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8,
        momentum: Double = 0, centered: Bool = false, weightDecay: Double = 0
    ) {
        self.alpha = alpha
        self.epsilon = epsilon
        self.momentum = momentum
        isCentered = centered
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8,
        momentum: Double = 0, centered: Bool = false, weightDecay: Double = 0
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, alpha: alpha, epsilon: epsilon, momentum: momentum,
            centered: centered, weightDecay: weightDecay)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let gradient = step.penalized(gradient, parameter)
        var spread = state.meanSquare("square_avg", gradient, alpha, step)
        if isCentered {
            let mean = state.average("grad_avg", gradient, share: step("1 - alpha", 1 - alpha))
            spread = spread - mean * mean
        }
        let direction = gradient / (sqrt(spread) + step("epsilon", epsilon))
        guard momentum > 0 else { return parameter - direction * step.rate }
        let old = state["momentum_buffer"] ?? zeros(like: gradient)
        let buffer = old * step("momentum", momentum) + direction
        state["momentum_buffer"] = buffer
        return parameter - buffer * step.rate
    }
}
