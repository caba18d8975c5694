import Foundation

/// Adam's second moment kept as one row and one column for each matrix, and steps in proportion to the parameters (Shazeer and Stern 2018).
///
/// With `ρ = min(rate, 1/√t)` and `α = max(ε₂, ‖p‖/√n) ρ`: `p ← (1 − rate · weightDecay) p − α · u / max(1, ‖u‖ / (√n d))`, where
/// `u = g / √v` and `v` is the outer product of the rows' and columns' mean squares, averaged with the share `t^decay` of the newest.
public final class Adafactor: Optimizer {
    /// The power of t in the share of the newest mean square.
    public let decay: Double
    /// `(ε₁, ε₂)`, the smallest root of a mean square (nil: the distance from 1 to the next number) and the smallest parameter scale.
    public let epsilons: (Double?, Double)
    /// The threshold d above which an update is scaled down.
    public let threshold: Double

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-2, decay: Double = -0.8,
        epsilons: (Double?, Double) = (nil, 1e-3), threshold: Double = 1, weightDecay: Double = 0
    ) {
        self.decay = decay
        self.epsilons = epsilons
        self.threshold = threshold
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-2, decay: Double = -0.8,
        epsilons: (Double?, Double) = (nil, 1e-3), threshold: Double = 1, weightDecay: Double = 0
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, decay: decay, epsilons: epsilons,
            threshold: threshold, weightDecay: weightDecay)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let epsilon = epsilons.0 ?? gradient.dtype.machineEpsilon
        let share = step("newest's share") { [decay] in Foundation.pow(Double($0.count), decay) }
        let spread: Tensor
        if gradient.rank > 1 {
            let squares = gradient * gradient
            let rows = state.average("row_var", squares.mean(axes: -1, keepingAxes: true), share: share)
            let columns = state.average("col_var", squares.mean(axes: -2, keepingAxes: true), share: share)
            spread = rows * columns / rows.mean(axes: -2, keepingAxes: true).clamped(epsilon)
        } else {
            spread = state.average("variance", gradient * gradient, share: share)
        }
        let direction = rsqrt(spread.clamped(epsilon * epsilon)) * gradient
        let rate = step("relative rate") { min($0.learningRate, 1 / Double($0.count).squareRoot()) }
        let size = maximum(rootMeanSquare(parameter), epsilons.1) * rate
        return step.decayed(parameter) - direction * (size / maximum(rootMeanSquare(direction) / threshold, 1))
    }

    private func rootMeanSquare(_ x: Tensor) -> Tensor { sqrt((x * x).mean()) }

    override func stateShape(of name: String, for parameter: Shape) -> Shape {
        var shape = parameter
        if name == "row_var" { shape[shape.rank - 1] = 1 }
        if name == "col_var" { shape[shape.rank - 2] = 1 }
        return shape
    }
}
