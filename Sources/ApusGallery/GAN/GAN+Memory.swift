import Apus

extension GAN {
    /// The training picture that is nearest to a picture, by the mean squared difference of pixels.
    struct Neighbour {
        /// Its number among the training pictures.
        let index: Int
        /// Root mean square, pixels from 0 to 1.
        let distance: Double
    }

    /// The nearest training pictures of some: a generator that learned its data by heart would make these again.
    ///
    /// - Parameters:
    ///   - queries: (N, C, H, W) in [−1, 1]
    ///   - pictures: the training pictures, in the same range
    static func neighbours(of queries: Tensor, among pictures: Subset<ImageDataset>) throws -> [Neighbour] {
        let queries = queries.flattened(from: 1).evaluated()  // (N, pixels)
        let norms = square(queries).sum(axes: 1, keepingAxes: true).evaluated()
        let (count, pixels) = (queries.shape[0], Double(queries.shape[1]))
        var best = [Neighbour](repeating: Neighbour(index: 0, distance: .infinity), count: count)
        let loader = try DataLoader(pictures, batchSize: min(1000, pictures.count), shuffles: false)
        let batches = loader.epoch(0).makeIterator()
        var first = 0
        while let batch = try batches.nextBatch() {
            let others = batch.images.flattened(from: 1)  // (B, pixels)
            let distances = withPrecision(.float32) {
                norms + square(others).sum(axes: 1) - 2 * matmul(queries, others.T)  // (N, B)
            }
            let nearest = distances.argMin(axis: 1)
            let least = distances.min(axes: 1)
            Apus.evaluate([nearest, least])
            for (query, (place, value)) in zip(nearest.elements(as: Int.self), least.elements(as: Double.self))
                .enumerated()
            {
                // Pixels go from −1 to 1 here.
                let distance = (max(0, value) / pixels).squareRoot() / 2
                if distance < best[query].distance {
                    best[query] = Neighbour(index: first + place, distance: distance)
                }
            }
            first += others.shape[0]
        }
        return best
    }
}
