import ApusTensor

/// How a training runs, model and data aside.
public struct TrainerConfiguration: Codable, Hashable, Sendable {
    /// Passes over the data.
    public var epochs: Int
    /// Ends the training early, counting all sessions of a resumed run. The schedule then follows time wherever that is
    /// ahead of steps, so that it ends where it should; two such runs are not equal to the bit.
    public var maximumSeconds: Double?
    /// Decides, with the step's number, all randomness inside of a step.
    public var seed: UInt64
    /// What matrix products and convolutions are computed in. Weights stay float32.
    public var precision: Precision
    /// Batches whose gradients are averaged for one optimizer step.
    public var accumulationSteps: Int
    /// Scales all gradients down to this norm, `√Σ‖g‖²`, where it is greater.
    public var clipNorm: Double?
    /// Limits each element of a gradient to ± this.
    public var clipValue: Double?
    /// Evaluates and keeps an exponential moving average of the weights, with this decay a step.
    public var averageDecay: Double?
    /// Steps between two lines in the metrics' log.
    public var logInterval: Int
    /// Steps between evaluations; by default there is one at each epoch's end.
    public var evaluationInterval: Int?
    /// The evaluation's metric that tells which model is best.
    public var monitor: Monitor?
    /// Evaluations without a better one after which training stops.
    public var patience: Int?
    /// Seconds between checkpoints inside of an epoch; there is one at each epoch's end too.
    public var checkpointSeconds: Double

    /// The metric by which models are compared, and in which direction.
    public struct Monitor: Codable, Hashable, Sendable {
        /// The metric's name in what the evaluation returns.
        public var metric: String
        /// Whether more is better, as with accuracy.
        public var higherIsBetter: Bool

        public init(_ metric: String, higherIsBetter: Bool) {
            self.metric = metric
            self.higherIsBetter = higherIsBetter
        }

        /// Whether a value is better than the best so far. NaN never is.
        func isBetter(_ value: Double, than best: Double?) -> Bool {
            guard let best else { return !value.isNaN }
            return higherIsBetter ? value > best : value < best
        }
    }

    public init(
        epochs: Int, maximumSeconds: Double? = nil, seed: UInt64 = 0, precision: Precision = .float32,
        accumulationSteps: Int = 1, clipNorm: Double? = nil, clipValue: Double? = nil, averageDecay: Double? = nil,
        logInterval: Int = 10, evaluationInterval: Int? = nil, monitor: Monitor? = nil, patience: Int? = nil,
        checkpointSeconds: Double = 120
    ) {
        precondition(epochs >= 0, "TrainerConfiguration: \(epochs) epochs")
        precondition(accumulationSteps > 0, "TrainerConfiguration: \(accumulationSteps) accumulation steps")
        precondition(logInterval > 0, "TrainerConfiguration: a log interval of \(logInterval) steps")
        precondition(evaluationInterval ?? 1 > 0, "TrainerConfiguration: an evaluation interval of no steps")
        precondition(patience == nil || monitor != nil, "TrainerConfiguration: patience needs a metric to monitor")
        self.epochs = epochs
        self.maximumSeconds = maximumSeconds
        self.seed = seed
        self.precision = precision
        self.accumulationSteps = accumulationSteps
        self.clipNorm = clipNorm
        self.clipValue = clipValue
        self.averageDecay = averageDecay
        self.logInterval = logInterval
        self.evaluationInterval = evaluationInterval
        self.monitor = monitor
        self.patience = patience
        self.checkpointSeconds = checkpointSeconds
    }
}
