/// What happens during a run, in the order in which it happens.
///
/// One event is one JSON object with its kind under `event` and its fields beside it:
/// `{"event":"step","step":12,"epoch":0,…}`. Programs that follow a run read these lines; a person sees the same events as
/// a progress bar.
public enum RunEvent: Hashable, Sendable {
    case started(Started)
    case epoch(Epoch)
    case step(Step)
    case evaluation(Evaluation)
    case checkpoint(Checkpoint)
    case warning(Warning)
    case interrupted(Interrupted)
    case finished(Finished)

    /// Training begins, or goes on from a checkpoint.
    public struct Started: Codable, Hashable, Sendable {
        /// What is trained, by name.
        public var system: String
        /// The seed of the run's randomness.
        public var seed: UInt64
        /// Passes over the data, where that is known.
        public var epochs: Int?
        /// All of the run's optimizer steps, where that is known.
        public var steps: Int?
        /// How many numbers the model's parameters hold.
        public var parameters: Int
        /// Where a resumed run goes on, else 0.
        public var fromStep: Int
        /// The run folder's path, where there is one.
        public var run: String?

        public init(
            system: String, seed: UInt64, epochs: Int?, steps: Int?, parameters: Int, fromStep: Int = 0,
            run: String? = nil
        ) {
            self.system = system
            self.seed = seed
            self.epochs = epochs
            self.steps = steps
            self.parameters = parameters
            self.fromStep = fromStep
            self.run = run
        }
    }

    /// An epoch is over. Epochs are counted from 0.
    public struct Epoch: Codable, Hashable, Sendable {
        /// Which epoch ended, from 0.
        public var epoch: Int
        /// Optimizer steps done so far in the run.
        public var step: Int
        /// Values by name, such as the epoch's mean training loss.
        public var metrics: [String: Double]
        /// Seconds that the epoch took.
        public var seconds: Double

        public init(epoch: Int, step: Int, metrics: [String: Double], seconds: Double) {
            self.epoch = epoch
            self.step = step
            self.metrics = metrics
            self.seconds = seconds
        }
    }

    /// An optimizer step is done. `step` counts the steps done so far, from 1.
    public struct Step: Codable, Hashable, Sendable {
        /// Optimizer steps done so far in the run, from 1.
        public var step: Int
        /// The epoch that the step belongs to, from 0.
        public var epoch: Int
        /// Values by name, such as the loss.
        public var metrics: [String: Double]
        /// Examples per second since the event before, where batches say how many examples they hold.
        public var rate: Double?
        /// Seconds of training so far, in all sessions of the run.
        public var seconds: Double

        public init(step: Int, epoch: Int, metrics: [String: Double], rate: Double?, seconds: Double) {
            self.step = step
            self.epoch = epoch
            self.metrics = metrics
            self.rate = rate
            self.seconds = seconds
        }
    }

    /// The model was measured on data that it isn't trained on.
    public struct Evaluation: Codable, Hashable, Sendable {
        /// Optimizer steps done so far in the run.
        public var step: Int
        /// The epoch in which the evaluation took place, from 0.
        public var epoch: Int
        /// What was measured, by name.
        public var metrics: [String: Double]
        /// Whether no evaluation before was better.
        public var isBest: Bool

        public init(step: Int, epoch: Int, metrics: [String: Double], isBest: Bool) {
            self.step = step
            self.epoch = epoch
            self.metrics = metrics
            self.isBest = isBest
        }
    }

    /// A checkpoint is on the disk.
    public struct Checkpoint: Codable, Hashable, Sendable {
        /// Optimizer steps that the checkpoint holds.
        public var step: Int
        /// The checkpoint file's path.
        public var path: String

        public init(step: Int, path: String) {
            self.step = step
            self.path = path
        }
    }

    /// Something that the user should know and that stops nothing.
    public struct Warning: Codable, Hashable, Sendable {
        /// What is the matter, for a person to read.
        public var message: String

        public init(message: String) { self.message = message }
    }

    /// The user asked the run to stop. It is saved and can be resumed.
    public struct Interrupted: Codable, Hashable, Sendable {
        /// Optimizer steps done so far in the run.
        public var step: Int
        /// The run folder's path, where there is one.
        public var run: String?
        /// How to go on, for a person to read.
        public var message: String

        public init(step: Int, run: String?, message: String) {
            self.step = step
            self.run = run
            self.message = message
        }
    }

    /// The last event of a command that did what it was asked.
    public struct Finished: Codable, Hashable, Sendable {
        /// What was trained or measured, by name.
        public var system: String
        /// What was reached, by name.
        public var metrics: [String: Double]
        /// What the honest simple method reaches in the same metrics.
        public var baseline: [String: Double]
        /// Seconds that it took.
        public var seconds: Double
        /// The run folder's path, where there is one.
        public var run: String?

        public init(
            system: String, metrics: [String: Double], baseline: [String: Double], seconds: Double, run: String?
        ) {
            self.system = system
            self.metrics = metrics
            self.baseline = baseline
            self.seconds = seconds
            self.run = run
        }
    }
}

extension RunEvent {
    /// A warning event with this message.
    public static func warning(_ message: String) -> RunEvent { .warning(Warning(message: message)) }

    /// What `event` says in JSON.
    public var kind: String {
        switch self {
        case .started: "started"
        case .epoch: "epoch"
        case .step: "step"
        case .evaluation: "evaluation"
        case .checkpoint: "checkpoint"
        case .warning: "warning"
        case .interrupted: "interrupted"
        case .finished: "finished"
        }
    }
}

extension RunEvent: Codable {
    private enum CodingKeys: String, CodingKey { case event }

    private var fields: any Encodable {
        switch self {
        case .started(let fields): fields
        case .epoch(let fields): fields
        case .step(let fields): fields
        case .evaluation(let fields): fields
        case .checkpoint(let fields): fields
        case .warning(let fields): fields
        case .interrupted(let fields): fields
        case .finished(let fields): fields
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .event)
        try fields.encode(to: encoder)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let kind = try container.decode(String.self, forKey: .event)
        switch kind {
        case "started": self = .started(try Started(from: decoder))
        case "epoch": self = .epoch(try Epoch(from: decoder))
        case "step": self = .step(try Step(from: decoder))
        case "evaluation": self = .evaluation(try Evaluation(from: decoder))
        case "checkpoint": self = .checkpoint(try Checkpoint(from: decoder))
        case "warning": self = .warning(try Warning(from: decoder))
        case "interrupted": self = .interrupted(try Interrupted(from: decoder))
        case "finished": self = .finished(try Finished(from: decoder))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .event, in: container, debugDescription: "there is no event \"\(kind)\"")
        }
    }
}
