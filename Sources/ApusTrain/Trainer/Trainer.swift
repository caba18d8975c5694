import ApusData
import ApusIO
import ApusOptim
import Foundation

/// Trains a model: epochs of steps, evaluations, checkpoints, and everything that can go wrong.
///
/// ```swift
/// let trainer = Trainer(model, AdamW(model, learningRate: 1e-3), configuration, run: folder) { model, batch in
///     (crossEntropy(model(batch.images), batch.labels), [:])
/// }
/// trainer.observers = [ProgressDisplay(unit: "images")]
/// let result = try trainer.fit(loader) { model in ["accuracy": accuracy(model, test)] }
/// ```
///
/// A run goes the same way to the last bit whether it is interrupted and resumed or not: every step draws from a generator
/// of its own, seeded by the run's seed and the step's number, and batches depend on seed and epoch.
public final class Trainer<Model: Module, Batch> {
    /// A step's loss, a scalar, and other scalars to log with it by name.
    public typealias Loss = (_ model: Model, _ batch: Batch) throws -> (loss: Tensor, metrics: [String: Tensor])
    /// Measures the model, which is in evaluation mode, on data that it isn't trained on.
    public typealias Evaluation = (_ model: Model) throws -> [String: Double]

    /// The model that is trained, in place.
    public let model: Model
    /// How the training runs.
    public let configuration: TrainerConfiguration
    /// What is trained, by name.
    public let system: String
    /// Where checkpoints and the log are written; nil for a run that leaves nothing behind.
    public let run: RunFolder?
    /// Changes the learning rate before each step.
    public var schedule: (any Schedule)?
    /// Called at certain moments of the training; none by default.
    public var callbacks: [any TrainerCallback] = []
    /// Told of each event. The run's own log is written besides.
    public var observers: [any RunObserver] = []
    /// What asks the training to stop; by default one of its own.
    public var interruption = Interruption()

    let method: StepMethod<Model, Batch>
    /// The schedule's, of this step.
    private var learningRate: Double?
    package internal(set) var state = TrainingState()
    /// The weights of the best evaluation.
    var best: StateDictionary?
    var average: ExponentialMovingAverage?
    private var log: MetricsLog?
    private let clock: () -> Double
    private var sessionStart = 0.0
    private var earlierSeconds = 0.0
    private var checkpointTime = 0.0
    /// The step of the checkpoint on the disk.
    var checkpointStep: Int?
    private var pace: (seconds: Double, batches: Int) = (0, 0)

    /// - Parameters:
    ///   - run: where checkpoints and metrics go; without one, nothing is kept.
    ///   - loss: runs in training mode with the step's randomness and precision in force.
    public convenience init(
        _ model: Model, _ optimizer: Optimizer, _ configuration: TrainerConfiguration, system: String = "model",
        run: RunFolder? = nil, loss: @escaping Loss
    ) {
        self.init(
            model, optimizer, configuration, system: system, run: run, clock: { ProcessInfo.processInfo.systemUptime },
            loss: loss)
    }

    package convenience init(
        _ model: Model, _ optimizer: Optimizer, _ configuration: TrainerConfiguration, system: String, run: RunFolder?,
        clock: @escaping () -> Double, loss: @escaping Loss
    ) {
        self.init(model, .descent(optimizer, loss), configuration, system: system, run: run, clock: clock)
    }

    /// A training whose steps are not one optimizer's along the gradient of one loss.
    ///
    /// Of the configuration, `accumulationSteps`, `clipNorm` and `clipValue` are up to the step, and have to be left out.
    ///
    /// - Parameter run: where checkpoints and metrics go; without one, nothing is kept.
    public convenience init(
        _ model: Model, stepping step: any TrainingStep<Model, Batch>, _ configuration: TrainerConfiguration,
        system: String = "model", run: RunFolder? = nil
    ) {
        precondition(
            configuration.accumulationSteps == 1 && configuration.clipNorm == nil && configuration.clipValue == nil,
            "Trainer: a step of one's own accumulates and clips gradients itself")
        self.init(
            model, .own(step), configuration, system: system, run: run,
            clock: { ProcessInfo.processInfo.systemUptime })
    }

    private init(
        _ model: Model, _ method: StepMethod<Model, Batch>, _ configuration: TrainerConfiguration, system: String,
        run: RunFolder?, clock: @escaping () -> Double
    ) {
        self.model = model
        self.method = method
        self.configuration = configuration
        self.system = system
        self.run = run
        self.clock = clock
        average = configuration.averageDecay.map { ExponentialMovingAverage(model, decay: $0) }
    }

    /// Updates the model's parameters from their gradients. Traps for a trainer whose steps are its own.
    public var optimizer: Optimizer {
        guard case .descent(let optimizer, _) = method else {
            preconditionFailure("Trainer.optimizer: this trainer was made with a step of its own")
        }
        return optimizer
    }

