import Apus
import Foundation

// MARK: Training

extension DeepQNetwork {
    /// Trains agents of several seeds side by side and writes the run's report; nil after an interruption.
    public func train(_ options: TrainOptions, output: any SystemOutput) throws -> RunEvent.Finished? {
        let configuration = try options.configuration {
            try Configuration(options, preset: preset(named: options.preset))
        }
        let environment = try configuration.world.makeEnvironment()
        let step = try PopulationStep(configuration, environment)
        let population = try step.makePopulation()
        let run = try TrainingRun(self, options, configuration: configuration, output: output)

        let trainer = Trainer(
            population, stepping: step,
            TrainerConfiguration(
                epochs: configuration.epochs, seed: configuration.seed, precision: configuration.precision),
            system: name, run: run.folder)
        let rounds = MadeBatches(
            count: configuration.rounds, examplesPerBatch: configuration.stepsPerRound * configuration.seeds
        ) { epoch, round in epoch * configuration.rounds + round }
        let result = try run.fit(trainer, rounds) { population in try step.validate(population) }
        guard result.outcome != .interrupted else { return nil }

        let measurement = try Measurement(of: population, configuration, environment, output: output)
        let report = DeepQNetworkReport(
            card: card, configuration: configuration, environment: environment, population: population,
            measurement: measurement, curves: step.curves, result: result)
        try report.write(to: run.folder)
        measurement.show(to: output)
        return run.finished(measurement.metrics, baseline: measurement.baseline)
    }
}

/// A round of every seed's learner. An agent is kept as it was when it did best in validation: what a network has learned it may lose again.
final class PopulationStep: TrainingStep {
    private let configuration: DeepQNetwork.Configuration
    private let environment: any Environment
    private let learners: [any Learner]
    /// The best validations so far, by member.
    private var bestReturns: [Double]
    /// Mean returns in validation, `[measurement][member]`.
    private(set) var curves: [[Double]] = []

    /// Episodes of a validation; their beginnings are others each time, and none of the last measurement's.
    private static let validationEpisodes = 20

    init(_ configuration: DeepQNetwork.Configuration, _ environment: any Environment) throws {
        self.configuration = configuration
        self.environment = environment
        learners = try (0..<configuration.seeds).map { member in
            try withSeed(configuration.seed(ofMember: member)) { try configuration.makeLearner(in: environment) }
        }
        bestReturns = Array(repeating: -.infinity, count: configuration.seeds)
    }

    /// Agents as the learners are now.
    func makePopulation() throws -> Population {
        Population(
            try learners.map { learner in
                let member = configuration.makePolicy(in: environment)
                try member.load(learner.policy.stateDictionary())
                return member
            })
    }

    func take(_ round: Int, model: Population, learningRate: Double?) throws -> StepOutcome {
        let progress = Double(round) / Double(configuration.epochs * configuration.rounds)
        let results = try learners.enumerated().map { member, learner in
            let generator = Generator(seed: configuration.seed(ofMember: member), stream: UInt64(round) + 1)
            return try withGenerator(generator) { try learner.learn(progress: progress, learningRate: learningRate) }
        }
        var metrics = results[0].metrics
        let episodes = results.flatMap(\.episodes)
        if !episodes.isEmpty { metrics["trainingReturn"] = episodes.meanReturn }
        return StepOutcome(loss: results.compactMap(\.loss).mean, metrics: metrics)
    }

    /// Lets every learner's agent play, and keeps those that never did better.
    func validate(_ population: Population) throws -> [String: Double] {
        let count = configuration.isAtari ? 2 : Self.validationEpisodes
        let returns = try learners.enumerated().map { member, learner in
            let seed = Generator(seed: configuration.seed(ofMember: member), stream: UInt64.max - UInt64(curves.count))
            return try playGreedily(learner.policy, in: environment, count: count, seed: seed.next()).meanReturn
        }
        for (member, value) in returns.enumerated() where value >= bestReturns[member] {
            bestReturns[member] = value
            try population.members[member].load(learners[member].policy.stateDictionary())
        }
        curves.append(returns)
        return ["return": returns.mean, "worstReturn": returns.min() ?? 0]
    }

    // MARK: Checkpoints

    func stateDictionary() throws -> StateDictionary {
        var state: StateDictionary = ["best": Tensor(bestReturns, dtype: .float64)]
        if !curves.isEmpty {
            state["curves"] = Tensor(curves.flatMap { $0 }, shape: [curves.count, learners.count], dtype: .float64)
        }
        for (member, learner) in learners.enumerated() {
            try state.merge(learner.stateDictionary().prefixed("learners.\(member).")) { $1 }
        }
        return state
    }

    func load(_ state: StateDictionary) throws {
        bestReturns = state["best"]?.elements() ?? bestReturns
        let values: [Double] = state["curves"]?.elements() ?? []
        curves = stride(from: 0, to: values.count, by: learners.count).map { Array(values[$0..<($0 + learners.count)]) }
        for (member, learner) in learners.enumerated() { try learner.load(state.unprefixed("learners.\(member).")) }
    }
}
