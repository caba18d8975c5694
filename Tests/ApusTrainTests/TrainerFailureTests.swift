import ApusOptim
import Foundation
import Testing

import ApusTrain

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct TrainerFailureTests {
    private func newRun(_ base: URL) throws -> RunFolder {
        try RunFolder.create(at: base.appendingPathComponent("run"), system: "blobs", configuration: ["seed": 1])
    }

    @Test func aLossThatIsNotANumberStopsWithTheLastGoodWeights() throws {
        try withTemporaryFolder { base in
            var calls = 0
            let trainer = makeTrainer(TrainerConfiguration(epochs: 4), run: try newRun(base)) { model, batch in
                calls += 1
                let loss = crossEntropy(model(batch.points), batch.labels)
                return (calls == 9 ? loss * Double.nan : loss, [:])
            }
            var good: [String: [UInt32]] = [:]
            trainer.callbacks = [AfterStep { if $0 == 6 { good = bits(trainer.model) } }]
            let text = try #require(message { try trainer.fit(blobs()) })
            #expect(text.contains("training blew up at step 9 (epoch 2): the loss is nan after 0."))
            #expect(text.contains("the gradients of fc1.weight, fc1.bias, fc2.weight, fc2.bias (4 of 4 parameters)"))
            #expect(text.contains("step 6 is kept in") && text.contains("--learning-rate"))
            // The model is as it was at the end of the first epoch, and so is the disk.
            #expect(bits(trainer.model) == good)
            let again = makeTrainer(TrainerConfiguration(epochs: 4), run: trainer.run, net: BlobNet(seed: 8))
            try again.resume()
            #expect(bits(again.model) == good && again.state.position.step == 6)
        }
    }

    @Test func theGradientThatIsNotFiniteIsNamed() throws {
        let trainer = makeTrainer(TrainerConfiguration(epochs: 1)) { model, batch in
            // √0 has no slope, though its value is fine.
            let bad = sqrt(abs(model.fc2.bias!) * 0).sum()
            return (crossEntropy(model(batch.points), batch.labels) + bad, [:])
        }
        let text = try #require(message { try trainer.fit(blobs()) })
        #expect(text.contains("step 1 (epoch 1): the loss is still finite"))
        #expect(text.contains("the gradients of fc2.bias (1 of 4 parameters) are not finite"))
        #expect(text.contains("nothing is kept, as the run has no folder"))
    }

    @Test(arguments: [0, 8])
    func dataThatAreNoNumbersAreNamed(batch: Int) throws {
        let trainer = makeTrainer(TrainerConfiguration(epochs: 3))
        let text = message { try trainer.fit(blobs(spoiling: [batch])) }
        #expect(text?.hasPrefix("batch \(batch % 6 + 1) of epoch \(batch / 6 + 1): points holds 1 NaN; clean") == true)
    }

    @Test func noData() {
        #expect(throws: TrainingError.noData) {
            try makeTrainer(TrainerConfiguration(epochs: 1)).fit(blobs(count: 0))
        }
        #expect(TrainingError.noData.description.contains("the training data have no batches; check the path"))
    }

    @Test func aCheckpointOfAnotherArchitectureNamesItsKeys() throws {
        try withTemporaryFolder { base in
            final class Deeper: Module {
                let fc1 = Linear(2, 6), fc3 = Linear(6, 2)
            }
            let run = try newRun(base)
            try makeTrainer(TrainerConfiguration(epochs: 1), run: run).fit(blobs())
            let net = Deeper()
            let other = Trainer<Deeper, BlobBatch>(
                net, AdamW(net, learningRate: 0.1), TrainerConfiguration(epochs: 1), system: "blobs", run: run
            ) { model, batch in (model.fc3(model.fc1(batch.points)).sum(), [:]) }
            let text = try #require(message { try other.resume() })
            #expect(
                text.contains("missing keys: fc3.bias, fc3.weight")
                    || text.contains("missing keys: fc3.weight, fc3.bias"))
            #expect(text.contains("unexpected keys: fc2.bias, fc2.weight"))

            let wider = makeTrainer(TrainerConfiguration(epochs: 1), run: run, net: BlobNet(width: 7))
            #expect(message { try wider.resume() }?.contains("fc1.weight is [6, 2], expected [7, 2]") == true)
        }
    }

    @Test func resumingNeedsACheckpointOfTheSameTraining() throws {
        try withTemporaryFolder { base in
            let run = try newRun(base)
            let fresh = makeTrainer(TrainerConfiguration(epochs: 1), run: run)
            #expect(message { try fresh.resume() }?.contains("the run has no checkpoint to go on from") == true)
            try fresh.fit(blobs())
            let other = makeTrainer(TrainerConfiguration(epochs: 5, seed: 3, accumulationSteps: 2), run: run)
            let text = try #require(message { try other.resume() })
            #expect(
                text.contains("accumulationSteps: 1 there, 2 here; seed: 0 there, 3 here") && !text.contains("epochs"))

            try Data("torn".utf8).write(to: run.lastCheckpointURL)
            let torn = makeTrainer(TrainerConfiguration(epochs: 1), run: run)
            #expect(message { try torn.resume() }?.contains("last.safetensors") == true)
        }
    }

    @Test func aFullDiskKeepsTheLastGoodCheckpoint() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { base in
                let run = try RunFolder.create(
                    at: base.appendingPathComponent("run"), system: "blobs", configuration: ["seed": 1])
                let trainer = makeTrainer(TrainerConfiguration(epochs: 3), run: run)
                let collector = Collector()
                trainer.observers = [collector]
                // From the second epoch on, no file may grow beyond 1,000 bytes.
                signal(SIGXFSZ, SIG_IGN)
                trainer.callbacks = [
                    AfterStep { step in
                        var limit = rlimit(rlim_cur: step == 7 ? 1000 : rlim_t.max, rlim_max: rlim_t.max)
                        if step == 7 || step == 15 { setrlimit(__rlimit_resource_t(1), &limit) }
                    }
                ]
                try trainer.fit(blobs())
                let expected = collector.warnings.first { $0.contains("no checkpoint at step 12") } ?? ""
                precondition(expected.contains("bytes needed"), "\(collector.warnings)")
                let again = makeTrainer(TrainerConfiguration(epochs: 3), run: run)
                try again.resume()
                precondition(again.state.position.step == 18)
            }
        }
    }

    @Test func errorsOfDataEndTheTraining() throws {
        struct Broken: Error {}
        let source = MadeBatches<BlobBatch>(count: 3) { _, batch in
            if batch == 2 { throw Broken() }
            return try blobs().batches(epoch: 0, from: 0)()!
        }
        #expect(throws: Broken.self) { try makeTrainer(TrainerConfiguration(epochs: 1)).fit(source) }
    }
}
