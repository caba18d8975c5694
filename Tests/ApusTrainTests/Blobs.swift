import ApusOptim
import Foundation

import ApusTrain

struct BlobBatch {
    var points: Tensor  // (B, 2)
    var labels: Tensor  // (B)
}

/// Two clouds of points in the plane, one batch for each epoch and number.
func blobs(count: Int = 6, size: Int = 8, spoiling: Set<Int> = []) -> MadeBatches<BlobBatch> {
    MadeBatches(count: count, examplesPerBatch: size) { epoch, batch in
        var generator = Generator(seed: 11, stream: UInt64(epoch * 1000 + batch))
        let labels = (0..<size).map { _ in Int.random(in: 0...1, using: &generator) }
        var values = labels.flatMap { label in
            (0..<2).map { _ in Float.random(in: -1...1, using: &generator) + (label == 1 ? 1.2 : -1.2) }
        }
        if spoiling.contains(epoch * count + batch) { values[3] = .nan }
        return BlobBatch(points: Tensor(values, shape: [size, 2]), labels: Tensor(labels))
    }
}

final class BlobNet: Module {
    let fc1: Linear
    let dropout = Dropout(0.2)
    let fc2: Linear

    init(width: Int = 6, seed: UInt64 = 5) {
        (fc1, fc2) = withSeed(seed) { (Linear(2, width), Linear(width, 2)) }
    }

    func callAsFunction(_ x: Tensor) -> Tensor { fc2(dropout(relu(fc1(x)))) }
}

typealias BlobTrainer = Trainer<BlobNet, BlobBatch>

func makeTrainer(
    _ configuration: TrainerConfiguration, run: RunFolder? = nil, net: BlobNet = BlobNet(),
    loss: BlobTrainer.Loss? = nil, clock: @escaping () -> Double = { 0 }
) -> BlobTrainer {
    let trainer = BlobTrainer(
        net, AdamW(net, learningRate: 0.02), configuration, system: "blobs", run: run, clock: clock,
        loss: loss ?? { model, batch in (crossEntropy(model(batch.points), batch.labels), [:]) })
    trainer.schedule = CosineSchedule(rate: 0.02, steps: 24)
    return trainer
}

/// Accuracy and loss on batches of an epoch that is never trained on.
func evaluateBlobs(_ model: BlobNet) throws -> [String: Double] {
    var (accuracy, loss) = (Accuracy(), Mean())
    let next = blobs().batches(epoch: 99, from: 0)
    while let batch = try next() {
        let logits = model(batch.points)
        accuracy.update(logits: logits, labels: batch.labels)
        loss.update(crossEntropy(logits, batch.labels).item())
    }
    return ["accuracy": accuracy.value, "loss": loss.value]
}

/// All of a model's numbers, to compare bit by bit.
func bits(_ model: Module) -> [String: [UInt32]] {
    model.stateDictionary().mapValues { $0.elements(as: Float.self).map(\.bitPattern) }
}

/// Does something after a step.
final class AfterStep: TrainerCallback {
    private let body: (Int) throws -> Void
    init(_ body: @escaping (Int) throws -> Void) { self.body = body }
    func stepEnds(_ position: TrainingPosition, model: Module, loss: Double) throws { try body(position.step) }
}

final class Collector: RunObserver {
    var events: [RunEvent] = []
    var steps = 0
    func receive(_ event: RunEvent) { events.append(event) }
    func advance(to step: Int) { steps += 1 }

    var warnings: [String] {
        events.compactMap { if case .warning(let warning) = $0 { warning.message } else { nil } }
    }
    var evaluations: [RunEvent.Evaluation] {
        events.compactMap { if case .evaluation(let evaluation) = $0 { evaluation } else { nil } }
    }
}
