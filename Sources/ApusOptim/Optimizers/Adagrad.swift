/// Divides by the root of all squared gradients so far (Duchi et al. 2011):
/// `s ← s + g²`, `p ← p − rate / (1 + (t − 1) · rateDecay) · g / (√s + ε)`. Weight decay is an L2 penalty.
public class Adagrad: Optimizer {
    /// How fast the rate falls: it is divided by `1 + (t − 1) · rateDecay`.
    public let rateDecay: Double
    /// Where the sums of squares start.
    public let initialAccumulator: Double
    /// Added to the root, against division by 0.
    public let epsilon: Double

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-2, rateDecay: Double = 0, weightDecay: Double = 0,
        initialAccumulator: Double = 0, epsilon: Double = 1e-10
    ) {
        self.rateDecay = rateDecay
        self.initialAccumulator = initialAccumulator
        self.epsilon = epsilon
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-2, rateDecay: Double = 0, weightDecay: Double = 0,
        initialAccumulator: Double = 0, epsilon: Double = 1e-10
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, rateDecay: rateDecay, weightDecay: weightDecay,
            initialAccumulator: initialAccumulator, epsilon: epsilon)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let gradient = step.penalized(gradient, parameter)
        let old =
            state["sum"] ?? Tensor.full(gradient.shape, initialAccumulator, dtype: gradient.dtype).evaluated()
        let sum = old + gradient * gradient
        state["sum"] = sum
        let rate = step("decayed rate") { [rateDecay] in $0.learningRate / (1 + Double($0.count - 1) * rateDecay) }
        return parameter - gradient / (sqrt(sum) + step("epsilon", epsilon)) * rate
    }
}
