import Apus

/// What an observation is turned into before its actions are judged.
package enum ObservationEncoder: Codable, Hashable, Sendable {
    /// Hidden layers with ReLU, for a few numbers.
    case perceptron([Int])
    /// The three convolutions of the paper, for four pictures of 84×84.
    case convolutions

    func makeLayers(_ shape: Shape) -> (layers: Sequential, width: Int) {
        switch self {
        case .perceptron(let widths):
            let sizes = [shape.elementCount] + widths
            let layers = Sequential(zip(sizes, widths).flatMap { [Linear($0, $1), ReLU()] as [any Layer] })
            return (layers, sizes.last!)
        case .convolutions:
            let layers = Sequential(
                Conv2d(4, 32, kernelSize: 8, stride: 4), ReLU(),  // (B, 32, 20, 20)
                Conv2d(32, 64, kernelSize: 4, stride: 2), ReLU(),  // (B, 64, 9, 9)
                Conv2d(64, 64, kernelSize: 3), ReLU(), Flatten())  // (B, 3136)
            return (layers, 3136)
        }
    }
}

/// The value of each action in a state: a network of which the last hidden layer is one, or with dueling two.
///
/// Reference: Mnih et al. 2015, “Model architecture”.
package final class ValueNetwork: Module, DiscretePolicy {
    let features: Sequential
    let head: any Layer

    package init(_ shape: Shape, actionCount: Int, encoder: ObservationEncoder, width: Int, isDueling: Bool) {
        let (layers, featureCount) = encoder.makeLayers(shape)
        features = layers
        head =
            isDueling
            ? DuelingHead(featureCount, actionCount, width: width)
            : Sequential(Linear(featureCount, width), ReLU(), Linear(width, actionCount))
    }

    package func scores(_ observations: Tensor) -> Tensor { head(features(observations)) }  // (B, actions)
}

/// `Q(s, a) = V(s) + A(s, a) − meanₐ A(s, a)`: what a state is worth is learned from every action in it.
///
/// Reference: Wang et al., “Dueling network architectures for deep reinforcement learning”, 2016, equation 9.
package final class DuelingHead: Module, Layer {
    package let value: Sequential
    let advantage: Sequential

    package init(_ featureCount: Int, _ actionCount: Int, width: Int) {
        value = Sequential(Linear(featureCount, width), ReLU(), Linear(width, 1))
        advantage = Sequential(Linear(featureCount, width), ReLU(), Linear(width, actionCount))
    }

    package func callAsFunction(_ x: Tensor) -> Tensor {
        let advantages = advantage(x)  // (B, actions)
        return value(x) + advantages - advantages.mean(axes: 1, keepingAxes: true)
    }
}

/// A policy and a value function, each a perceptron of its own with tanh, as in the paper; over pictures they share the convolutions.
///
/// Reference: Schulman et al. 2017, section 6.1.
package final class ActorCriticNetwork: Module, ActorCritic {
    let features: Sequential
    let actor: Sequential
    let critic: Sequential

    init(_ shape: Shape, actionCount: Int, encoder: ObservationEncoder, width: Int) {
        var featureCount = shape.elementCount
        switch encoder {
        case .perceptron: features = Sequential([])
        case .convolutions: (features, featureCount) = encoder.makeLayers(shape)
        }
        // Small weights at the end, so that all actions are tried at first.
        func perceptron(_ outputs: Int, gain: Double) -> Sequential {
            let last = Linear(width, outputs)
            orthogonal(last, gain: gain)
            let layers = [Linear(featureCount, width), Linear(width, width)]
            layers.forEach { orthogonal($0, gain: 2.0.squareRoot()) }
            return Sequential(layers[0], Tanh(), layers[1], Tanh(), last)
        }
        func orthogonal(_ layer: Linear, gain: Double) {
            layer.weight = .orthogonal(layer.weight.shape, gain: gain)
            layer.bias = layer.bias.map { .zeros($0.shape) }
        }
        actor = perceptron(actionCount, gain: 0.01)
        critic = perceptron(1, gain: 1)
    }

    package func logitsAndValues(_ observations: Tensor) -> (logits: Tensor, values: Tensor) {
        let x = features(observations)
        return (actor(x), critic(x).squeezed(1))
    }
}

/// The agents of all seeds, each as good as it once was.
final class Population: Module {
    let members: [any DiscretePolicy]

    init(_ members: [any DiscretePolicy]) { self.members = members }
}
