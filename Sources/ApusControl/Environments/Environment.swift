import ApusData
import ApusTensor
import Foundation

/// A world in which an agent acts, step by step, by one of finitely many actions: a Markov decision process.
///
/// Environments are values: a copy goes its own way from there. All chance comes from the generator that a call is given.
public protocol Environment {
    /// Shape of one observation.
    var observationShape: Shape { get }
    /// What the actions are called, in the order of their numbers.
    var actionNames: [String] { get }
    /// Steps after which an episode is cut off, as Gymnasium's registered environments have it; nil for never.
    var stepLimit: Int? { get }

    /// What the agent sees now, row-major.
    var observation: [Float] { get }

    /// Begins an episode.
    mutating func reset(_ generator: Generator) throws

    /// Does one action.
    mutating func step(_ action: Int, _ generator: Generator) throws -> Outcome

    /// The world as a picture in RGB.
    func picture() throws -> Image

    /// Everything that `restore` needs to go on from here.
    func savedState() throws -> Data

    /// Goes back to where `savedState()` was.
    mutating func restore(_ state: Data) throws
}

/// What one step led to.
public struct Outcome: Hashable, Sendable {
    /// What the agent is given for it.
    public var reward: Double
    /// Whether the world ends here, so that nothing more can be won or lost.
    public var isTerminal: Bool

    public init(reward: Double, isTerminal: Bool) {
        self.reward = reward
        self.isTerminal = isTerminal
    }
}

extension Environment {
    /// How many actions there are.
    public var actionCount: Int { actionNames.count }
}

extension Environment where Self: Codable {
    /// The environment itself, encoded.
    public func savedState() throws -> Data { try JSONEncoder().encode(self) }

    /// Takes over an encoded environment.
    public mutating func restore(_ state: Data) throws { self = try JSONDecoder().decode(Self.self, from: state) }
}

/// An environment that can be put into any state that an observation describes in full.
public protocol StateSettable: Environment {
    /// Begins an episode where `observation` is seen. The numbers are finite, and as many as an observation has.
    mutating func begin(at observation: [Double])
}
