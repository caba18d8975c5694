import Apus

/// A variational autoencoder whose decoder is the generator's twin: the honest simple way to make pictures of noise.
///
/// Trained to the evidence lower bound with Bernoulli pixels. Its own samples are the means of pixels, not draws.
///
/// Reference: Kingma and Welling, “Auto-encoding variational Bayes”, 2014.
package final class VariationalAutoencoder: Module {
    let encoder: DCGANFeatures
    let mean: Linear
    let logVariance: Linear
    package let decoder: DCGANGenerator

    package init(_ size: DCGANSize, _ format: PictureFormat, classCount: Int) {
        var size = size
        size.discriminatorNorm = .batch
        let smallest = format.floorHalved(size.widths.count)
        let features = size.widths.last! * smallest.height * smallest.width
        encoder = DCGANFeatures(format.channels, size)
        mean = Linear(features, size.noise)
        logVariance = Linear(features, size.noise)
        decoder = DCGANGenerator(size, format, classCount: classCount)
        super.init()
        encoder.startAsDCGAN()
    }

    /// The negative evidence lower bound of a picture, in nats.
    ///
    /// - Parameters:
    ///   - pictures: (B, C, H, W) in [−1, 1]
    ///   - shares: of classes, (B, K); only the decoder is told
    ///   - noise: (B, D), standard normal
    package func callAsFunction(_ pictures: Tensor, _ shares: Tensor, noise: Tensor) -> Tensor {
        let features = encoder(pictures).flattened(from: 1)
        let (mean, logVariance) = (mean(features), logVariance(features))  // (B, D)
        let z = mean + exp(logVariance / 2) * noise
        // (tanh a + 1) / 2 = σ(2 a)
        let logits = 2 * decoder.logits(z, shares)
        let reconstruction = binaryCrossEntropy(logits: logits, (pictures + 1) / 2, reduction: .sum)
        let divergence = (square(mean) + exp(logVariance) - 1 - logVariance).sum() / 2
        return (reconstruction + divergence) / Double(pictures.shape[0])
    }
}

extension VariationalAutoencoder {
    /// Trains it with Adam.
    ///
    /// - Parameters:
    ///   - pictures: with values in [−1, 1]
    ///   - epochs: how often it sees each of them
    ///   - progress: told how many steps are done, and of how many
    func fit(
        _ pictures: Subset<ImageDataset>, epochs: Int, batchSize: Int, seed: UInt64,
        progress: (_ done: Int, _ all: Int) -> Void
    ) throws {
        let classCount = pictures.classNames.count
        let optimizer = Adam(self, learningRate: 1e-3)
        let step = compile(self, optimizer) { [unowned self] (inputs: [Tensor]) -> [Tensor] in
            let (loss, gradients) = valueAndGradients(self) { $0(inputs[0], inputs[1], noise: inputs[2]) }
            optimizer.step(gradients)
            return [loss]
        }
        let loader = try DataLoader(pictures, batchSize: batchSize, seed: seed, dropsLast: true)
        let generator = Generator(seed: seed, stream: 2)
        train()
        for epoch in 0..<epochs {
            let batches = loader.epoch(epoch).makeIterator()
            while let batch = try batches.nextBatch() {
                let noise = Tensor.normal([batchSize, decoder.noise], generator: generator)
                _ = step([batch.images, batch.labels.oneHot(classCount), noise])
                progress(optimizer.stepCount, epochs * loader.batchCount)
            }
            // Smaller steps end the walk around the minimum.
            if epoch + 2 >= epochs { optimizer.learningRate = 2e-4 }
        }
        eval()
    }
}
