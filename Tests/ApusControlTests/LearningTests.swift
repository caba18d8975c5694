import ApusControl
import ApusNN
import ApusTensor
import Foundation
import Testing

private final class Table: Module, DiscretePolicy {
    let layer: Linear
    init(_ states: Int, _ actions: Int) { layer = Linear(states, actions) }
    func scores(_ observations: Tensor) -> Tensor { layer(observations) }
}

private final class TwoTables: Module, ActorCritic {
    let actor: Linear, critic: Linear
    init(_ states: Int, _ actions: Int) { (actor, critic) = (Linear(states, actions), Linear(states, 1)) }
    func logitsAndValues(_ observations: Tensor) -> (logits: Tensor, values: Tensor) {
        (actor(observations), critic(observations).squeezed(1))
    }
}

@Suite struct SumTreeTests {
    @Test func placesAreFoundByTheirShare() {
        var tree = SumTree(count: 5)
        let weights = [1.0, 0, 2.5, 0.5, 3]
        for (index, weight) in weights.enumerated() { tree[index] = weight }
        #expect(tree.total == 7)
        var start = 0.0
        for (index, weight) in weights.enumerated() where weight > 0 {
            #expect(tree.place(at: start) == index)
            #expect(tree.place(at: start + weight * 0.999) == index)
            start += weight
        }
        #expect(tree.place(at: 7) == 4, "a point past the end")
        tree[2] = 0
        #expect(tree.total == 4.5 && tree[2] == 0)
        #expect(tree.place(at: 1) == 3)
        var single = SumTree(count: 1)
        single[0] = 2
        #expect(single.place(at: 1.5) == 0)
    }
}

@Suite struct ReplayTests {
    private func filled(_ exponent: Double?, isPixels: Bool = false, count: Int = 6) -> ReplayBuffer {
        var buffer = ReplayBuffer(
            capacity: 4, observationShape: [2], isPixels: isPixels, priorityExponent: exponent)
        for i in 0..<count {
            let x = Float(i) / 255
            buffer.append([x, 1], action: i, reward: Double(i), isTerminal: i == 4, next: [x + 1 / 255, 0])
        }
        return buffer
    }

    @Test(arguments: [false, true])
    func theOldestMakeRoom(_ isPixels: Bool) {
        let buffer = filled(nil, isPixels: isPixels)
        #expect(buffer.count == 4)
        let batch = buffer.sample(200, correction: 0, Generator(seed: 1))
        let actions: [Int] = batch.actions.elements()
        #expect(Set(actions) == [2, 3, 4, 5])
        let rewards: [Double] = batch.rewards.elements()
        #expect(rewards == actions.map(Double.init))
        let continues: [Double] = batch.continues.elements()
        #expect(continues == actions.map { $0 == 4 ? 0 : 1 })
        let now: [Float] = batch.observations.elements()
        let next: [Float] = batch.nextObservations.elements()
        for (row, action) in actions.enumerated() {
            let value = Float(action) / 255
            #expect(abs(now[2 * row] - value) < 1e-6)
            #expect(now[2 * row + 1] == 1)
            #expect(abs(next[2 * row] - value - 1 / 255) < 1e-6)
            #expect(next[2 * row + 1] == 0)
        }
        #expect(batch.weights.elements() == [Float](repeating: 1, count: 200))
    }

    /// Chances and weights are those of the paper's equations.
    @Test func prioritiesDecideHowOftenOneIsDrawn() {
        let alpha = 0.7
        var buffer = filled(alpha, count: 4)
        let errors: [Float] = [0.1, -2, 1, 0.5]
        buffer.update([0, 1, 2, 3], errors: errors)
        let powers = errors.map { pow(Double(abs($0)) + 1e-6, alpha) }
        let shares = powers.map { $0 / powers.reduce(0, +) }
        let batch = buffer.sample(20_000, correction: 0.5, Generator(seed: 2))
        let weights: [Double] = batch.weights.elements()
        let largest = shares.map { pow(4 * $0, -0.5) }.max()!
        for index in 0..<4 {
            let frequency = Double(batch.indices.count { $0 == index }) / 20_000
            #expect(abs(frequency - shares[index]) < 0.002)
            let row = batch.indices.firstIndex(of: index)!
            let weight = pow(4 * shares[index], -0.5) / largest
            #expect(abs(weights[row] - weight) < 1e-6)
        }
    }

