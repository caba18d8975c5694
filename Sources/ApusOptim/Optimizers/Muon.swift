/// Momentum made orthogonal before it is applied (Jordan et al. 2024): for the matrices inside of a network; its embeddings, vectors and head go
/// to another optimizer.
///
/// `b ← b + (1 − momentum)(g − b)`, `p ← (1 − rate · weightDecay) p − rate · ratio · orthogonal(g + momentum · (b − g))`. The orthogonal
/// matrix is approached by five Newton–Schulz iterations in bfloat16.
public final class Muon: Optimizer {
    /// What the rate is multiplied by for a matrix `(rows, columns)`.
    public enum RateRatio: String, Sendable, Codable {
        /// `√max(1, rows / columns)`
        case original
        /// `0.2 √max(rows, columns)`, so that rates for AdamW serve (Liu et al. 2025).
        case matchingAdamW
        /// `√(rows / columns)`
        case spectral

        func callAsFunction(_ shape: Shape) -> Double {
            let (rows, columns) = (Double(shape[0]), Double(shape[1]))
            return switch self {
            case .original: max(1, rows / columns).squareRoot()
            case .matchingAdamW: 0.2 * max(rows, columns).squareRoot()
            case .spectral: (rows / columns).squareRoot()
            }
        }
    }

    /// The share of the old direction that is kept.
    public let momentum: Double
    /// Whether the step looks ahead along the momentum.
    public let isNesterov: Bool
    /// The coefficients of `x`, `x xᵀ x` and `(x xᵀ)² x` in an iteration.
    public let coefficients: (Double, Double, Double)
    /// How many iterations there are.
    public let iterations: Int
    /// The smallest norm that a direction is divided by.
    public let epsilon: Double
    /// How the rate depends on a matrix's shape.
    public let rateRatio: RateRatio

    public init(
        _ groups: [ParameterGroup], learningRate: Double = 1e-3, weightDecay: Double = 0.1, momentum: Double = 0.95,
        nesterov: Bool = true, coefficients: (Double, Double, Double) = (3.4445, -4.775, 2.0315),
        iterations: Int = 5, epsilon: Double = 1e-7, rateRatio: RateRatio = .original
    ) {
        for group in groups {
            for (name, slot) in group.parameters {
                precondition(slot.tensor?.rank == 2, "Muon: \(name) is no matrix; give it to another optimizer")
            }
        }
        self.momentum = momentum
        isNesterov = nesterov
        self.coefficients = coefficients
        self.iterations = iterations
        self.epsilon = epsilon
        self.rateRatio = rateRatio
        super.init(groups, learningRate: learningRate, weightDecay: weightDecay)
    }

    public convenience init(
        _ model: Module, learningRate: Double = 1e-3, weightDecay: Double = 0.1, momentum: Double = 0.95,
        nesterov: Bool = true, rateRatio: RateRatio = .original
    ) {
        self.init(
            [ParameterGroup(model)], learningRate: learningRate, weightDecay: weightDecay, momentum: momentum,
            nesterov: nesterov, rateRatio: rateRatio)
    }

    public override func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        let buffer = state.average("momentum_buffer", gradient, share: step("1 - momentum", 1 - momentum))
        let ahead = isNesterov ? gradient + (buffer - gradient) * step("momentum", momentum) : buffer
        let direction = orthogonalized(ahead).cast(to: parameter.dtype)
        return step.decayed(parameter) - direction * (step.rate * rateRatio(parameter.shape))
    }

    /// Nearly `U Vᵀ` of a matrix `U S Vᵀ`.
    private func orthogonalized(_ matrix: Tensor) -> Tensor {
        let isTall = matrix.shape[0] > matrix.shape[1]
        var x = (isTall ? matrix.T : matrix).cast(to: .bfloat16)
        x = x / x.norm().clamped(epsilon)
        let (a, b, c) = coefficients
        for _ in 0..<iterations {
            let gram = matmul(x, x.T)
            x = x * a + matmul(gram * b + matmul(gram, gram) * c, x)
        }
        return isTall ? x.T : x
    }
}
