/// A matrix with orthonormal columns, or rows where they are fewer, made from one without a constraint (Lezcano-Casado 2019,
/// "Trivializations for Gradient-Based Optimization on Manifolds"): `Q = B · map(X)`, with a fixed orthogonal matrix B.
///
/// Original: X of the matrix's shape. Buffer: `base`, B. What the value is at first, and what is assigned, is made orthonormal.
public final class Orthogonal: Parametrization {
    /// From a matrix X to an orthogonal one; `A = L − Lᵀ` of its lower triangle L.
    public enum Map: String, Sendable, Codable {
        /// `exp(A)`
        case matrixExponential
        /// `(I − A/2)⁻¹ (I + A/2)`
        case cayley
        /// The product of reflections at the columns below X's diagonal, whose signs are the diagonal's.
        case householder
    }

    @Buffer var base: Tensor?
    /// What makes an orthogonal matrix.
    public let map: Map
    private let generator: Generator

    /// - Parameter map: the matrix exponential for a square matrix, reflections for another, where it isn't given.
    public init(for weight: Tensor, map: Map? = nil, generator: Generator = .current) {
        precondition(weight.rank == 2, "Orthogonal: \(weight.shape) is no matrix")
        self.map = map ?? (weight.shape[0] == weight.shape[1] ? .matrixExponential : .householder)
        self.generator = generator
    }

    public override func value(of originals: [Tensor]) -> Tensor {
        let x = originals[0]
        let isWide = x.shape[0] < x.shape[1]
        let tall = isWide ? x.T : x  // (n, k), n ≥ k
        let orthogonal = matmul(base!, mapped(tall))
        return isWide ? orthogonal.T : orthogonal
    }

    /// The value becomes B, filled up with random columns, and X what is mapped to the identity.
    public override func originals(of value: Tensor) -> [Tensor] {
        let (n, k) = (max(value.shape[0], value.shape[1]), min(value.shape[0], value.shape[1]))
        let columns = value.shape[0] < value.shape[1] ? value : value.T  // (k, n)
        let rest = Tensor.normal([n - k, n], dtype: .float64, generator: generator)
        let rows: [Double] = concatenate([columns.cast(to: .float64), rest]).elements()
        let basis = Tensor(orthonormalized(rows, count: n, length: n), shape: [n, n], dtype: .float64)
        base = basis.T.cast(to: value.dtype).evaluated()
        return [-Tensor.identity(value.shape[0], value.shape[1], dtype: value.dtype)]
    }

    private func mapped(_ x: Tensor) -> Tensor {
        let (n, k) = (x.shape[0], x.shape[1])
        if map == .householder { return reflections(x) }
        let lower = x.lowerTriangle().padded([(0, 0), (0, n - k)])
        let skew = lower - lower.T
        let identity = Tensor.identity(n, dtype: x.dtype)
        let square =
            map == .cayley ? solve(identity - skew * 0.5, identity + skew * 0.5) : matrixExponential(skew)
        return square.sliced(axis: 1, 0, k)
    }

    /// The first columns of `H₁ H₂ ⋯ H_k` with `Hᵢ = I − τᵢ vᵢ vᵢᵀ`, the last one first.
    private func reflections(_ x: Tensor) -> Tensor {
        let below = x.lowerTriangle(offset: -1)
        let scales = 2 / (square(below).sum(axes: 0) + 1)
        let identity = Tensor.identity(x.shape[0], x.shape[1], dtype: x.dtype)
        let (product, _) = scan([identity], over: [(below + identity).T, scales], reversed: true) { state, element in
            let row = element[0].expandingDims(0)  // (1, n)
            return ([state[0] - row.T * matmul(row, state[0]) * element[1]], [])
        }
        return product[0] * stopGradient(trunc(x.diagonal()))
    }
}
