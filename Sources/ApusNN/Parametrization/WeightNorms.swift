/// A weight's length apart from its direction (Salimans and Kingma 2016): `w = g · v / ‖v‖`, with a norm for each slice of an axis.
///
/// Originals: `original0`, the lengths g, and `original1`, v.
public final class WeightNorm: Parametrization {
    /// The axis whose slices have norms of their own; nil for one norm of all elements.
    public let axis: Int?

    public init(axis: Int? = 0) { self.axis = axis }

    public override func value(of originals: [Tensor]) -> Tensor {
        originals[1] * (originals[0] / lengths(of: originals[1]))
    }

    public override func originals(of value: Tensor) -> [Tensor] { [lengths(of: value), value] }

    private func lengths(of x: Tensor) -> Tensor {
        guard let axis else { return x.norm() }
        let place = axis < 0 ? axis + x.rank : axis
        return x.norm(axes: (0..<x.rank).filter { $0 != place }, keepingAxes: true)
    }
}

/// A weight divided by its largest singular value (Miyato et al. 2018), which in training each look at the weight comes nearer to by power
/// iteration: `v ← Wᵀu / ‖Wᵀu‖`, `u ← Wv / ‖Wv‖`, `σ = uᵀ W v`.
///
/// Buffers: `_u` and `_v`.
public final class SpectralNorm: Parametrization {
    @Buffer var u: Tensor?
    @Buffer var v: Tensor?
    /// The axis that is the matrix's rows; all others together are its columns.
    public let axis: Int
    /// Power iterations at each look.
    public let iterations: Int
    /// The smallest norm that is divided by.
    public let epsilon: Double

    /// - Parameters:
    ///   - weight: what the parametrization is for: the vectors start near its singular ones. A vector is divided by its norm.
    ///   - axis: 0 by default; 1 is meant for transposed convolutions.
    public init(
        for weight: Tensor, axis: Int = 0, iterations: Int = 1, epsilon: Double = 1e-12,
        generator: Generator = .current
    ) {
        precondition(iterations >= 1, "SpectralNorm: \(iterations) power iterations")
        self.axis = axis < 0 ? axis + weight.rank : axis
        self.iterations = iterations
        self.epsilon = epsilon
        super.init()
        guard weight.rank > 1 else { return }
        let matrix = matrix(weight)
        func start(_ count: Int) -> Tensor {
            Tensor.normal([count], dtype: weight.dtype, generator: generator).normalized(axis: 0, epsilon: epsilon)
        }
        (u, v) = iterated(matrix, start(matrix.shape[0]), start(matrix.shape[1]), count: 15)
        evaluate([u!, v!])
    }

    public override func stateName(of property: String) -> String { "_" + property }

    public override func value(of originals: [Tensor]) -> Tensor {
        let weight = originals[0]
        guard var u, var v else { return weight.normalized(axis: 0, epsilon: epsilon) }
        let matrix = matrix(weight)
        if isTraining {
            (u, v) = iterated(stopGradient(matrix), u, v, count: iterations)
            (self.u, self.v) = (u, v)
        }
        return weight / (u * product(matrix, v)).sum()
    }

    private func matrix(_ weight: Tensor) -> Tensor { weight.movingAxis(axis, to: 0).flattened(from: 1) }

    private func iterated(_ matrix: Tensor, _ u: Tensor, _ v: Tensor, count: Int) -> (Tensor, Tensor) {
        var (u, v) = (u, v)
        for _ in 0..<count {
            u = product(matrix, v).normalized(axis: 0, epsilon: epsilon)
            v = product(matrix.T, u).normalized(axis: 0, epsilon: epsilon)
        }
        return (u, v)
    }

    private func product(_ matrix: Tensor, _ vector: Tensor) -> Tensor {
        matmul(matrix, vector.expandingDims(1)).squeezed(1)
    }
}
