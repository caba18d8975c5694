/// `p(x) = exp(−½ (x − μ)ᵀ Σ⁻¹ (x − μ)) / √det 2πΣ` of vectors, with `Σ = L Lᵀ`. Draws are `μ + L ε`.
public struct MultivariateNormal: EntropicDistribution, DivergentDistribution {
    /// μ: `(…, k)`.
    public let mean: Tensor
    /// L, lower triangular: `(…, k, k)`.
    public let scale: Tensor

    /// - Parameter scale: L, of which the lower triangle is read.
    public init(mean: Tensor, scale: Tensor) {
        let dtype = mean.floating.dtype.promoted(with: scale.floating.dtype)
        let k = mean.rank > 0 ? mean.shape[mean.rank - 1] : 0
        guard scale.rank >= 2, mean.rank >= 1, scale.shape.suffix(2) == [k, k],
            let batch = Shape(mean.shape.dropLast()).broadcast(with: scale.batchShape)
        else {
            self.mean = mean.invalid("MultivariateNormal: mean \(mean.shape), matrix \(scale.shape)")
            self.scale = scale
            return
        }
        self.mean = mean.cast(to: dtype).broadcast(to: Shape(batch + [k]))
        self.scale = scale.lowerTriangle().cast(to: dtype).broadcast(to: Shape(batch + [k, k]))
    }

    /// - Parameter covariance: Σ, symmetric and positive definite.
    public init(mean: Tensor, covariance: Tensor) { self.init(mean: mean, scale: cholesky(covariance)) }

    /// - Parameter precision: Σ⁻¹, symmetric and positive definite.
    public init(mean: Tensor, precision: Tensor) {
        // With Σ⁻¹ turned around both ways, its factor is that of Σ turned around and inverted.
        let turned = cholesky(precision.reversed(axes: -2, -1)).reversed(axes: -2, -1).T
        let identity = Tensor.identity(precision.shape.last ?? 0, dtype: precision.floating.dtype)
        self.init(mean: mean, scale: triangularSolve(turned, identity, upper: false))
    }

    public var batchShape: Shape { Shape(mean.shape.dropLast()) }
    public var eventShape: Shape { Shape(mean.shape.suffix(1)) }
    /// Σ
    public var covariance: Tensor { matmul(scale, scale.T) }
    public var variance: Tensor { square(scale).sum(axes: -1) }
    public var entropy: Tensor { halfLogDeterminant + Double(dimension) * (logTau + 1) / 2 }

    private var dimension: Int { eventShape[0] }
    /// `½ log det Σ`
    private var halfLogDeterminant: Tensor { log(scale.diagonal(axes: (-2, -1))).sum(axes: -1) }

    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let noise = Tensor.normal(self.shape(ofDraws: shape), dtype: mean.dtype, generator: generator)
        return mean + matmul(scale, noise.expandingDims(-1)).squeezed(-1)
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        let distance = squaredDistance(value - mean)
        return distance * -0.5 - halfLogDeterminant - Double(dimension) * logTau / 2
    }

    public func divergence(from other: MultivariateNormal) -> Tensor {
        let spread = square(triangularSolve(other.scale, scale, upper: false)).sum(axes: -2, -1)
        let distance = other.squaredDistance(mean - other.mean)
        let volume = other.halfLogDeterminant - halfLogDeterminant
        return volume + (spread + distance - Double(dimension)) * 0.5
    }

    /// `‖L⁻¹ d‖²`
    private func squaredDistance(_ difference: Tensor) -> Tensor {
        square(triangularSolve(scale, difference.expandingDims(-1), upper: false)).sum(axes: -2, -1)
    }
}