    @Test(arguments: [nil, 0.6])
    func savedBuffersGoOnTheSameWay(_ exponent: Double?) throws {
        var buffer = filled(exponent)
        buffer.update([0, 2], errors: [3, 0.2])
        var copy = ReplayBuffer(capacity: 4, observationShape: [2], priorityExponent: exponent)
        try copy.load(buffer.stateDictionary())
        for _ in 0..<2 {
            let (a, b) = (
                buffer.sample(50, correction: 0.4, Generator(seed: 5)),
                copy.sample(50, correction: 0.4, Generator(seed: 5))
            )
            #expect(a.indices == b.indices)
            #expect(a.observations.elements() as [Float] == b.observations.elements() as [Float])
            #expect(a.weights.elements() as [Float] == b.weights.elements() as [Float])
            buffer.append([9, 9], action: 1, reward: 1, isTerminal: false, next: [8, 8])
            copy.append([9, 9], action: 1, reward: 1, isTerminal: false, next: [8, 8])
        }
        var other = ReplayBuffer(capacity: 5, observationShape: [2], priorityExponent: exponent)
        #expect(throws: (any Error).self) { try other.load(buffer.stateDictionary()) }
    }
}

@Suite struct LearnerTests {
    private let world = GridWorld.frozenLake(isSlippery: false)

    private func learner(_ name: String) throws -> any Learner {
        if name == "ppo" {
            var recipe = ProximalPolicyLearner.Configuration()
            (recipe.learningRate, recipe.entropyWeight, recipe.decay) = (0.05, 0.01, 0.95)
            return try ProximalPolicyLearner(recipe, in: world) { TwoTables(16, 4) }
        }
        var recipe = DeepQLearner.Configuration()
        recipe.isDouble = name != "dqn"
        recipe.priorityExponent = name == "prioritized" ? 0.6 : nil
        (recipe.learningRate, recipe.learningStart, recipe.capacity, recipe.updatesPerRound) = (0.02, 256, 4_000, 64)
        (recipe.explorationShare, recipe.targetInterval) = (0.8, 64)
        return try DeepQLearner(recipe, in: world) { Table(16, 4) }
    }

    /// A table for a network is enough for a lake without slipping: all find the way to the goal.
    @Test(arguments: ["dqn", "double", "prioritized", "ppo"])
    func theLakeIsCrossed(_ name: String) throws {
        try withSeed(4) {
            let learner = try learner(name)
            for round in 0..<60 { _ = try learner.learn(progress: Double(round) / 60, learningRate: nil) }
            let policy = learner.policy
            let episodes = try playEpisodes(in: world, count: 3, seed: 1) { greedyActions(policy.scores($0)) }
            #expect(episodes.meanReturn == 1)
        }
    }

    @Test(arguments: ["prioritized", "ppo"])
    func savedLearnersGoOnTheSameWay(_ name: String) throws {
        let first = try withSeed(4) { try learner(name) }
        for round in 0..<3 { _ = try withSeed(UInt64(round)) { try first.learn(progress: 0.1, learningRate: nil) } }
        let second = try withSeed(5) { try learner(name) }
        try second.load(first.stateDictionary())
        for round in 0..<3 {
            let (a, b) = (
                try withSeed(UInt64(round)) { try first.learn(progress: 0.5, learningRate: nil) },
                try withSeed(UInt64(round)) { try second.learn(progress: 0.5, learningRate: nil) }
            )
            #expect(a.loss == b.loss && a.episodes == b.episodes)
        }
        for (a, b) in zip(first.policy.namedParameters, second.policy.namedParameters) {
            #expect(a.slot.tensor!.elements() as [Float] == b.slot.tensor!.elements() as [Float])
        }
    }

    /// Double Q-learning lets one network choose and the other tell the value.
    @Test func targetsAreThoseOfThePapers() {
        let rewards = Tensor([1, -2, 0.5] as [Float])
        let continues = Tensor([1, 1, 0] as [Float])
        let older = Tensor([[1, 5], [3, -1], [7, 9]] as [[Float]])
        let online = Tensor([[2, 1], [0, 4], [1, 0]] as [[Float]])
        func targets(_ choice: Tensor) -> [Float] {
            qLearningTargets(rewards: rewards, continues: continues, discount: 0.5, values: older, choosing: choice)
                .elements()
        }
        #expect(targets(older) == [3.5, -0.5, 0.5])
        #expect(targets(online) == [1.5, -2.5, 0.5])
    }
}
