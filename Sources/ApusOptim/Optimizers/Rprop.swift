/// Steps whose sizes grow while an element's gradient keeps its sign and shrink where it turns (Riedmiller and Braun 1993): for whole
/// batches, not for small random ones. The learning rate is the size of the first steps.
public final class Rprop: Optimizer {
    /// `(η⁻, η⁺)`: what sizes are multiplied by where the sign has changed and where it has not.
    public let etas: (Double, Double)
    /// The smallest and the largest size.
    public let stepSizes: (Double, Double)

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-2, etas: (Double, Double) = (0.5, 1.2),
        stepSizes: (Double, Double) = (1e-6, 50)
    ) {
        self.etas = etas
        self.stepSizes = stepSizes
        super.init(groups, learningRate: learningRate)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-2, etas: (Double, Double) = (0.5, 1.2),
        stepSizes: (Double, Double) = (1e-6, 50)
    ) {
        self.init([ParameterGroup(model)], learningRate: learningRate, etas: etas, stepSizes: stepSizes)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let old = state["step_size"] ?? Tensor.full(like: gradient, step.learningRate).evaluated()
        let agreement = gradient * (state["prev"] ?? zeros(like: gradient))
        let hasTurned = agreement .< 0
        let factor = `where`(
            hasTurned, step("eta-", etas.0), `where`(agreement .> 0, step("eta+", etas.1), step("1", 1)))
        let size = (old * factor).clamped(stepSizes.0, stepSizes.1)
        // Where the sign has changed, this step rests and the next one has no sign to compare with.
        let direction = `where`(hasTurned, step("0", 0), gradient)
        state["step_size"] = size
        state["prev"] = direction
        return parameter - sign(direction) * size
    }
}
