import Apus

/// A classifier of the pictures that a generator imitates. What it sees in a picture, before it names a class, is the space in which real and
/// made pictures are compared.
///
/// It takes the place of the Inception network, whose features are those of photographs. Distances in its space compare
/// only with each other: those of one run, or of runs with the same data, seed and precision.
package struct Judge {
    package let classifier: ResNet

    /// What it sees in some pictures.
    package struct Opinion {
        /// (N, 64): the last layer before the classes' scores.
        package let features: Tensor
        /// The likeliest class of each picture.
        package let classes: [Int]
        /// Of each picture's likeliest class.
        package let probabilities: [Float]
        package let statistics: FeatureStatistics
    }

    private static let batchSize = 500

    package init(_ format: PictureFormat, classCount: Int, seed: UInt64) {
        classifier = withSeed(seed) { ResNet(format, classCount: classCount, widths: [16, 32, 64]) }
    }

    /// Trains the residual network of image-classification for two epochs, more where pictures are few.
    ///
    /// - Parameters:
    ///   - pictures: with values in [−1, 1]
    ///   - progress: told how many steps are done, and of how many
    func fit(_ pictures: Subset<ImageDataset>, seed: UInt64, progress: (_ done: Int, _ all: Int) -> Void) throws {
        let loader = try DataLoader(pictures, batchSize: min(128, pictures.count), seed: seed, dropsLast: true)
        let epochs = max(2, 100 / loader.batchCount)
        let steps = epochs * loader.batchCount
        let optimizer = SGD(classifier, learningRate: 0, momentum: 0.9, nesterov: true, weightDecay: 5e-4)
        let schedule = OneCycleSchedule(peak: 0.1, steps: steps, upFraction: 0.25)
        let step = compile(classifier, optimizer) { [classifier] images, labels in
            let (loss, gradients) = valueAndGradients(classifier) { crossEntropy($0(images), labels) }
            optimizer.step(gradients)
            return loss
        }
        classifier.train()
        for epoch in 0..<epochs {
            let batches = loader.epoch(epoch).makeIterator()
            while let batch = try batches.nextBatch() {
                optimizer.learningRate = schedule.rate(at: optimizer.stepCount)
                _ = step(batch.images, batch.labels)
                progress(optimizer.stepCount, steps)
            }
        }
        classifier.eval()
    }

    /// What it sees in pictures that come batch by batch, at least 2 of them.
    package func opinion(of batches: some Sequence<Tensor>) -> Opinion {
        classifier.eval()
        var (features, classes, probabilities): ([Tensor], [Int], [Float]) = ([], [], [])
        for images in batches {
            let seen = classifier.features(images)
            let shares = softmax(classifier.fc(seen))
            let (likeliest, highest) = (shares.argMax(axis: 1), shares.max(axes: 1))
            evaluate([seen, likeliest, highest])
            features.append(seen)
            classes += likeliest.elements(as: Int.self)
            probabilities += highest.elements(as: Float.self)
        }
        let all = concatenate(features, axis: 0).evaluated()
        return Opinion(
            features: all, classes: classes, probabilities: probabilities, statistics: FeatureStatistics(all))
    }

    /// What it sees in the first pictures of a data set.
    package func opinion(of pictures: Subset<ImageDataset>, count: Int) throws -> Opinion {
        let chosen = pictures.prefix(count)
        let loader = try DataLoader(chosen, batchSize: Self.batchSize, shuffles: false)
        var batches: [Tensor] = []
        let iterator = loader.epoch(0).makeIterator()
        while let batch = try iterator.nextBatch() { batches.append(batch.images) }
        return opinion(of: batches)
    }

    /// What it sees in pictures that a generator makes, of classes in turn.
    package func opinion(of generator: DCGANGenerator, count: Int, classCount: Int, seed: UInt64) -> Opinion {
        let draws = Generator(seed: seed)
        generator.eval()
        return opinion(
            of: stride(from: 0, to: count, by: Self.batchSize).lazy.map { start in
                let size = min(Self.batchSize, count - start)
                let noise = Tensor.normal([size, generator.noise], generator: draws)
                let classes = Tensor((start..<(start + size)).map { $0 % classCount })
                return generator(noise, classes.oneHot(classCount))
            })
    }
}
