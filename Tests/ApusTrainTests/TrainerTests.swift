import ApusIO
import ApusOptim
import Foundation
import Testing

import ApusTrain

#if canImport(Glibc)
    import Glibc
#endif

private func newRun(_ base: URL, _ name: String) throws -> RunFolder {
    try RunFolder.create(at: base.appendingPathComponent(name), system: "blobs", configuration: ["seed": 1])
}

/// Ctrl-C. The signal goes to another thread, as the one that tests run on blocks it, so it takes a moment.
private func interruptThisProcess() {
    kill(getpid(), SIGINT)
    usleep(100_000)
}

@Suite struct TrainerTests {
    @Test func learnsAndLeavesARun() throws {
        try withTemporaryFolder { base in
            let run = try newRun(base, "run")
            let configuration = TrainerConfiguration(
                epochs: 4, logInterval: 2, monitor: .init("accuracy", higherIsBetter: true))
            let trainer = makeTrainer(configuration, run: run)
            let collector = Collector()
            trainer.observers = [collector]
            let result = try trainer.fit(blobs(), evaluate: evaluateBlobs)

            #expect(result.outcome == .completed && result.steps == 24 && result.epochs == 4)
            #expect(try #require(result.metrics["accuracy"]) > 0.9)
            #expect(collector.steps == 24)
            #expect(!trainer.model.isTraining)

            let events = try MetricsLog.read(run.metricsURL)
            #expect(events.map(\.kind).filter { $0 == "step" }.count == 12)
            #expect(events.map(\.kind).filter { $0 == "epoch" }.count == 4)
            guard case .step(let step) = try #require(events.first { $0.kind == "step" }) else { return }
            #expect(Set(step.metrics.keys) == ["loss", "learningRate", "gradientNorm"])

            let saved = BlobNet(seed: 77)
            try saved.load(SafetensorsFile(contentsOf: run.modelURL).tensors())
            #expect(bits(saved) == bits(trainer.model))
            saved.eval()
            #expect(try evaluateBlobs(saved) == result.metrics)
        }
    }

    static let kinds: [TrainerConfiguration] = [
        TrainerConfiguration(epochs: 4, logInterval: 1),
        TrainerConfiguration(epochs: 4, clipNorm: 0.5, averageDecay: 0.9, logInterval: 1),
        TrainerConfiguration(epochs: 4, accumulationSteps: 4, clipValue: 0.1, logInterval: 1),
        TrainerConfiguration(
            epochs: 4, precision: .bfloat16, logInterval: 1, monitor: .init("loss", higherIsBetter: false)),
    ]

    @Test(arguments: kinds)
    func resumedRunEqualsAnUninterruptedOne(configuration: TrainerConfiguration) throws {
        try withTemporaryFolder { base in
            let whole = makeTrainer(configuration, run: try newRun(base, "whole"))
            let expected = try whole.fit(blobs(), evaluate: evaluateBlobs)

            // Between epochs, and inside of the second.
            let lastStep = expected.steps
            for stop in [lastStep / 2, lastStep / 2 - 1, 1] {
                let run = try newRun(base, "stopped-\(stop)")
                let first = makeTrainer(configuration, run: run)
                first.callbacks = [AfterStep { if $0 == stop { first.interruption.request() } }]
                #expect(try first.fit(blobs(), evaluate: evaluateBlobs).outcome == .interrupted)

                // Other weights and another process: all comes from the checkpoint.
                let second = makeTrainer(configuration, run: try RunFolder.open(run.url), net: BlobNet(seed: 1234))
                try second.resume()
                let result = try second.fit(blobs(), evaluate: evaluateBlobs)
                #expect(result.outcome == .completed && result.steps == expected.steps)
                #expect(bits(second.model) == bits(whole.model))
                #expect(result.metrics == expected.metrics)
                #expect(try losses(run) == losses(try #require(whole.run)))
            }
        }
    }

    /// What the log says of each step, loss and learning rate.
    private func losses(_ run: RunFolder) throws -> [[String: Double]] {
        try MetricsLog.read(run.metricsURL).compactMap { if case .step(let step) = $0 { step.metrics } else { nil } }
    }

    @Test func twoAndTwoEpochsAreFour() throws {
        try withTemporaryFolder { base in
            let whole = makeTrainer(TrainerConfiguration(epochs: 4))
            try whole.fit(blobs(), evaluate: evaluateBlobs)
            let run = try newRun(base, "run")
            try makeTrainer(TrainerConfiguration(epochs: 2), run: run).fit(blobs())
            let rest = makeTrainer(TrainerConfiguration(epochs: 4), run: run, net: BlobNet(seed: 9))
            try rest.resume()
            try rest.fit(blobs())
            #expect(bits(rest.model) == bits(whole.model))
        }
    }

