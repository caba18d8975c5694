import ApusData
import ApusIO
import ApusNN
import ApusOptim
import ApusTensor
import ApusTrain
import Foundation

/// A policy and a value function, with or without layers in common.
public protocol ActorCritic: DiscretePolicy {
    /// (B, …) → logits (B, actions) and values (B)
    func logitsAndValues(_ observations: Tensor) -> (logits: Tensor, values: Tensor)
}

extension ActorCritic {
    /// The logits.
    public func scores(_ observations: Tensor) -> Tensor { logitsAndValues(observations).logits }
}

/// Policy gradients whose steps end where the new policy differs too much from the one that acted:
/// maximize `min(ρ A, clip(ρ, 1 − ε, 1 + ε) A)`, `ρ = π(a|s) / π_old(a|s)`.
///
/// Reference: Schulman, Wolski, Dhariwal, Radford and Klimov, “Proximal policy optimization algorithms”, 2017.
public final class ProximalPolicyLearner: Learner {
    /// What the algorithm's results depend on, the network aside.
    public struct Configuration: Codable, Hashable, Sendable {
        /// γ
        public var discount = 0.98
        /// λ of the advantages.
        public var decay = 0.8
        /// Worlds at once.
        public var copies = 8
        /// Steps of each world in a round.
        public var horizon = 32
        /// Passes over a round's steps.
        public var epochs = 20
        /// Steps an update.
        public var batchSize = 256
        /// ε at the beginning; it falls to 0.
        public var clipRange = 0.2
        /// Weight of the value function's squared error, halved.
        public var valueWeight = 0.5
        /// Weight of the policy's entropy, which keeps it trying.
        public var entropyWeight = 0.0
        /// Adam's at the beginning; it falls to 0.
        public var learningRate = 1e-3
        /// The gradient's norm is scaled down to this.
        public var clipNorm = 0.5

        public init() {}
    }

    private let configuration: Configuration
    private let network: any ActorCritic
    private let optimizer: Adam
    private var worlds: VectorEnvironment

    public init(_ configuration: Configuration, in environment: any Environment, makeNetwork: () -> any ActorCritic)
        throws
    {
        self.configuration = configuration
        network = makeNetwork()
        optimizer = Adam(network, learningRate: configuration.learningRate, epsilon: 1e-5)
        worlds = try VectorEnvironment(environment, count: configuration.copies, .current)
    }

    public var policy: any DiscretePolicy { network }
    public var stepsPerRound: Int { configuration.horizon * configuration.copies }

    public func learn(progress: Double, learningRate: Double?) throws -> LearningRound {
        optimizer.learningRate = (learningRate ?? configuration.learningRate) * (1 - progress)
        let (rollout, episodes) = try rollOut()
        let clipRange = configuration.clipRange * (1 - progress)
        let means = update(rollout, clipRange: clipRange)
        return LearningRound(loss: means[0], episodes: episodes, metrics: ["entropy": means[1]])
    }

    // MARK: Acting

    /// What was seen and done, `[t][copy]`.
    private struct Rollout {
        var observations: [[[Float]]] = []
        var actions: [[Int]] = []
        var logProbabilities: [[Double]] = []
        var values: [[Double]] = []
        var rewards: [[Double]] = []
        var ends: [[Bool]] = []
        var lastValues: [Double] = []
    }

    /// (B, …) → log-probabilities (B, actions) and values (B).
    private lazy var act = compile(network) { [network] batch in
        let (logits, values) = network.logitsAndValues(batch[0])
        return [logSoftmax(logits), values]
    }

    private func rollOut() throws -> (Rollout, [VectorEnvironment.Episode]) {
        var rollout = Rollout()
        var episodes: [VectorEnvironment.Episode] = []
        for _ in 0..<configuration.horizon {
            let results = act([worlds.batch])
            let (actions, logProbabilities) = draw(results[0].elements())
            rollout.observations.append(worlds.observations)
            rollout.actions.append(actions)
            rollout.logProbabilities.append(logProbabilities)
            rollout.values.append(results[1].elements())
            let transition = try worlds.step(actions, .current)
            rollout.rewards.append(rewards(of: transition))
            rollout.ends.append(zip(transition.areTerminal, transition.areTruncated).map { $0 || $1 })
            episodes += transition.finished.map(\.episode)
        }
        rollout.lastValues = act([worlds.batch])[1].elements()
        return (rollout, episodes)
    }

