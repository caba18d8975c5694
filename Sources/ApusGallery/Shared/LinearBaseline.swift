import Apus
import Foundation

/// Multinomial logistic regression on the pixels: the honest simple method that an image classifier has to beat.
package struct LinearBaseline {
    /// `logits = W · x + b`
    package final class Model: Module, Layer {
        let linear: Linear

        init(_ format: PictureFormat, classCount: Int) {
            linear = Linear(format.channels * format.height * format.width, classCount)
        }

        package func callAsFunction(_ x: Tensor) -> Tensor { linear(x.flattened(from: 1)) }
    }

    package let model: Model

    /// At least; small data sets are gone through more often, so that the baseline is no worse than it has to be.
    private static let epochs = 5
    private static let steps = 1000
    private static let batchSize = 256

    /// Trains it on normalized pictures, in seconds.
    package init(trainedOn pictures: Subset<ImageDataset>, seed: UInt64) throws {
        model = withSeed(seed) { Model(pictures.base.format, classCount: pictures.classNames.count) }
        let optimizer = Adam(model, learningRate: 1e-3)
        let loader = try DataLoader(
            pictures, batchSize: min(Self.batchSize, pictures.count), seed: seed, dropsLast: true)
        let epochs = max(Self.epochs, Self.steps / loader.batchCount)
        for epoch in 0..<epochs {
            // Smaller and smaller steps end the walk around the minimum.
            optimizer.learningRate = 1e-3 * (1 - Double(epoch) / Double(epochs))
            let batches = loader.epoch(epoch).makeIterator()
            while let batch = try batches.nextBatch() {
                let (_, gradients) = valueAndGradients(model) { crossEntropy($0(batch.images), batch.labels) }
                optimizer.step(gradients)
            }
        }
    }

    /// Loads one that was trained beside a run's model.
    package init(contentsOf url: URL, format: PictureFormat, classCount: Int) throws {
        model = Model(format, classCount: classCount)
        try model.load(SafetensorsFile(contentsOf: url).tensors())
    }

    package func save(to url: URL) throws { try SafetensorsFile.write(model.stateDictionary(), to: url) }

    /// Where it is kept in a run's folder.
    static func url(in folder: URL) -> URL { folder.appendingPathComponent("baseline.safetensors") }
}
