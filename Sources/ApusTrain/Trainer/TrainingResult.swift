import ApusTensor

/// How a training ended.
public struct TrainingResult: Hashable, Sendable {
    /// Why a training ended.
    public enum Outcome: String, Codable, Hashable, Sendable {
        case completed
        /// Evaluations got no better for as long as the patience lasted.
        case stoppedEarly
        case timeIsUp
        case stoppedByCallback
        /// By the user; the run can be resumed.
        case interrupted
    }

    /// Why the training ended.
    public var outcome: Outcome
    /// The evaluation of the model as it is now: the best one where a metric is monitored.
    public var metrics: [String: Double]
    /// Epochs that are complete, in all sessions of the run.
    public var epochs: Int
    /// Optimizer steps done, in all sessions of the run.
    public var steps: Int
    /// In all sessions of the run.
    public var seconds: Double
}

/// Where a run stands and what it remembers, tensors aside. Saved with every checkpoint.
package struct TrainingState: Codable, Hashable {
    package var position = TrainingPosition()
    var seconds = 0.0
    /// Over the steps of this epoch.
    var epochLoss = Mean()
    /// The run's seconds when the epoch began.
    var epochSeconds = 0.0
    /// Of the last step.
    var lastLoss: Double?
    /// Of the last evaluation, and of the best.
    var metrics: [String: Double] = [:]
    var bestMetrics: [String: Double] = [:]
    var bestValue: Double?
    var evaluationsSinceBest = 0
    var evaluatedStep: Int?
    var batchesSeen = 0
    /// Set once training is over before its last epoch.
    var outcome: TrainingResult.Outcome?
}
