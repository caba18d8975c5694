import ApusNN

/// Where a run stands.
public struct TrainingPosition: Codable, Hashable, Sendable {
    /// Counted from 0.
    public var epoch = 0
    /// Batches of this epoch that are used up.
    public var batch = 0
    /// Optimizer steps done since the run's beginning.
    public var step = 0

    public init() {}
}

/// Something to do at certain moments of a training. Each has a default that does nothing.
///
/// An error ends the training; it keeps its last checkpoint.
public protocol TrainerCallback: AnyObject {
    func epochBegins(_ position: TrainingPosition, model: Module) throws
    func stepBegins(_ position: TrainingPosition, model: Module) throws
    /// - Parameter loss: of the step that was just done; `position` counts it.
    func stepEnds(_ position: TrainingPosition, model: Module, loss: Double) throws
    /// - Parameter metrics: what was evaluated at the end of the epoch, and its mean training loss under `trainingLoss`.
    func epochEnds(_ position: TrainingPosition, model: Module, metrics: [String: Double]) throws

    /// Asked after each step; true ends the training as if its epochs were over.
    var wantsToStop: Bool { get }
}

extension TrainerCallback {
    /// Does nothing by default.
    public func epochBegins(_ position: TrainingPosition, model: Module) throws {}
    /// Does nothing by default.
    public func stepBegins(_ position: TrainingPosition, model: Module) throws {}
    /// Does nothing by default.
    public func stepEnds(_ position: TrainingPosition, model: Module, loss: Double) throws {}
    /// Does nothing by default.
    public func epochEnds(_ position: TrainingPosition, model: Module, metrics: [String: Double]) throws {}
    /// False by default, so that training goes on.
    public var wantsToStop: Bool { false }
}
