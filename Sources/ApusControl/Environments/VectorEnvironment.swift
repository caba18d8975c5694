import ApusData
import ApusIO
import ApusTensor
import Foundation

/// Several copies of an environment that step at once. An episode that is over begins anew in the same step.
public struct VectorEnvironment {
    /// What an agent may look at and draw; to be changed by `step` alone.
    public private(set) var environments: [any Environment]
    /// What each sees now, one after another.
    public private(set) var observations: [[Float]] = []
    private var running: [Episode]

    /// An episode that is over.
    public struct Episode: Codable, Hashable, Sendable {
        /// The sum of its rewards.
        public var totalReward = 0.0
        /// Its steps.
        public var length = 0
    }

    /// What a step of all led to; each array has an element for each copy.
    public struct Transition {
        public var rewards: [Double]
        /// Where the world ended.
        public var areTerminal: [Bool]
        /// Where the episode was cut off by its limit. The world would have gone on: what comes after still counts.
        public var areTruncated: [Bool]
        /// What was seen after the action, before an episode that is over began anew.
        public var nextObservations: [[Float]]
        /// The episodes that are over, with the number of the copy.
        public var finished: [(copy: Int, episode: Episode)]
    }

    /// Begins an episode in each copy.
    public init(_ environment: any Environment, count: Int, _ generator: Generator) throws {
        precondition(count > 0, "VectorEnvironment: \(count) copies")
        environments = Array(repeating: environment, count: count)
        running = Array(repeating: Episode(), count: count)
        for copy in 0..<count { try environments[copy].reset(generator) }
        observations = environments.map(\.observation)
    }

    /// How many copies there are.
    public var count: Int { environments.count }
    /// Shape of one observation.
    public var observationShape: Shape { environments[0].observationShape }
    /// How many actions there are.
    public var actionCount: Int { environments[0].actionCount }

    /// (N, …): what all see now.
    public var batch: Tensor {
        Tensor(observations.flatMap { $0 }, shape: Shape([count] + Array(observationShape)))
    }

    /// Does an action in each copy.
    public mutating func step(_ actions: [Int], _ generator: Generator) throws -> Transition {
        precondition(actions.count == count, "VectorEnvironment: \(actions.count) actions for \(count) copies")
        var transition = Transition(
            rewards: [], areTerminal: [], areTruncated: [], nextObservations: [], finished: [])
        for copy in environments.indices {
            let outcome = try environments[copy].step(actions[copy], generator)
            running[copy].totalReward += outcome.reward
            running[copy].length += 1
            let isCut = !outcome.isTerminal && environments[copy].stepLimit == running[copy].length
            transition.rewards.append(outcome.reward)
            transition.areTerminal.append(outcome.isTerminal)
            transition.areTruncated.append(isCut)
            transition.nextObservations.append(environments[copy].observation)
            if outcome.isTerminal || isCut {
                transition.finished.append((copy, running[copy]))
                running[copy] = Episode()
                try environments[copy].reset(generator)
            }
            observations[copy] = environments[copy].observation
        }
        return transition
    }
}

// MARK: Checkpoints

extension VectorEnvironment {
    private struct Saved: Codable {
        var states: [Data]
        var running: [Episode]
    }

    /// Everything that `restore` needs to go on from here, as bytes.
    public func savedState() throws -> Tensor {
        let saved = Saved(states: try environments.map { try $0.savedState() }, running: running)
        return Tensor([UInt8](try JSONEncoder().encode(saved)))
    }

    /// Goes back to where `savedState()` was.
    public mutating func restore(_ state: Tensor) throws {
        let bytes: [UInt8] = state.elements()
        let saved = try JSONDecoder().decode(Saved.self, from: Data(bytes))
        guard saved.states.count == count else {
            throw FormatError(
                file: "checkpoint", location: "environments",
                problem: "it has \(saved.states.count) environments, the run \(count)", remedy: "train anew")
        }
        for copy in environments.indices { try environments[copy].restore(saved.states[copy]) }
        running = saved.running
        observations = environments.map(\.observation)
    }
}