    /// Seconds of training in all sessions.
    var seconds: Double { earlierSeconds + clock() - sessionStart }

    func tell(_ event: RunEvent) {
        log?.receive(event)
        for observer in observers { observer.receive(event) }
    }
}

extension Trainer {
    /// Trains from where the state stands, the beginning or what `resume()` loaded, to the end.
    ///
    /// At the end the model has its best weights where a metric is monitored, else its last ones (averaged ones with
    /// `averageDecay`), and the run's folder has them too.
    ///
    /// - Throws: `TrainingError` where there are no data or the numbers blow up, `FileError` and `RunError` where results cannot be kept, and
    ///   what the closures throw.
    @discardableResult
    public func fit(_ source: some BatchSource<Batch>, evaluate: Evaluation? = nil) throws -> TrainingResult {
        guard source.batchCount > 0 else { throw TrainingError.noData }
        try begin(source)
        do {
            let outcome = try interruption.listening { try runEpochs(source, evaluate) }
            return try end(outcome)
        } catch let error as TrainingError {
            // The weights are spoilt: the last good ones take their place.
            if checkpointStep != nil { try? resume() }
            throw error
        }
    }

    private func begin(_ source: some BatchSource<Batch>) throws {
        earlierSeconds = state.seconds
        sessionStart = clock()
        checkpointTime = sessionStart
        pace = (sessionStart, state.batchesSeen)
        let stepsPerEpoch = stepCount(of: source.batchCount)
        if let run {
            log = try MetricsLog(run.metricsURL, continuingAfter: state.position.step) { [weak self] message in
                self?.observers.forEach { $0.receive(.warning(message)) }
            }
            // A disk that cannot take the state should show before an hour's work, not after.
            if checkpointStep == nil { try saveCheckpoint(to: run.lastCheckpointURL) }
        }
        tell(
            .started(
                .init(
                    system: system, seed: configuration.seed, epochs: configuration.epochs,
                    steps: stepsPerEpoch * configuration.epochs, parameters: model.parameterCount,
                    fromStep: state.position.step, run: run?.path)))
    }

    /// Optimizer steps for so many batches.
    func stepCount(of batches: Int) -> Int {
        (batches + configuration.accumulationSteps - 1) / configuration.accumulationSteps
    }

    // MARK: Epochs

    private func runEpochs(_ source: some BatchSource<Batch>, _ evaluate: Evaluation?) throws -> TrainingResult.Outcome
    {
        while state.position.epoch < configuration.epochs, state.outcome == nil {
            if state.position.batch == 0 {
                state.epochLoss = Mean()
                state.epochSeconds = seconds
                for callback in callbacks { try callback.epochBegins(state.position, model: model) }
            }
            guard try runSteps(source, evaluate) else { return .interrupted }
            try endEpoch(evaluate, isComplete: state.position.batch == source.batchCount)
        }
        return state.outcome ?? .completed
    }

    /// The steps of the rest of an epoch.
    ///
    /// - Returns: false where the user wants to stop.
    private func runSteps(_ source: some BatchSource<Batch>, _ evaluate: Evaluation?) throws -> Bool {
        let next = source.batches(epoch: state.position.epoch, from: state.position.batch)
        let totalSteps = stepCount(of: source.batchCount) * configuration.epochs
        model.train()
        while state.position.batch < source.batchCount, state.outcome == nil {
            if interruption.isRequested { return false }
            for callback in callbacks { try callback.stepBegins(state.position, model: model) }
            setLearningRate(totalSteps: totalSteps)
            let count = min(configuration.accumulationSteps, source.batchCount - state.position.batch)
            let step = try takeStep(batchCount: count, learningRate: learningRate, next)
            try finishStep(step, examplesPerBatch: source.examplesPerBatch)
            if let interval = configuration.evaluationInterval, state.position.step % interval == 0 {
                try measure(evaluate)
                model.train()
            }
            try saveNowAndThen()
        }
        // Asked for after the last step, the epoch's evaluation is left to the resumed run.
        return !interruption.isRequested
    }

    /// - Parameter isComplete: an epoch that was cut short is gone on with where the run is resumed.
    private func endEpoch(_ evaluate: Evaluation?, isComplete: Bool) throws {
        if configuration.evaluationInterval == nil || state.evaluatedStep != state.position.step {
            try measure(evaluate)
        }
        var metrics = state.metrics
        metrics["trainingLoss"] = state.epochLoss.value
        let elapsed = seconds - state.epochSeconds
        tell(.epoch(.init(epoch: state.position.epoch, step: state.position.step, metrics: metrics, seconds: elapsed)))
        for callback in callbacks { try callback.epochEnds(state.position, model: model, metrics: metrics) }
        if isComplete {
            state.position.epoch += 1
            state.position.batch = 0
        }
        try keepCheckpoint()
    }

