import ApusNN
import ApusOptim

/// A way to take a step that is not one optimizer's along the gradient of one loss: several optimizers that take turns, or an
/// algorithm that updates the model itself.
///
/// The trainer gives it everything else: epochs, the schedule, progress, evaluations, checkpoints, resuming, interruption. A step draws
/// its random numbers from `Generator.current`, which is the step's own, so that a resumed run goes the same way.
///
/// ```swift
/// let trainer = Trainer(model, stepping: VectorStep(rows), configuration, run: folder)
/// trainer.schedule = LinearSchedule(from: 0.05, to: 0.0005, steps: count)
/// try trainer.fit(batches) { model in ["accuracy": accuracy(model)] }
/// ```
public protocol TrainingStep<Model, Batch>: AnyObject {
    associatedtype Model: Module
    associatedtype Batch

    /// Updates the model, or what the model will be published from, by a batch.
    ///
    /// - Parameter learningRate: the schedule's for this step; nil where the trainer has no schedule.
    func take(_ batch: Batch, model: Model, learningRate: Double?) throws -> StepOutcome

    /// Writes into the model what the step keeps outside of it. Called before anybody looks at the model.
    func publish(to model: Model)

    /// Takes over a model that was changed from outside: its checkpoint was loaded.
    func adopt(_ model: Model) throws

    /// What has to be known to go on besides the model: optimizers' states. Saved with each checkpoint.
    func stateDictionary() throws -> StateDictionary

    /// Takes over what `stateDictionary()` gave.
    func load(_ state: StateDictionary) throws
}

extension TrainingStep {
    /// Does nothing by default: the step updates the model directly.
    public func publish(to model: Model) {}
    /// Does nothing by default.
    public func adopt(_ model: Model) throws {}
    /// Empty by default.
    public func stateDictionary() -> StateDictionary { [:] }
    /// Does nothing by default.
    public func load(_ state: StateDictionary) throws {}
}

/// What a step of one's own tells the trainer.
public struct StepOutcome: Sendable {
    /// Logged, and averaged over the epoch.
    public var loss: Double
    /// Other numbers to log with it, by name.
    public var metrics: [String: Double]

    public init(loss: Double, metrics: [String: Double] = [:]) {
        self.loss = loss
        self.metrics = metrics
    }
}

/// A step in which several optimizers share a model, such as a generator's and a discriminator's. Their states are saved under their names.
///
/// ```swift
/// let step = OptimizersStep(["generator": g, "discriminator": d]) { (model: GAN, batch: Tensor, rate) in
///     …
///     return StepOutcome(loss: lossOfG, metrics: ["discriminatorLoss": lossOfD])
/// }
/// ```
public final class OptimizersStep<Model: Module, Batch>: TrainingStep {
    /// One step with a batch; the learning rate is the schedule's, nil where there is none.
    public typealias Body = (_ model: Model, _ batch: Batch, _ learningRate: Double?) throws -> StepOutcome

    /// By name; `body` calls their `step`.
    public let optimizers: [String: Optimizer]
    private let body: Body

    public init(_ optimizers: [String: Optimizer], _ body: @escaping Body) {
        self.optimizers = optimizers
        self.body = body
    }

    public func take(_ batch: Batch, model: Model, learningRate: Double?) throws -> StepOutcome {
        try body(model, batch, learningRate)
    }

    public func stateDictionary() -> StateDictionary {
        optimizers.reduce(into: [:]) { state, entry in
            state.merge(entry.value.stateDictionary().prefixed(entry.key + ".")) { $1 }
        }
    }

    public func load(_ state: StateDictionary) throws {
        for (name, optimizer) in optimizers { try optimizer.load(state.unprefixed(name + ".")) }
    }
}
