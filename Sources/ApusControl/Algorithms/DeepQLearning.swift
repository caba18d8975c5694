import ApusData
import ApusIO
import ApusNN
import ApusOptim
import ApusTensor
import ApusTrain

/// Q-learning with a network: `Q(s, a)` moves to `r + γ maxₐ′ Q(s′, a′; θ⁻)`, where θ⁻ are older weights.
///
/// References: Mnih et al., “Human-level control through deep reinforcement learning”, 2015; double: van Hasselt, Guez and Silver, “Deep
/// reinforcement learning with double Q-learning”, 2016; prioritized: Schaul et al., 2016. Dueling is a matter of the network.
public final class DeepQLearner: Learner {
    /// What the algorithm's results depend on, the network aside.
    public struct Configuration: Codable, Hashable, Sendable {
        /// γ
        public var discount = 0.99
        /// Whether the online network chooses the next action and the older weights only tell its value.
        public var isDouble = true
        /// α of prioritized replay; nil for equal chances.
        public var priorityExponent: Double?
        /// β at the beginning; it rises to 1.
        public var correction = 0.4
        /// Transitions that are kept.
        public var capacity = 50_000
        /// Whether observations are pixels in [0, 1].
        public var isPixels = false
        /// Transitions before the first update.
        public var learningStart = 1_000
        /// Worlds at once.
        public var copies = 8
        /// Steps of all worlds together in a round.
        public var stepsPerRound = 256
        /// Updates in a round.
        public var updatesPerRound = 128
        /// Transitions an update.
        public var batchSize = 64
        /// Updates after which θ⁻ are set to the online weights.
        public var targetInterval = 128
        /// Share of random actions at the end of exploration; it begins with 1.
        public var lastExploration = 0.04
        /// Share of the training over which exploration falls.
        public var explorationShare = 0.16
        /// Adam's at the beginning; it falls to 0, so that what is learned late does not undo what was learned before.
        public var learningRate = 1e-3
        /// The gradient's norm is scaled down to this.
        public var clipNorm = 10.0
        /// Rewards are limited to [−1, 1] for learning, as for Atari.
        public var clipsRewards = false

        public init() {}
    }

    private let configuration: Configuration
    private let online: any DiscretePolicy
    private let target: any DiscretePolicy
    private let optimizer: Adam
    private var worlds: VectorEnvironment
    private var replay: ReplayBuffer
    private var updateCount = 0

    /// - Parameter makeNetwork: gives a new network of (B, actions) values.
    public init(
        _ configuration: Configuration, in environment: any Environment, makeNetwork: () -> any DiscretePolicy
    ) throws {
        self.configuration = configuration
        online = makeNetwork()
        target = makeNetwork()
        try target.load(online.stateDictionary())
        optimizer = Adam(online, learningRate: configuration.learningRate)
        worlds = try VectorEnvironment(environment, count: configuration.copies, .current)
        replay = ReplayBuffer(
            capacity: configuration.capacity, observationShape: environment.observationShape,
            isPixels: configuration.isPixels, priorityExponent: configuration.priorityExponent)
    }

    public var policy: any DiscretePolicy { online }
    public var stepsPerRound: Int { configuration.stepsPerRound }

    public func learn(progress: Double, learningRate: Double?) throws -> LearningRound {
        optimizer.learningRate = (learningRate ?? configuration.learningRate) * (1 - progress)
        let explored = min(1, progress / configuration.explorationShare)
        let exploration = 1 + (configuration.lastExploration - 1) * explored
        let episodes = try explore(exploration)
        let loss = replay.count >= configuration.learningStart ? update(progress: progress) : nil
        return LearningRound(loss: loss, episodes: episodes, metrics: ["exploration": exploration])
    }

    // MARK: Acting

    private lazy var scores = compile(online) { [online] in online.scores($0) }

