// Differences, integrals, covariances, and statistics that pass over NaN.

extension Tensor {
    /// The differences of neighbours along `axis`, `order` times over (diff).
    public func differences(order: Int = 1, axis: Int = -1) -> Tensor {
        guard let axis = resolvedAxis("differences", axis) else { return self }
        guard order >= 0 else { return invalid("differences: order \(order)") }
        return (0..<order).reduce(self) { x, _ in
            let count = Swift.max(0, x.shape[axis] - 1)
            guard count > 0 else { return x.sliced(axis: axis, 0, 0) }
            let (later, earlier) = (x.sliced(axis: axis, 1, count), x.sliced(axis: axis, 0, count))
            return dtype == .bool ? later .^ earlier : later - earlier
        }
    }

    /// The slope at each of the samples along `axis`, `spacing` apart: half the difference of its neighbours, at the ends that to the one
    /// neighbour (NumPy's and PyTorch's gradient).
    public func slopes(spacing: Double = 1, axis: Int = -1) -> Tensor {
        guard let axis = resolvedAxis("slopes", axis) else { return self }
        let (x, n) = (floating, shape[axis])
        guard n >= 2 else { return invalid("slopes: axis \(axis) of \(shape) has no two samples") }
        let steps = x.differences(axis: axis)
        let inner = (x.sliced(axis: axis, 2, n - 2) - x.sliced(axis: axis, 0, n - 2)) * 0.5
        let parts = [steps.sliced(axis: axis, 0, 1)] + (n > 2 ? [inner] : []) + [steps.sliced(axis: axis, n - 2, 1)]
        return concatenate(parts, axis: axis) / spacing
    }

    /// The integral along `axis` by the trapezoid rule, of samples `spacing` apart (trapezoid).
    public func trapezoid(spacing: Double = 1, axis: Int = -1) -> Tensor {
        guard let axis = resolvedAxis("trapezoid", axis) else { return self }
        return trapezoids(axis).sum(axes: axis) * spacing
    }

    /// The same of samples at the places `x`, which broadcast with this tensor.
    public func trapezoid(at x: Tensor, axis: Int = -1) -> Tensor {
        guard let axis = resolvedAxis("trapezoid", axis) else { return self }
        return (trapezoids(axis) * steps(x, axis)).sum(axes: axis)
    }

    /// The integral up to each sample but the first (cumulative_trapezoid).
    public func cumulativeTrapezoid(spacing: Double = 1, axis: Int = -1) -> Tensor {
        guard let axis = resolvedAxis("cumulativeTrapezoid", axis) else { return self }
        return (trapezoids(axis) * spacing).cumulativeSum(axis: axis)
    }

    /// The means of neighbours.
    private func trapezoids(_ axis: Int) -> Tensor {
        let (x, count) = (floating, Swift.max(0, shape[axis] - 1))
        guard count > 0 else { return x.sliced(axis: axis, 0, 0) }
        return (x.sliced(axis: axis, 0, count) + x.sliced(axis: axis, 1, count)) * 0.5
    }

    private func steps(_ x: Tensor, _ axis: Int) -> Tensor {
        x.rank == rank ? x.differences(axis: axis) : x.differences().reshaped(line(axis, -1))
    }

    /// A shape of ones but for `axis`.
    private func line(_ axis: Int, _ extent: Int) -> Shape {
        Shape(shape.indices.map { $0 == axis ? extent : 1 })
    }

    /// The covariances of variables, one a row, of observations, one a column (cov): `(n, m) → (n, n)`. One variable gives a scalar.
    public func covariance(correction: Int = 1) -> Tensor {
        guard rank == 1 || rank == 2 else { return invalid("covariance: \(shape): a row for each variable is needed") }
        let (variables, observations) = (rank == 1 ? 1 : shape[0], shape[rank - 1])
        let rows = floating.reshaped([variables, observations])
        let centred = rows - rows.mean(axes: 1, keepingAxes: true)
        let result = matmul(centred, centred.T) / Double(Swift.max(0, observations - correction))
        return variables == 1 ? result.reshaped([]) : result
    }

    /// The correlations of variables, one a row, of observations, one a column (corrcoef): in [−1, 1], `(n, m) → (n, n)`.
    public func correlation() -> Tensor {
        let covariance = covariance()
        guard covariance.rank == 2 else { return covariance / covariance }
        let deviation = sqrt(covariance.diagonal())
        return (covariance / deviation.expandingDims(1) / deviation).clamped(-1, 1)
    }

    /// The sum of what is not NaN (nansum).
    public func sumIgnoringNaN(axes: Int..., keepingAxes: Bool = false) -> Tensor {
        sumIgnoringNaN(axes: axes, keepingAxes: keepingAxes)
    }

    /// The sum of what is not NaN (nansum).
    public func sumIgnoringNaN(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        `where`(isNaN(self), .zeros([], dtype: dtype), self).sum(axes: axes, keepingAxes: keepingAxes)
    }

    /// The mean of what is not NaN, and NaN of nothing (nanmean).
    public func meanIgnoringNaN(axes: Int..., keepingAxes: Bool = false) -> Tensor {
        meanIgnoringNaN(axes: axes, keepingAxes: keepingAxes)
    }

    /// The mean of what is not NaN, and NaN of nothing (nanmean).
    public func meanIgnoringNaN(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        let x = floating
        let sum = `where`(isNaN(x), 0, x).sum(axes: axes, keepingAxes: keepingAxes)
        return sum / (.!isNaN(x)).cast(to: x.dtype).sum(axes: axes, keepingAxes: keepingAxes)
    }
}
