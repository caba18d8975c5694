import ApusOptim
import ApusTestSupport
import ApusTrain
import Foundation
import Testing

/// Two parameters that pull at each other, as in a game of two players.
private final class Game: Module {
    @Parameter var x = Tensor([1.0 as Float])
    @Parameter var y = Tensor([-2.0 as Float])
}

/// A step that keeps its number outside of the model.
private final class CountingStep: TrainingStep {
    var total: Float
    var rates: [Double?] = []
    var published = 0

    init(_ model: Game) { total = model.x.item(as: Float.self) }

    func take(_ batch: Tensor, model: Game, learningRate: Double?) throws -> StepOutcome {
        rates.append(learningRate)
        total += batch.item(as: Float.self) * Float(learningRate ?? 1) + Float(Generator.current.next() % 7)
        return StepOutcome(loss: Double(total), metrics: ["twice": Double(2 * total)])
    }

    func publish(to model: Game) {
        model.x = Tensor([total])
        published += 1
    }

    func adopt(_ model: Game) { total = model.x.item(as: Float.self) }
}

private func numbers() -> MadeBatches<Tensor> {
    MadeBatches(count: 4) { epoch, batch in Tensor([Float(epoch * 10 + batch)]) }
}

@Suite struct StepsOfOnesOwn {
    @Test func theyAreHandedTheSchedulesRate() throws {
        let model = Game()
        let step = CountingStep(model)
        let trainer = Trainer(model, stepping: step, TrainerConfiguration(epochs: 2, logInterval: 1))
        trainer.schedule = LinearSchedule(rate: 1, start: 1, end: 0, steps: 8)
        final class Log: RunObserver {
            var steps: [RunEvent.Step] = []
            func receive(_ event: RunEvent) { if case .step(let step) = event { steps.append(step) } }
        }
        let log = Log()
        trainer.observers = [log]
        let result = try trainer.fit(numbers()) { model in ["x": model.x.item()] }
        #expect(result.steps == 8)
        #expect(step.rates == (0..<8).map { 1 - Double($0) / 8 })
        #expect(log.steps.count == 8)
        #expect(log.steps[3].metrics["twice"] == log.steps[3].metrics["loss"].map { 2 * $0 })
        #expect(log.steps[3].metrics["learningRate"] == 0.625)
        #expect(log.steps[3].metrics["gradientNorm"] == nil)
        // What the evaluation saw, and what is left, is what the step had at the end.
        #expect(result.metrics["x"] == Double(step.total))
        #expect(model.x.item(as: Float.self) == step.total)
    }

    @Test func withoutAScheduleThereIsNoRate() throws {
        let model = Game()
        let step = CountingStep(model)
        try Trainer(model, stepping: step, TrainerConfiguration(epochs: 1)).fit(numbers())
        #expect(step.rates == [nil, nil, nil, nil])
    }

    @Test func aResumedRunGoesTheSameWay() throws {
        try withTemporaryFolder { folder in
            func trainer(_ run: RunFolder?) -> (Trainer<Game, Tensor>, CountingStep) {
                let model = Game()
                let step = CountingStep(model)
                let configuration = TrainerConfiguration(epochs: 3, seed: 4)
                return (Trainer(model, stepping: step, configuration, system: "game", run: run), step)
            }
            let (whole, wholeStep) = trainer(nil)
            try whole.fit(numbers())

            let run = try RunFolder.create(at: folder, system: "game", configuration: ["a": 1])
            let (first, _) = trainer(run)
            final class Stop: TrainerCallback {
                let interruption: Interruption
                init(_ interruption: Interruption) { self.interruption = interruption }
                func stepEnds(_ position: TrainingPosition, model: Module, loss: Double) throws {
                    if position.step == 6 { interruption.request() }
                }
            }
            first.callbacks = [Stop(first.interruption)]
            #expect(try first.fit(numbers()).outcome == .interrupted)

            let (second, secondStep) = trainer(run)
            try second.resume()
            try second.fit(numbers())
            #expect(secondStep.total == wholeStep.total)
        }
    }

    @Test func aLossThatIsNotFiniteStopsIt() throws {
        let model = Game()
        let step = OptimizersStep([:]) { (model: Game, batch: Tensor, rate) in StepOutcome(loss: .nan) }
        let trainer = Trainer(model, stepping: step, TrainerConfiguration(epochs: 1))
        #expect(throws: TrainingError.self) { try trainer.fit(numbers()) }
    }

    /// Two optimizers of their own take turns; both states are in the checkpoint.
    @Test func twoOptimizersTakeTurnsAndAreResumed() throws {
        try withTemporaryFolder { folder in
            func trainer(epochs: Int, _ run: RunFolder?) -> Trainer<Game, Tensor> {
                let model = Game()
                let up = Adam([ParameterGroup([("x", model.$x)])], learningRate: 0.1)
                let down = Adam([ParameterGroup([("y", model.$y)])], learningRate: 0.05)
                let step = OptimizersStep(["up": up, "down": down]) { (model: Game, batch: Tensor, rate) in
                    let first = valueAndGradients(model) { ($0.x * $0.y + 0.1 * batch * $0.x).sum() }
                    up.step(first.gradients)
                    let second = valueAndGradients(model) { (square($0.y) - $0.x * $0.y).sum() }
                    down.step(second.gradients)
                    return StepOutcome(loss: first.value.item(), metrics: ["other": second.value.item()])
                }
                return Trainer(
                    model, stepping: step, TrainerConfiguration(epochs: epochs, seed: 4), system: "game", run: run)
            }
            let whole = trainer(epochs: 4, nil)
            try whole.fit(numbers())
            let run = try RunFolder.create(at: folder, system: "game", configuration: ["a": 1])
            try trainer(epochs: 2, run).fit(numbers())
            let rest = trainer(epochs: 4, run)
            try rest.resume()
            try rest.fit(numbers())
            #expect(isEqual(rest.model.x, whole.model.x).item(as: Bool.self))
            #expect(isEqual(rest.model.y, whole.model.y).item(as: Bool.self))
        }
    }
}
