/// What matrices are factored into. `a` is the matrix, `(m, n)`, and k is the smaller of m and n.
public enum Factorization: Hashable, Sendable, CaseIterable {
    /// `a = L Lᵀ`, of the lower triangle of a symmetric positive definite matrix. NaN where it is not positive
    /// definite.
    case cholesky
    /// `P a = L U` with partial pivoting: L below the diagonal, which is all ones, and U from it on, in one matrix.
    case lu
    /// `a = Q R` by Householder reflections, so that R's diagonal may be negative. Q is `(m, k)`, or `(m, m)` when
    /// complete.
    case qr, completeQR
    /// `a = V diag(λ) Vᵀ`, of the lower triangle of a symmetric matrix, λ ascending.
    case eigen
    /// λ alone.
    case eigenvalues
    /// `a = U diag(s) Vᵀ`, s descending, with k columns of U and of V.
    case singular
    /// s alone.
    case singularValues

    /// Whether the matrices must be square.
    public var needsSquare: Bool {
        switch self {
        case .cholesky, .eigen, .eigenvalues: true
        case .lu, .qr, .completeQR, .singular, .singularValues: false
        }
    }
}

/// Where the factors of one matrix lie in the flat result of `Operation.factorization`.
///
/// Eigenvectors and singular vectors are unique but for their signs, which are chosen so that the first component of U
/// or V that is at least half as large as the largest is positive: results do not depend on the backend.
public struct FactorizationShape: Hashable, Sendable {
    /// One factor: where it starts, and its shape in row-major order.
    public struct Part: Hashable, Sendable {
        public let start: Int
        public let shape: Shape
        /// The elements' places.
        public var range: Range<Int> { start..<(start + shape.elementCount) }
    }

    /// cholesky: L. lu: (LU)ᵀ `(n, m)`, the rows of `a` in pivoted order `(m)`, and that order's sign `()`. qr: Qᵀ and
    /// Rᵀ. eigen: λ and Vᵀ. singular: U, s and Vᵀ.
    public let parts: [Part]

    /// Of matrices of `m` rows and `n` columns.
    public init(_ kind: Factorization, _ m: Int, _ n: Int) {
        let k = min(m, n)
        let shapes: [Shape] =
            switch kind {
            case .cholesky: [[n, n]]
            case .lu: [[n, m], [m], []]
            case .qr: [[k, m], [n, k]]
            case .completeQR: [[m, m], [n, m]]
            case .eigen: [[n], [n, n]]
            case .eigenvalues: [[n]]
            case .singular: [[m, k], [k], [k, n]]
            case .singularValues: [[k]]
            }
        var start = 0
        parts = shapes.map { shape in
            defer { start += shape.elementCount }
            return Part(start: start, shape: shape)
        }
    }

    /// The elements of all factors of one matrix.
    public var elementCount: Int { parts.last!.range.upperBound }
}
