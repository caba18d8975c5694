import Apus
import Foundation

/// Multinomial logistic regression on the pixels: the honest simple method that an image classifier has to beat.
struct LinearBaseline {
    /// `logits = W · x + b`
    final class Model: Module, Layer {
        let linear: Linear

        init(_ format: PictureFormat, classCount: Int) {
            linear = Linear(format.channels * format.height * format.width, classCount)
        }

        func callAsFunction(_ x: Tensor) -> Tensor { linear(x.flattened(from: 1)) }
    }

    let model: Model

    private static let epochs = 5
    private static let batchSize = 256

    /// Trains it on normalized pictures, in seconds.
    init(trainedOn pictures: Subset<ImageDataset>, seed: UInt64) throws {
        model = withSeed(seed) { Model(pictures.base.format, classCount: pictures.classNames.count) }
        let optimizer = Adam(model, learningRate: 1e-3)
        let loader = try DataLoader(
            pictures, batchSize: min(Self.batchSize, pictures.count), seed: seed, dropsLast: true)
        for epoch in 0..<Self.epochs {
            // Smaller and smaller steps end the walk around the minimum.
            optimizer.learningRate = 1e-3 * (1 - Double(epoch) / Double(Self.epochs))
            let batches = loader.epoch(epoch).makeIterator()
            while let batch = try batches.nextBatch() {
                let (_, gradients) = valueAndGradients(model) { crossEntropy($0(batch.images), batch.labels) }
                optimizer.step(gradients)
            }
        }
    }

    /// Loads one that was trained beside a run's model.
    init(contentsOf url: URL, format: PictureFormat, classCount: Int) throws {
        model = Model(format, classCount: classCount)
        try model.load(SafetensorsFile(contentsOf: url).tensors())
    }

    func save(to url: URL) throws { try SafetensorsFile.write(model.stateDictionary(), to: url) }

    /// Where it is kept in a run's folder.
    static func url(in folder: URL) -> URL { folder.appendingPathComponent("baseline.safetensors") }
}
