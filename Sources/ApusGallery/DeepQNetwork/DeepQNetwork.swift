import Apus
import Foundation

/// Learns to act by trying.
public struct DeepQNetwork: System {
    public init() {}

    /// CartPole by default, with the return that training aims at.
    public let card = SystemCard(
        name: "deep-q-network",
        title: "Deep reinforcement learning",
        summary: "An agent acts in a world, is rewarded or not, and learns what to do.",
        references: [
            "DQN: Mnih et al., “Human-level control through deep reinforcement learning”, 2015",
            "Double: van Hasselt, Guez, Silver, “Deep reinforcement learning with double Q-learning”, 2016",
            "Dueling: Wang et al., “Dueling network architectures for deep reinforcement learning”, 2016",
            "Prioritized: Schaul, Quan, Antonoglou, Silver, “Prioritized experience replay”, 2016",
            "PPO: Schulman, Wolski, Dhariwal, Radford, Klimov, “Proximal policy optimization algorithms”, 2017",
        ],
        defaultData: "CartPole-v1 with Gymnasium's dynamics, simulated",
        formats: [
            "A map of a frozen lake as Gymnasium has it: a text file with lines of S (start), F (frozen), H (hole), G (goal)"
        ],
        metric: "mean return of 100 episodes that begin anew, of each seed's agent; the worst seed's beside it",
        target: "a mean return of at least 475 of 500 in CartPole, over 5 seeds of 100 episodes each",
        goal: Goal("return", 475),
        baseline: "random actions; a linear policy found by random search is measured besides",
        limits: [
            "An agent knows the one world that it was trained in.",
            "LunarLander flies as Gymnasium's; its legs are stiff and break at an impact, where Gymnasium's are sprung.",
            "Atari needs Python with ale-py, and far more than ten minutes to play well.",
        ],
        input:
            "whole numbers, each the seed of an episode to play; or CSV files with an observation to begin at in each line (cart-pole, mountain-car, lunar-lander)",
        presets: Preset.allCases.map { .init(name: $0.rawValue, summary: $0.summary) },
        defaultPreset: Preset.prioritized.rawValue,
        settings: [
            Setting(
                "world", "cart-pole", for: .training,
                "where to act: \(World.named.map(\.name).joined(separator: ", ")), or \(World.atariPrefix)GAME with ale-py installed"
            ),
            Setting("seeds", "5", for: .training, "agents that learn side by side, for the curves' intervals"),
            Setting("out", "deep-q-network.png", for: .prediction, "the animated PNG to write"),
        ])

    package enum Preset: String, CaseIterable {
        case dqn, double, dueling, prioritized, ppo

        var summary: String {
            switch self {
            case .dqn: "deep Q-network with experience replay and a target network"
            case .double: "the same with double Q-learning"
            case .dueling: "double, with a dueling network"
            case .prioritized: "double, dueling, with prioritized replay"
            case .ppo: "proximal policy optimization: an actor and a critic"
            }
        }

        var isDueling: Bool { self == .dueling || self == .prioritized }
        var encoder: ObservationEncoder { .perceptron([128]) }
        /// PPO's networks are the paper's, two layers of 64.
        var width: Int { self == .ppo ? 64 : 128 }

        func algorithm(in world: World) -> DeepQNetwork.Algorithm {
            if self == .ppo { return .proximalPolicy(world.proximalPolicy) }
            var recipe = world.deepQ
            recipe.isDouble = self != .dqn
            recipe.priorityExponent = self == .prioritized ? 0.6 : nil
            return .deepQ(recipe)
        }
    }

    /// The layers of a preset's network in CartPole.
    public func summary(preset: String?) throws -> Summary {
        let preset = try self.preset(named: preset)
        var options = TrainOptions(folder: URL(fileURLWithPath: "."))
        options.settings = try SettingValues(of: card, for: .training)
        let environment = CartPole()
        let policy = try Configuration(options, preset: preset).makePolicy(in: environment)
        return Apus.summary(policy, inputShape: [1, 4])
    }

    package func preset(named name: String?) throws -> Preset { Preset(rawValue: try card.preset(named: name).name)! }
}

// MARK: Use

extension DeepQNetwork {
    /// Plays episodes that begin anew with each seed's agent.
    public func evaluate(_ options: EvaluateOptions, output: any SystemOutput) throws -> RunEvent.Finished {
        let folder = try RunFolder.open(options.model)
        let configuration: Configuration = try folder.configuration()
        if let data = options.data {
            throw InputError(
                data.relativePath, "an agent is measured in the world that it was trained in",
                remedy: "Leave --data out")
        }
        let environment = try configuration.world.makeEnvironment()
        let population = try configuration.trainedPopulation(in: folder, environment)
        let measurement = try Measurement(of: population, configuration, environment, output: output)
        measurement.show(to: output)
        return RunEvent.Finished(
            system: name, metrics: measurement.metrics, baseline: measurement.baseline, seconds: output.seconds,
            run: folder.path)
    }

    /// Lets the agent act from where a user says, and shows it as an animation; returns how many inputs could not be used.
    public func predict(_ options: PredictOptions, output: any SystemOutput) throws -> Int {
        let folder = try RunFolder.open(options.model)
        let configuration: Configuration = try folder.configuration()
        let environment = try configuration.world.makeEnvironment()
        let policy = try configuration.trainedPopulation(in: folder, environment).members[0]
        var failureCount = 0
        var rollouts: [Rollout] = []
        var table = TextTable(header: ["Episode", "Return", "Steps"], [.left, .right, .right])
        for input in options.inputs {
            do {
                for start in try Start.parse(input, configuration.world, environment) {
                    let rollout = try Rollout(of: policy, in: environment, from: start)
                    rollouts.append(rollout)
                    output.emit("episode", rollout.event)
                    table.append(start.name, Format.number(rollout.totalReward), Format.count(rollout.actions.count))
                }
            } catch {
                output.fail(error, input: input)
                failureCount += 1
            }
        }
        guard !rollouts.isEmpty else { return failureCount }
        let url = URL(fileURLWithPath: options.settings.text("out"))
        try AtomicFile.write(try rollouts[0].animation(configuration.world, frames: 300), to: url)
        output.show(table.rendered())
        output.show("\nThe first episode, animated: \(url.relativePath)")
        return failureCount
    }
}
