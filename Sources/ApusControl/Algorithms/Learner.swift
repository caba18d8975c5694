import ApusNN
import ApusTensor

/// An agent that learns by acting, a round after another: it gathers experience, then learns from it.
///
/// Chance comes from `Generator.current`.
public protocol Learner: AnyObject {
    /// What it would do by now.
    var policy: any DiscretePolicy { get }
    /// Steps in the world that a round takes.
    var stepsPerRound: Int { get }

    /// Does a round.
    ///
    /// - Parameter progress: how much of the training is over, from 0 to 1.
    func learn(progress: Double, learningRate: Double?) throws -> LearningRound

    /// Everything that has to be known to go on.
    func stateDictionary() throws -> StateDictionary

    /// Takes over what `stateDictionary()` gave.
    func load(_ state: StateDictionary) throws
}

/// What a round was like.
public struct LearningRound {
    /// Mean over the updates; nil where there was none.
    public var loss: Double?
    /// Those that ended in this round.
    public var episodes: [VectorEnvironment.Episode]
    /// Other numbers, by name.
    public var metrics: [String: Double]
}
