import ApusTensor

/// The directions in which points vary the most, and their places along these.
///
/// ```swift
/// let components = PrincipalComponents(of: points, count: 2)
/// let map = components(points)    // (n, 2)
/// ```
///
/// Reference: Pearson, “On lines and planes of closest fit to systems of points in space”, 1901; by the SVD of the centred points.
public struct PrincipalComponents: Sendable {
    /// The points' mean, (d).
    public let mean: Tensor
    /// Orthonormal, the one of the greatest variance first; of each the largest coordinate is positive. (count, d)
    public let directions: Tensor
    /// Along each direction, with n − 1 under the line. (count)
    public let variances: Tensor
    /// Each direction's share of the variance of all. (count)
    public let shares: Tensor

    /// - Parameters:
    ///   - points: at least two, (n, d).
    ///   - count: at most n and d.
    public init(of points: Tensor, count: Int) {
        precondition(
            points.rank == 2 && points.shape[0] > 1 && count > 0 && count <= min(points.shape[0], points.shape[1]),
            "PrincipalComponents: \(count) of points \(points.shape)")
        mean = points.mean(axes: 0)
        let factors = svd(points - mean, fullMatrices: false)
        let rows = factors.vt[0..<count]  // (count, d)
        let largest = rows.gathered(elements: abs(rows).argMax(axis: 1, keepingAxes: true), axis: 1)  // (count, 1)
        directions = rows * sign(largest)
        let all = square(factors.s) / Double(points.shape[0] - 1)
        variances = all[0..<count]
        shares = variances / all.sum()
    }

    /// Points' places along the directions. (n, d) → (n, count)
    public func callAsFunction(_ points: Tensor) -> Tensor { matmul(points - mean, directions.T) }
}
