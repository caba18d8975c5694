// Norms and distances.

/// What measures a matrix.
public enum MatrixNorm: String, Sendable, Codable, CaseIterable {
    /// `√Σ x²` of all elements.
    case frobenius
    /// The largest sum of a column's, of a row's absolute values.
    case one, infinity
    /// The smallest sum of a column's, of a row's absolute values.
    case minusOne, minusInfinity
    /// The largest singular value, and the smallest.
    case spectral, minusSpectral
    /// The sum of the singular values.
    case nuclear
}

extension Tensor {
    /// `(Σ|x|ᵖ)^(1/p)`; the largest of |x| for ∞, the smallest for −∞, and how many are not 0 for 0 (vector_norm).
    public func norm(order p: Double, axes: Int..., keepingAxes: Bool = false) -> Tensor {
        norm(order: p, axes: axes, keepingAxes: keepingAxes)
    }

    /// `(Σ|x|ᵖ)^(1/p)`; the largest of |x| for ∞, the smallest for −∞, and how many are not 0 for 0 (vector_norm).
    public func norm(order p: Double, axes: [Int], keepingAxes: Bool = false) -> Tensor {
        let size = abs(floating)
        switch p {
        case .infinity: return size.max(axes: axes, keepingAxes: keepingAxes)
        case -.infinity: return size.min(axes: axes, keepingAxes: keepingAxes)
        case 0: return (size .!= 0).cast(to: size.dtype).sum(axes: axes, keepingAxes: keepingAxes)
        case 1: return size.sum(axes: axes, keepingAxes: keepingAxes)
        case 2: return norm(axes: axes, keepingAxes: keepingAxes)
        default: return pow(pow(size, p).sum(axes: axes, keepingAxes: keepingAxes), 1 / p)
        }
    }

    /// A norm of the matrices in the plane of two axes (matrix_norm).
    public func matrixNorm(
        _ kind: MatrixNorm = .frobenius, axes: (Int, Int) = (-2, -1), keepingAxes: Bool = false
    ) -> Tensor {
        guard let plane = resolvedAxes("matrixNorm", [axes.0, axes.1]) else { return self }
        let size = abs(floating)
        func extreme(ofSumsOver summed: Int, over other: Int, _ largest: Bool) -> Tensor {
            let sums = size.sum(axes: summed, keepingAxes: true)
            let result = largest ? sums.max(axes: other, keepingAxes: true) : sums.min(axes: other, keepingAxes: true)
            return keepingAxes ? result : result.squeezed(summed, other)
        }
        func ofSingularValues(_ reduced: (Tensor) -> Tensor) -> Tensor {
            let result = reduced(singularValues(movingAxes(plane, to: [-2, -1])))
            return keepingAxes ? result.reshaped(shape.keeping(axes: plane)) : result
        }
        return switch kind {
        case .spectral: ofSingularValues { $0.max(axes: -1) }
        case .minusSpectral: ofSingularValues { $0.min(axes: -1) }
        case .nuclear: ofSingularValues { $0.sum(axes: -1) }
        case .frobenius: norm(axes: [axes.0, axes.1], keepingAxes: keepingAxes)
        case .one: extreme(ofSumsOver: axes.0, over: axes.1, true)
        case .minusOne: extreme(ofSumsOver: axes.0, over: axes.1, false)
        case .infinity: extreme(ofSumsOver: axes.1, over: axes.0, true)
        case .minusInfinity: extreme(ofSumsOver: axes.1, over: axes.0, false)
        }
    }

    /// `x / max(‖x‖ₚ, ε)` along `axis` (normalize).
    public func normalized(order p: Double = 2, axis: Int = 1, epsilon: Double = 1e-12) -> Tensor {
        let length = norm(order: p, axes: axis, keepingAxes: true)
        return floating / `where`(length .< epsilon, epsilon, length)
    }
}

/// `Σab / (max(‖a‖, ε) max(‖b‖, ε))` along an axis (cosine_similarity). The gradient is that without ε, as in PyTorch.
public func cosineSimilarity(_ a: Tensor, _ b: Tensor, axis: Int = 1, epsilon: Double = 1e-8) -> Tensor {
    guard let common = a.shape.broadcast(with: b.shape) else {
        return a.invalid("cosineSimilarity: \(a.shape) and \(b.shape) do not broadcast")
    }
    func unit(_ x: Tensor) -> Tensor {
        let x = x.floating.broadcast(to: common)
        let length = x.norm(axes: axis, keepingAxes: true)
        return x / (length + stopGradient(maximum(length, epsilon) - length))
    }
    return (unit(a) * unit(b)).sum(axes: axis)
}

/// `‖a − b + ε‖ₚ` along the last axis (pairwise_distance).
public func pairwiseDistance(
    _ a: Tensor, _ b: Tensor, order p: Double = 2, epsilon: Double = 1e-6, keepingAxes: Bool = false
) -> Tensor { (a - b + epsilon).norm(order: p, axes: -1, keepingAxes: keepingAxes) }

/// The distances of all pairs of rows (cdist): `‖aᵢ − bⱼ‖ₚ`. The gradient of a distance of 0 is 0.
///
/// - Input: `(…, n, k)` and `(…, m, k)`. Output: `(…, n, m)`.
public func cdist(_ a: Tensor, _ b: Tensor, order p: Double = 2) -> Tensor {
    guard a.rank >= 2, b.rank >= 2, a.shape[a.rank - 1] == b.shape[b.rank - 1] else {
        return a.invalid("cdist: rows of \(a.shape) and \(b.shape)")
    }
    let difference = a.floating.expandingDims(-2) - b.floating.expandingDims(-3)  // (…, n, m, k)
    guard p > 0, p < .infinity, p != 1 else { return difference.norm(order: p, axes: -1) }
    let power = p == 2 ? square(difference) : pow(abs(difference), p)
    let sum = power.sum(axes: -1)
    let isZero = sum .== 0
    let root = pow(`where`(isZero, 1, sum), 1 / p)
    return `where`(isZero, 0, root)
}