    /// ε-greedy: a random action with probability ε, else the best one.
    private func explore(_ epsilon: Double) throws -> [VectorEnvironment.Episode] {
        let generator = Generator.current
        var episodes: [VectorEnvironment.Episode] = []
        for _ in 0..<max(1, configuration.stepsPerRound / worlds.count) {
            let best = epsilon < 1 ? greedyActions(scores(worlds.batch)) : []
            let actions = (0..<worlds.count).map { copy in
                generator.unit() < epsilon ? generator.integer(below: worlds.actionCount) : best[copy]
            }
            let observations = worlds.observations
            let transition = try worlds.step(actions, generator)
            for copy in observations.indices {
                let reward = transition.rewards[copy]
                replay.append(
                    observations[copy], action: actions[copy],
                    reward: configuration.clipsRewards ? min(max(reward, -1), 1) : reward,
                    isTerminal: transition.areTerminal[copy], next: transition.nextObservations[copy])
            }
            episodes += transition.finished.map(\.episode)
        }
        return episodes
    }

    // MARK: Learning

    /// Some updates; gives their mean loss.
    private func update(progress: Double) -> Double {
        let correction = configuration.correction + (1 - configuration.correction) * progress
        var losses = 0.0
        for _ in 0..<configuration.updatesPerRound {
            let batch = replay.sample(configuration.batchSize, correction: correction, .current)
            let results = descend([
                batch.observations, batch.actions, batch.rewards, batch.continues, batch.nextObservations,
                batch.weights,
            ])
            replay.update(batch.indices, errors: results[1].elements())
            losses += results[0].item()
            updateCount += 1
            if updateCount % configuration.targetInterval == 0 { synchronize() }
        }
        return losses / Double(configuration.updatesPerRound)
    }

    private lazy var descend = compile(online, target, optimizer) { [unowned self] batch in
        let (states, actions, rewards) = (batch[0], batch[1].expandingDims(-1), batch[2])
        let older = target.scores(batch[4])  // (B, actions)
        let targets = qLearningTargets(
            rewards: rewards, continues: batch[3], discount: configuration.discount, values: older,
            choosing: configuration.isDouble ? online.scores(batch[4]) : older)
        let (loss, errors, gradients) = valueAndGradients(online) { network in
            let values = network.scores(states).gathered(elements: actions, axis: 1).squeezed(1)  // (B)
            let losses = huber(values, targets, reduction: .none) * batch[5]
            return (losses.mean(), values - targets)
        }
        optimizer.step(gradients.clipped(norm: configuration.clipNorm))
        return [loss, errors]
    }

    private func synchronize() {
        for (old, new) in zip(target.namedParameters, online.namedParameters) { old.slot.tensor = new.slot.tensor }
    }

    // MARK: Checkpoints

    public func stateDictionary() throws -> StateDictionary {
        var state: StateDictionary = [
            "worlds": try worlds.savedState(), "updates": Tensor([updateCount]),
        ]
        for (name, part) in [
            ("online.", online.stateDictionary()), ("target.", target.stateDictionary()),
            ("optimizer.", optimizer.stateDictionary()), ("replay.", replay.stateDictionary()),
        ] { state.merge(part.prefixed(name)) { $1 } }
        return state
    }

    public func load(_ state: StateDictionary) throws {
        try online.load(state.unprefixed("online."))
        try target.load(state.unprefixed("target."))
        try optimizer.load(state.unprefixed("optimizer."))
        try replay.load(state.unprefixed("replay."))
        guard let saved = state["worlds"], let updates = state["updates"] else {
            throw FormatError(
                file: "checkpoint", location: "learner", problem: "its worlds are missing", remedy: "train anew")
        }
        try worlds.restore(saved)
        updateCount = updates.item(as: Int.self)
    }
}

/// `r + γ Q(s′, argmaxₐ C(s′, a))`, where the world goes on: with the values themselves for C the target of Q-learning, with the online
/// network's that of double Q-learning.
///
/// - Parameters:
///   - continues: (B), 0 where the world ended.
///   - values: (B, actions) of the next states, by the older weights.
///   - choice: (B, actions), what chooses among them.
/// - Returns: (B)
package func qLearningTargets(
    rewards: Tensor, continues: Tensor, discount: Double, values: Tensor, choosing choice: Tensor
) -> Tensor {
    let best = choice.argMax(axis: 1, keepingAxes: true)  // (B, 1)
    return rewards + discount * continues * values.gathered(elements: best, axis: 1).squeezed(1)
}
