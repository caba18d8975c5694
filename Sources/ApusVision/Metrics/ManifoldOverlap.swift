import ApusTensor

/// How much two sets of pictures overlap, seen as manifolds in a feature space: the union of balls around their pictures, each as
/// large as the distance to its k-th neighbour in the set.
///
/// Precision falls where generated pictures look like no real ones, recall where kinds of real pictures are never generated.
///
/// Reference: Kynkäänniemi et al., “Improved precision and recall metric for assessing generative models”, 2019.
public struct ManifoldOverlap: Hashable, Sendable {
    /// The share of generated pictures within the real ones' manifold.
    public let precision: Double
    /// The share of real pictures within the generated ones' manifold.
    public let recall: Double

    /// - Parameters:
    ///   - real: (N, D) features
    ///   - generated: (M, D) features
    ///   - neighbours: k
    public init(real: Tensor, generated: Tensor, neighbours: Int = 3) {
        precondition(
            real.rank == 2 && generated.rank == 2 && real.shape[1] == generated.shape[1],
            "ManifoldOverlap: features of shapes \(real.shape) and \(generated.shape)")
        precondition(
            neighbours >= 1 && min(real.shape[0], generated.shape[0]) > neighbours,
            "ManifoldOverlap: \(neighbours) neighbours among \(min(real.shape[0], generated.shape[0])) pictures")
        precision = Self.shareCovered(of: generated, by: real, radii: Self.radii(of: real, neighbours))
        recall = Self.shareCovered(of: real, by: generated, radii: Self.radii(of: generated, neighbours))
    }

    /// Each point's squared distance to its k-th neighbour.
    private static func radii(of points: Tensor, _ neighbours: Int) -> [Double] {
        squaredDistances(from: points, to: points) { row in
            // The least of all is the point's distance to itself.
            var least = [Double](repeating: .infinity, count: neighbours + 1)
            for distance in row where distance < least[neighbours] {
                var place = neighbours
                while place > 0, least[place - 1] > distance {
                    least[place] = least[place - 1]
                    place -= 1
                }
                least[place] = distance
            }
            return least[neighbours]
        }
    }

    /// The share of `points` that lie in a ball around one of `centres`.
    private static func shareCovered(of points: Tensor, by centres: Tensor, radii: [Double]) -> Double {
        let covered = squaredDistances(from: points, to: centres) { row in
            zip(row, radii).contains { $0 <= $1 }
        }
        return Double(covered.count { $0 }) / Double(covered.count)
    }

    /// `body` of the squared distances from each of `points` to all `others`; some rows at a time, so that they fit into the caches.
    private static func squaredDistances<Result>(
        from points: Tensor, to others: Tensor, _ body: (ArraySlice<Double>) -> Result
    ) -> [Result] {
        let (points, others) = (points.cast(to: .float64), others.cast(to: .float64))
        let (count, width) = (points.shape[0], others.shape[0])
        let (transposed, norms) = (others.T.evaluated(), square(others).sum(axes: 1).evaluated())
        return stride(from: 0, to: count, by: 256).flatMap { start -> [Result] in
            let rows = points.sliced(axis: 0, start, min(256, count - start))
            let distances: [Double] =
                (square(rows).sum(axes: 1, keepingAxes: true) + norms - 2 * matmul(rows, transposed)).elements()
            return stride(from: 0, to: distances.count, by: width).map { body(distances[$0..<($0 + width)]) }
        }
    }
}
