import Apus
import Foundation

extension DeepQNetwork {
    /// How the agents of all seeds do, beside two simple methods.
    struct Measurement {
        /// Total rewards: `[member][episode]`.
        let returns: [[Double]]
        let lengths: [[Int]]
        /// Of random actions.
        let randomReturns: [Double]
        /// Of the best linear policy that random search finds in as many steps; nil where observations are pictures.
        let linearReturns: [Double]?

        /// As many as the literature has.
        static let episodeCount = 100
        /// Apart from all seeds of training and validation.
        private static let seed: UInt64 = 0x5EED_7E57

        init(
            of population: Population, _ configuration: Configuration, _ environment: any Environment,
            output: any SystemOutput
        ) throws {
            let count = configuration.isAtari ? 5 : Self.episodeCount
            let bar = output.progressBar("Evaluating", total: population.members.count, unit: "agents")
            bar.start(at: 0)
            var episodes: [[VectorEnvironment.Episode]] = []
            for (member, policy) in population.members.enumerated() {
                let seed = Self.seed &+ UInt64(member)
                episodes.append(try playGreedily(policy, in: environment, count: count, seed: seed))
                bar.update(completed: member + 1)
            }
            bar.finish()
            returns = episodes.map { $0.map(\.totalReward) }
            lengths = episodes.map { $0.map(\.length) }

            let generator = Generator(seed: configuration.seed, stream: 1)
            let random = try playEpisodes(in: environment, count: count, seed: Self.seed) { batch in
                (0..<batch.shape[0]).map { _ in generator.integer(below: environment.actionCount) }
            }
            randomReturns = random.map(\.totalReward)
            linearReturns =
                try configuration.isAtari
                ? nil
                : withSeed(configuration.seed) {
                    let policy = try LinearSearch.policy(in: environment, steps: configuration.stepCount)
                    return try playEpisodes(in: environment, count: count, seed: Self.seed, choose: policy.actions)
                        .map(\.totalReward)
                }
        }

        /// Of each member.
        var means: [Double] { returns.map(\.mean) }

        var metrics: [String: Double] {
            [
                "return": means.mean, "worstReturn": means.min() ?? 0,
                "episodeLength": lengths.flatMap { $0 }.map(Double.init).mean,
            ]
        }

        var baseline: [String: Double] { ["return": randomReturns.mean] }

        func show(to output: any SystemOutput) {
            var table = TextTable(
                header: ["Mean return of \(returns[0].count) episodes", "", "Worst seed", "Best seed"],
                [.left, .right, .right, .right])
            table.append(
                "\(returns.count == 1 ? "This agent" : "These agents, \(returns.count) seeds")",
                Format.number(means.mean),
                Format.number(means.min() ?? 0), Format.number(means.max() ?? 0))
            table.append("Random actions", Format.number(randomReturns.mean), "", "")
            if let linearReturns {
                table.append("Linear policy, random search", Format.number(linearReturns.mean), "", "")
            }
            output.show(table.rendered())
        }
    }
}

extension DeepQNetwork.Configuration {
    var isAtari: Bool { encoder == .convolutions }

    /// Steps in the world that each agent learns from.
    var stepCount: Int { epochs * rounds * stepsPerRound }

    var stepsPerRound: Int {
        switch algorithm {
        case .deepQ(let recipe): recipe.stepsPerRound
        case .proximalPolicy(let recipe): recipe.copies * recipe.horizon
        }
    }
}

extension [Double] {
    var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }
}

/// Whole episodes of what a network thinks best.
func playGreedily(_ policy: some DiscretePolicy, in environment: any Environment, count: Int, seed: UInt64) throws
    -> [VectorEnvironment.Episode]
{
    let scores = compile(policy) { policy.scores($0) }
    return try playEpisodes(in: environment, count: count, seed: seed) { greedyActions(scores($0)) }
}

/// `argmaxₐ (W s + b)ₐ` with the best of many random W and b: the simple method that some worlds need no more than.
///
/// Reference: Mania, Guy and Recht, “Simple random search provides a competitive approach to reinforcement learning”, 2018.
struct LinearSearch {
    /// (actions, observation + 1)
    let weights: Tensor

    private static let trialEpisodes = 5

    func actions(_ batch: Tensor) -> [Int] {
        let x = batch.flattened(from: 1)
        let ones = Tensor.ones([x.shape[0], 1])
        return greedyActions(matmul(concatenate([x, ones], axis: 1), weights.T))
    }

    /// Tries random weights in some episodes each until as many steps are used up as an agent may take.
    static func policy(in environment: any Environment, steps: Int) throws -> LinearSearch {
        let shape: Shape = [environment.actionCount, environment.observationShape.elementCount + 1]
        var best = (policy: LinearSearch(weights: .normal(shape)), value: -Double.infinity)
        var used = 0
        while used < steps {
            let candidate = LinearSearch(weights: .normal(shape))
            let episodes = try playEpisodes(
                in: environment, count: trialEpisodes, seed: Generator.current.next(), choose: candidate.actions)
            used += episodes.map(\.length).reduce(0, +)
            if episodes.meanReturn > best.value { best = (candidate, episodes.meanReturn) }
        }
        return best.policy
    }
}