    @Test func afterInterruptionItSaysHowToGoOn() throws {
        try withTemporaryFolder { base in
            let trainer = makeTrainer(TrainerConfiguration(epochs: 2), run: try newRun(base, "run"))
            let collector = Collector()
            trainer.observers = [collector]
            trainer.interruption.request()
            #expect(try trainer.fit(blobs()).outcome == .interrupted)
            guard case .interrupted(let event) = try #require(collector.events.last) else {
                return #expect(Bool(false))
            }
            #expect(
                event.message.contains("Stopped after step 0; go on with --resume") && event.run == trainer.run?.path)
        }
    }

    @Test func controlCStopsBetweenSteps() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let trainer = makeTrainer(TrainerConfiguration(epochs: 2))
            trainer.callbacks = [AfterStep { if $0 == 3 { interruptThisProcess() } }]
            let result = try trainer.fit(blobs())
            exit(result.outcome == .interrupted && result.steps == 3 ? 7 : 1)
        }
        await #expect(processExitsWith: .signal(SIGINT)) {
            let trainer = makeTrainer(TrainerConfiguration(epochs: 2))
            trainer.callbacks = [
                AfterStep { _ in
                    interruptThisProcess()
                    interruptThisProcess()
                }
            ]
            try trainer.fit(blobs())
        }
    }

    // MARK: Stopping

    @Test func keepsTheBestAndStopsEarly() throws {
        try withTemporaryFolder { base in
            let configuration = TrainerConfiguration(
                epochs: 20, monitor: .init("score", higherIsBetter: true), patience: 2)
            let trainer = makeTrainer(configuration, run: try newRun(base, "run"))
            var scores = [0.1, 0.5, 0.4, .nan, 0.9]
            var weights: [[String: [UInt32]]] = []
            let result = try trainer.fit(blobs()) { model in
                weights.append(bits(model))
                return ["score": scores.removeFirst()]
            }
            #expect(result.outcome == .stoppedEarly && result.epochs == 4)
            #expect(result.metrics == ["score": 0.5])
            #expect(bits(trainer.model) == weights[1])
        }
    }

    @Test func timeEndsTrainingAndLeadsTheSchedule() throws {
        var time = 0.0
        let trainer = makeTrainer(TrainerConfiguration(epochs: 100, maximumSeconds: 10), clock: { time })
        trainer.schedule = CosineSchedule(rate: 1, steps: 600)
        var rates: [Double] = []
        trainer.callbacks = [
            AfterStep { _ in
                rates.append(trainer.optimizer.learningRate)
                time += 1
            }
        ]
        let result = try trainer.fit(blobs(), evaluate: evaluateBlobs)
        #expect(result.outcome == .timeIsUp && result.steps == 10 && result.metrics["accuracy"] != nil)
        #expect(rates.first == 1 && rates.last! < 0.05)
    }

    @Test func whatTimeCutShortGoesOnWithMore() throws {
        try withTemporaryFolder { base in
            let run = try newRun(base, "run")
            var time = 0.0
            let short = makeTrainer(TrainerConfiguration(epochs: 4, maximumSeconds: 8), run: run, clock: { time })
            short.schedule = nil
            short.callbacks = [AfterStep { _ in time += 1 }]
            #expect(try short.fit(blobs()).steps == 8)
            let rest = makeTrainer(TrainerConfiguration(epochs: 4), run: run, net: BlobNet(seed: 9))
            rest.schedule = nil
            try rest.resume()
            #expect(try rest.fit(blobs()).steps == 24)
            let whole = makeTrainer(TrainerConfiguration(epochs: 4))
            whole.schedule = nil
            try whole.fit(blobs())
            #expect(bits(rest.model) == bits(whole.model))
        }
    }

    @Test func callbacksSeeEachMomentAndMayStop() throws {
        final class Diary: TrainerCallback {
            var lines: [String] = []
            func epochBegins(_ position: TrainingPosition, model: Module) { lines.append("epoch \(position.epoch)") }
            func stepBegins(_ position: TrainingPosition, model: Module) { lines.append("step \(position.step)") }
            func stepEnds(_ position: TrainingPosition, model: Module, loss: Double) {
                lines.append("done \(position.step)")
            }
            func epochEnds(_ position: TrainingPosition, model: Module, metrics: [String: Double]) {
                lines.append("end \(position.epoch) \(metrics.keys.sorted())")
            }
            var wantsToStop: Bool { lines.contains("done 3") }
        }
        let diary = Diary()
        let trainer = makeTrainer(TrainerConfiguration(epochs: 9))
        trainer.callbacks = [diary]
        #expect(try trainer.fit(blobs(count: 2)).outcome == .stoppedByCallback)
        #expect(
            diary.lines == [
                "epoch 0", "step 0", "done 1", "step 1", "done 2", "end 0 [\"trainingLoss\"]", "epoch 1", "step 2",
                "done 3",
                "end 1 [\"trainingLoss\"]",
            ])
    }

    @Test func accumulationAveragesGradients() throws {
        // Equal batches: four of them step as one does.
        let same = MadeBatches(count: 4) { _, _ in try blobs().batches(epoch: 0, from: 0)()! }
        let one = MadeBatches(count: 1) { _, _ in try blobs().batches(epoch: 0, from: 0)()! }
        let plain: BlobTrainer.Loss = { model, batch in
            (crossEntropy(model.fc2(relu(model.fc1(batch.points))), batch.labels), [:])
        }
        let many = makeTrainer(TrainerConfiguration(epochs: 3, accumulationSteps: 4), loss: plain)
        let single = makeTrainer(TrainerConfiguration(epochs: 3), loss: plain)
        #expect(try many.fit(same).steps == 3)
        try single.fit(one)
        for (a, b) in zip(many.model.parameters, single.model.parameters) {
            #expect(abs(a.tensor! - b.tensor!).max().item() < 1e-5)
        }
    }
}
