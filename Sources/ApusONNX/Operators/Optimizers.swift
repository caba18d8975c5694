import ApusNN
import Foundation

private let training = "ai.onnx.preview.training"

extension OperatorTable {
    /// Steps of optimizers: a rate and a count, then all tensors, all their gradients, and each part of the state.
    mutating func addOptimizers() {
        addOptimizer("Adagrad", stateCount: 1) { call, step, x, gradient, state in
            let rate = step.rate / (1 + Double(step.count) * (try call.float("decay_factor", default: 0)))
            let g = x * (try call.float("norm_coefficient", default: 0)) + gradient
            let squares = state[0] + square(g)
            return [x - g * rate / (sqrt(squares) + (try call.float("epsilon", default: 1e-6))), squares]
        }
        addOptimizer("Adam", stateCount: 2) { call, step, x, gradient, state in
            let alpha = try call.float("alpha", default: 0.9), beta = try call.float("beta", default: 0.999)
            let g = x * (try call.float("norm_coefficient", default: 0)) + gradient
            let mean = state[0] * alpha + g * (1 - alpha)
            let squares = state[1] * beta + square(g) * (1 - beta)
            let count = Double(step.count)
            // Means of few gradients lean toward the zeros that they start from.
            let correction = (1 - pow(beta, count)).squareRoot() / (1 - pow(alpha, count))
            let rate = step.count > 0 ? step.rate * correction : step.rate
            let moved = x - mean * rate / (sqrt(squares) + (try call.float("epsilon", default: 1e-6)))
            return [moved * (1 - (try call.float("norm_coefficient_post", default: 0))), mean, squares]
        }
        addOptimizer("Momentum", stateCount: 1) { call, step, x, gradient, state in
            let alpha = try call.float("alpha", default: 0)
            let beta = step.count > 0 ? try call.float("beta", default: 0) : 1
            let g = x * (try call.float("norm_coefficient", default: 0)) + gradient
            let velocity = state[0] * alpha + g * beta
            let isNesterov = try call.string("mode", default: "standard") == "nesterov"
            return [x - (isNesterov ? g + velocity * alpha : velocity) * step.rate, velocity]
        }
    }

    private mutating func addOptimizer(
        _ name: String, stateCount: Int,
        _ update:
            @escaping @Sendable (OperatorCall, (rate: Double, count: Int), Tensor, Tensor, [Tensor]) throws -> [Tensor]
    ) {
        addTensors(name, domain: training) { call in
            let step = (rate: try call.number(0), count: try call.integer(1))
            let given = try (2..<call.inputs.count).map(call.tensor)
            let count = given.count / (2 + stateCount)
            guard given.count == count * (2 + stateCount) else { throw call.failure("\(given.count) tensors") }
            let updated = try (0..<count).map { index in
                let state = (0..<stateCount).map { given[(2 + $0) * count + index] }
                return try update(call, step, given[index], given[count + index], state)
            }
            return (0..<(1 + stateCount)).flatMap { part in updated.map { $0[part] } }
        }
    }
}