    /// Where an episode was only cut off, what the state would still have been worth counts as a reward.
    private func rewards(of transition: VectorEnvironment.Transition) -> [Double] {
        guard transition.areTruncated.contains(true) else { return transition.rewards }
        let batch = Tensor(transition.nextObservations.flatMap { $0 }, shape: worlds.batch.shape)
        let values: [Double] = act([batch])[1].elements()
        return transition.rewards.indices.map { copy in
            transition.rewards[copy] + (transition.areTruncated[copy] ? configuration.discount * values[copy] : 0)
        }
    }

    /// An action for each copy, drawn by its probability.
    private func draw(_ logProbabilities: [Double]) -> (actions: [Int], logProbabilities: [Double]) {
        let count = worlds.actionCount
        let drawn = (0..<worlds.count).map { copy -> (Int, Double) in
            let row = Array(logProbabilities[(copy * count)..<((copy + 1) * count)])
            let action = Generator.current.index(weights: row.map(exp), total: 1)
            return (action, row[action])
        }
        return (drawn.map(\.0), drawn.map(\.1))
    }

    // MARK: Learning

    /// Passes over a round's steps in random order; gives the means of loss and entropy.
    private func update(_ rollout: Rollout, clipRange: Double) -> [Double] {
        let advantages = generalizedAdvantages(
            rewards: rollout.rewards, values: rollout.values, ends: rollout.ends, lastValues: rollout.lastValues,
            discount: configuration.discount, decay: configuration.decay
        ).flatMap { $0 }
        let returns = zip(advantages, rollout.values.joined()).map { Float($0 + $1) }
        let (observations, actions) = (Array(rollout.observations.joined()), Array(rollout.actions.joined()))
        let logProbabilities = rollout.logProbabilities.joined().map { Float($0) }

        var (sums, count) = ([0.0, 0.0], 0.0)
        for _ in 0..<configuration.epochs {
            let order = Generator.current.permutation(of: advantages.count)
            for start in stride(from: 0, to: order.count, by: configuration.batchSize) {
                let rows = order[start..<min(start + configuration.batchSize, order.count)]
                let shape = Shape([rows.count] + Array(worlds.observationShape))
                let results = descend([
                    Tensor(rows.flatMap { observations[$0] }, shape: shape), Tensor(rows.map { Int32(actions[$0]) }),
                    Tensor(rows.map { logProbabilities[$0] }), Tensor(normalized(rows.map { advantages[$0] })),
                    Tensor(rows.map { returns[$0] }), Tensor(Float(clipRange)),
                ])
                sums = [sums[0] + results[0].item(), sums[1] + results[1].item()]
                count += 1
            }
        }
        return sums.map { $0 / count }
    }

    /// Of mean 0 and deviation 1.
    private func normalized(_ values: [Double]) -> [Float] {
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))
        return values.map { Float(($0 - mean) / (variance.squareRoot() + 1e-8)) }
    }

    private lazy var descend = compile(network, optimizer) { [unowned self] batch in
        let (actions, old, advantages) = (batch[1].expandingDims(-1), batch[2], batch[3])
        let (loss, entropy, gradients) = valueAndGradients(network) { network in
            let (logits, values) = network.logitsAndValues(batch[0])
            let all = logSoftmax(logits)  // (B, actions)
            let ratio = exp(all.gathered(elements: actions, axis: 1).squeezed(1) - old)  // (B)
            let clipped = minimum(maximum(ratio, 1 - batch[5]), 1 + batch[5])
            let gain = minimum(ratio * advantages, clipped * advantages).mean()
            let entropy = -(exp(all) * all).sum(axes: 1).mean()
            let error = square(values - batch[4]).mean()
            return (configuration.valueWeight * error - gain - configuration.entropyWeight * entropy, entropy)
        }
        optimizer.step(gradients.clipped(norm: configuration.clipNorm))
        return [loss, entropy]
    }

    // MARK: Checkpoints

    public func stateDictionary() throws -> StateDictionary {
        var state: StateDictionary = ["worlds": try worlds.savedState()]
        state.merge(network.stateDictionary().prefixed("network.")) { $1 }
        state.merge(optimizer.stateDictionary().prefixed("optimizer.")) { $1 }
        return state
    }

    public func load(_ state: StateDictionary) throws {
        try network.load(state.unprefixed("network."))
        try optimizer.load(state.unprefixed("optimizer."))
        guard let saved = state["worlds"] else {
            throw FormatError(
                file: "checkpoint", location: "learner", problem: "its worlds are missing", remedy: "train anew")
        }
        try worlds.restore(saved)
    }
}
