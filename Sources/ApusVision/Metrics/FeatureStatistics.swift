import ApusTensor

/// The normal distribution that fits the features of some pictures: their mean and covariance, in double precision.
public struct FeatureStatistics: Sendable {
    /// How many pictures.
    public let count: Int
    /// (D)
    public let mean: Tensor
    /// (D, D), unbiased.
    public let covariance: Tensor

    /// - Parameter features: (N, D), of at least 2 pictures.
    public init(_ features: Tensor) {
        precondition(
            features.rank == 2 && features.shape[0] >= 2,
            "FeatureStatistics: features of shape \(features.shape); (N, D) with at least 2 rows are needed")
        count = features.shape[0]
        let features = features.cast(to: .float64)
        let mean = features.mean(axes: 0)
        let centred = features - mean
        let covariance = matmul(centred.T, centred) / Double(count - 1)
        evaluate([mean, covariance])
        (self.mean, self.covariance) = (mean, covariance)
    }

    /// The sum of the features' variances: half of the mean squared distance of two pictures.
    public var totalVariance: Double { covariance.trace().item() }

    /// The Fréchet inception distance of two sets of pictures, on whatever features: the squared 2-Wasserstein distance of their normal
    /// distributions,
    ///
    /// `‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁^½ Σ₂ Σ₁^½)^½)`.
    ///
    /// 0 for equal sets, and less is better. It is greater for fewer pictures, so compare distances of equal counts, and of the same features only.
    ///
    /// Reference: Heusel et al., “GANs trained by a two time-scale update rule converge to a local Nash equilibrium”, 2017.
    public func frechetDistance(to other: FeatureStatistics) -> Double {
        precondition(
            mean.shape == other.mean.shape,
            "frechetDistance: of \(mean.shape[0]) features to \(other.mean.shape[0]); they must be the same features")
        // Σ₁Σ₂ has the same eigenvalues, but only this product is symmetric.
        let root = squareRoot(covariance)
        let product = matmul(matmul(root, other.covariance), root)
        let crossed = nonnegativeRoots(eigvalsh((product + product.T) / 2)).sum()
        let distance =
            square(mean - other.mean).sum() + covariance.trace() + other.covariance.trace() - 2 * crossed
        return Swift.max(0, distance.item())
    }

    /// `V √Λ Vᵀ` of a covariance `V Λ Vᵀ`.
    private func squareRoot(_ matrix: Tensor) -> Tensor {
        let (values, vectors) = eigh(matrix)
        return matmul(vectors * nonnegativeRoots(values), vectors.T)
    }

    /// Eigenvalues that are 0 in truth come out a little below it too.
    private func nonnegativeRoots(_ values: Tensor) -> Tensor { sqrt(maximum(values, 0)) }
}
