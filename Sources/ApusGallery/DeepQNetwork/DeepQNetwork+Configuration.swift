import Apus
import Foundation

extension DeepQNetwork {
    /// Everything that a run's results depend on; `config.json` in its folder.
    package struct Configuration: Codable, Hashable {
        var preset: String
        var world: World
        /// Periods between measurements, and rounds in each.
        var epochs: Int
        var rounds: Int
        /// Agents that learn side by side, each with chance of its own.
        var seeds: Int
        var seed: UInt64
        var precision: Precision
        var encoder: ObservationEncoder
        /// Units of the last hidden layers.
        var width: Int
        var isDueling: Bool
        var algorithm: Algorithm
    }

    /// How agents learn.
    package enum Algorithm: Codable, Hashable {
        case deepQ(DeepQLearner.Configuration)
        case proximalPolicy(ProximalPolicyLearner.Configuration)
    }
}

extension DeepQNetwork.Configuration {
    /// What the user said, completed by the recipe of the world and the preset.
    ///
    /// - Throws: `InputError` for settings and options that don't go together.
    package init(_ options: TrainOptions, preset: DeepQNetwork.Preset) throws {
        let name = options.settings.text("world")
        let world = try options.data.map { try World(mapAt: $0) } ?? World(named: name)
        var isAtari = false
        if case .atari = world { isAtari = true }
        let schedule = world.schedule
        self.init(
            preset: preset.rawValue, world: world, epochs: options.epochs ?? schedule.epochs, rounds: schedule.rounds,
            seeds: try options.settings.count("seeds", in: 1...20), seed: options.seed,
            precision: options.precision ?? .float32, encoder: isAtari ? .convolutions : preset.encoder,
            width: isAtari ? 512 : preset.width, isDueling: preset.isDueling,
            algorithm: preset.algorithm(in: world))
        switch algorithm {
        case .deepQ(var recipe):
            recipe.batchSize = options.batchSize ?? recipe.batchSize
            recipe.learningRate = options.learningRate ?? recipe.learningRate
            algorithm = .deepQ(recipe)
        case .proximalPolicy(var recipe):
            recipe.batchSize = options.batchSize ?? recipe.batchSize
            recipe.learningRate = options.learningRate ?? recipe.learningRate
            algorithm = .proximalPolicy(recipe)
        }
    }

    /// A network with new weights.
    package func makePolicy(in environment: any Environment) -> any DiscretePolicy {
        let (shape, count) = (environment.observationShape, environment.actionCount)
        switch algorithm {
        case .deepQ:
            return ValueNetwork(shape, actionCount: count, encoder: encoder, width: width, isDueling: isDueling)
        case .proximalPolicy: return makeActorCritic(in: environment)
        }
    }

    private func makeActorCritic(in environment: any Environment) -> ActorCriticNetwork {
        ActorCriticNetwork(
            environment.observationShape, actionCount: environment.actionCount, encoder: encoder, width: width)
    }

    /// An agent that knows nothing yet. Weights and first episodes come from `Generator.current`.
    func makeLearner(in environment: any Environment) throws -> any Learner {
        switch algorithm {
        case .deepQ(let recipe):
            try DeepQLearner(recipe, in: environment) { makePolicy(in: environment) }
        case .proximalPolicy(let recipe):
            try ProximalPolicyLearner(recipe, in: environment) { makeActorCritic(in: environment) }
        }
    }

    /// The seed of one agent.
    func seed(ofMember member: Int) -> UInt64 { Generator(seed: seed, stream: UInt64(member)).next() }

    /// The agents that a run trained.
    ///
    /// - Throws: as `Module.load(_:architecture:)`.
    func trainedPopulation(in folder: RunFolder, _ environment: any Environment) throws -> Population {
        let population = Population((0..<seeds).map { _ in makePolicy(in: environment) })
        try population.load(folder, architecture: "\(preset) in \(world.title)")
        return population.eval()
    }
}