    // MARK: Steps

    private func setLearningRate(totalSteps: Int) {
        guard let schedule else { return }
        var step = Double(state.position.step)
        if let limit = configuration.maximumSeconds, limit > 0 {
            step = max(step, min(1, seconds / limit) * Double(totalSteps))
        }
        learningRate = schedule.rate(at: Int(step))
        if case .descent(let optimizer, _) = method, let learningRate { optimizer.learningRate = learningRate }
    }

    private func finishStep(_ step: StepResult, examplesPerBatch: Int?) throws {
        state.position.step += 1
        state.epochLoss.update(step.loss)
        state.lastLoss = step.loss
        let position = state.position
        for callback in callbacks { try callback.stepEnds(position, model: model, loss: step.loss) }
        if position.step % configuration.logInterval == 0 { logStep(step, examplesPerBatch) }
        for observer in observers { observer.advance(to: position.step) }
        if callbacks.contains(where: \.wantsToStop) { state.outcome = .stoppedByCallback }
        if let limit = configuration.maximumSeconds, seconds >= limit { state.outcome = .timeIsUp }
    }

    private func logStep(_ step: StepResult, _ examplesPerBatch: Int?) {
        var metrics = step.metrics()
        metrics["loss"] = step.loss
        metrics["learningRate"] = method.learningRate ?? learningRate
        metrics["gradientNorm"] = step.gradientNorm
        let now = clock()
        let batches = state.batchesSeen - pace.batches
        let rate = examplesPerBatch.map { Double($0 * batches) / max(now - pace.seconds, 1e-9) }
        pace = (now, state.batchesSeen)
        tell(
            .step(
                .init(
                    step: state.position.step, epoch: state.position.epoch, metrics: metrics, rate: rate,
                    seconds: seconds)))
    }

    // MARK: Evaluation

    /// Evaluates, and keeps the model if it is the best so far.
    private func measure(_ evaluate: Evaluation?) throws {
        state.evaluatedStep = state.position.step
        method.publish(to: model)
        guard let evaluate else { return }
        model.eval()
        state.metrics = try withAverage { try evaluate(model) }
        let isBest = try compareWithBest()
        tell(
            .evaluation(
                .init(step: state.position.step, epoch: state.position.epoch, metrics: state.metrics, isBest: isBest)))
        if let patience = configuration.patience, state.evaluationsSinceBest >= patience {
            state.outcome = .stoppedEarly
        }
    }

    private func compareWithBest() throws -> Bool {
        guard let monitor = configuration.monitor else { return false }
        guard let value = state.metrics[monitor.metric] else {
            preconditionFailure(
                "Trainer: the evaluation gives \(state.metrics.keys.sorted()), not \"\(monitor.metric)\"")
        }
        guard monitor.isBetter(value, than: state.bestValue) else {
            state.evaluationsSinceBest += 1
            return false
        }
        state.bestValue = value
        state.bestMetrics = state.metrics
        state.evaluationsSinceBest = 0
        best = withAverage { model.stateDictionary() }
        if let run { warnWhereItFails { try saveCheckpoint(to: run.bestCheckpointURL) } }
        return true
    }

    /// Runs `body` with the averaged weights in the model, if there are such.
    func withAverage<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard let average else { return try body() }
        return try average.withAverages(body)
    }

    // MARK: The end

    private func end(_ outcome: TrainingResult.Outcome) throws -> TrainingResult {
        let total = seconds
        if outcome == .interrupted {
            try keepCheckpoint()
            let advice = run.map { "go on with --resume \($0.path)" } ?? "nothing is kept, as the run has no folder"
            let message = "Stopped after step \(Format.count(state.position.step)); \(advice)"
            tell(.interrupted(.init(step: state.position.step, run: run?.path, message: message)))
        } else {
            method.publish(to: model)
            try model.load(best ?? withAverage { model.stateDictionary() })
            if let run { try saveModel(to: run) }
        }
        model.eval()
        let metrics = configuration.monitor == nil ? state.metrics : state.bestMetrics
        return TrainingResult(
            outcome: outcome, metrics: metrics, epochs: state.position.epoch, steps: state.position.step, seconds: total
        )
    }

    private func saveNowAndThen() throws {
        guard run != nil, clock() - checkpointTime >= configuration.checkpointSeconds else { return }
        try keepCheckpoint()
    }

    /// Saves the state. Where that fails, the last checkpoint stays and training goes on: the disk may have room again.
    private func keepCheckpoint() throws {
        guard let run else { return }
        checkpointTime = clock()
        method.publish(to: model)
        try checkWeights()
        warnWhereItFails { try saveCheckpoint(to: run.lastCheckpointURL) }
    }

    private func warnWhereItFails(_ save: () throws -> Void) {
        do { try save() } catch { tell(.warning("no checkpoint at step \(state.position.step): \(error)")) }
    }
}
