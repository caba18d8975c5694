// Linear equations, determinants and inverses, from factorizations. Matrices are the last two axes; leading axes
// broadcast.

/// `x` with `a x = b`, by LU factorization.
///
/// - Input: `(…, n, n)`, and `(…, n, k)` or a vector `(n)` for each matrix: `(…, n)`. Output: of `b`'s shape.
///
/// A singular matrix gives infinities and NaN; `isSingular` tells beforehand.
public func solve(_ a: Tensor, _ b: Tensor) -> Tensor {
    guard a.matrices("solve", square: true) != nil else { return b }
    // One vector for each matrix, as PyTorch tells them from matrices.
    let isVector = b.rank == 1 || (a.rank - 1 == b.rank && b.shape == Shape(a.shape.dropLast()))
    let columns = isVector ? b.expandingDims(-1) : b
    guard let (x, y) = systemOperands("solve", a, columns) else { return b }
    let dtype = a.floating.dtype.promoted(with: b.floating.dtype)
    let solution = solveByLU(x, y, transposed: false).cast(to: dtype)
    return isVector ? solution.squeezed(-1) : solution
}

/// `x` with `a x = b`, or `x a = b` from the right, for triangular `a`, by substitution (solve_triangular).
///
/// The other triangle is not read, nor the diagonal where `unitDiagonal` says that it is all ones. A zero on it gives
/// infinities and NaN.
public func triangularSolve(
    _ a: Tensor, _ b: Tensor, upper: Bool, fromRight: Bool = false, unitDiagonal: Bool = false
) -> Tensor {
    if fromRight {
        guard a.matrices("triangularSolve", square: true) != nil, b.matrices("triangularSolve") != nil else { return b }
        // x a = b is aᵀ xᵀ = bᵀ
        return triangularSolve(a.T, b.T, upper: !upper, unitDiagonal: unitDiagonal).T
    }
    guard a.matrices("triangularSolve", square: true) != nil, let (x, y) = systemOperands("triangularSolve", a, b)
    else { return b }
    let dtype = a.floating.dtype.promoted(with: b.floating.dtype)
    return Tensor(.triangularSolve(upper: upper, unitDiagonal: unitDiagonal), x, y).cast(to: dtype)
}

/// `x` with `a x = b` from the factor L of `cholesky(a)`, or with `upper` from its transpose (cholesky_solve).
public func choleskySolve(_ b: Tensor, factor l: Tensor, upper: Bool = false) -> Tensor {
    guard l.matrices("choleskySolve", square: true) != nil else { return b }
    let lower = upper ? l.T : l
    let y = triangularSolve(lower, b, upper: false)
    return triangularSolve(lower.T, y, upper: true)
}

/// The inverse of `a` from the factor L of `cholesky(a)`, or with `upper` from its transpose (cholesky_inverse).
public func choleskyInverse(_ l: Tensor, upper: Bool = false) -> Tensor {
    guard l.matrices("choleskyInverse", square: true) != nil else { return l }
    return choleskySolve(.identity(l.rowCount, dtype: l.floating.dtype), factor: l, upper: upper)
}

/// The inverse of square matrices (inv). A singular one gives infinities and NaN; `isSingular` tells beforehand.
public func inverse(_ a: Tensor) -> Tensor {
    guard let x = a.matrices("inverse", square: true) else { return a }
    let identity = Tensor.identity(x.rowCount, dtype: x.dtype).broadcast(to: x.shape)
    return solveByLU(x, identity, transposed: false).cast(to: a.floating.dtype)
}

/// Whether square matrices have no inverse: a pivot is 0, or NaN. Rounding hides most singular matrices from this;
/// `conditionNumber` sees those too.
public func isSingular(_ a: Tensor) -> Tensor {
    guard let x = a.matrices("isSingular", square: true) else { return a }
    return (.!(abs(LUFactors(x).pivots) .> 0)).any(axes: -1)
}

/// The determinant of square matrices (det): 1 of an empty one. The gradient is right for singular ones too.
public func determinant(_ a: Tensor) -> Tensor {
    guard let x = a.matrices("determinant", square: true) else { return a }
    return withCustomGradient([x]) { inputs in
        LUFactors(inputs[0]).determinant
    } rule: { inputs, determinant, g in
        // ∂a = g det(a) a⁻ᵀ: the cofactors. Where det(a) is 0, those of a matrix close to it.
        let near = LUFactors(stopGradient(inputs[0]), avoidingZeros: true).determinant
        let scale = g * (determinant + (near - stopGradient(determinant)))
        return [solveByLU(inputs[0], scale.timesIdentity(like: inputs[0]), transposed: true, avoidingZeros: true)]
    }.cast(to: a.floating.dtype)
}

/// The sign of the determinant, −1, 0 or 1, and the logarithm of its magnitude (slogdet), which neither over- nor
/// underflows. A singular matrix has the sign 0 and −∞.
public func logDeterminant(_ a: Tensor) -> (sign: Tensor, logarithm: Tensor) {
    guard let x = a.matrices("logDeterminant", square: true) else { return (a, a) }
    let factors = LUFactors(stopGradient(x))
    let parity = factors.sign * sign(factors.pivots).product(axes: -1)
    let logarithm = withCustomGradient([x]) { inputs in
        log(abs(LUFactors(inputs[0]).pivots)).sum(axes: -1)
    } rule: { inputs, _, g in
        // ∂a = g a⁻ᵀ
        [solveByLU(inputs[0], g.timesIdentity(like: inputs[0]), transposed: true)]
    }
    let dtype = a.floating.dtype
    return (parity.cast(to: dtype), logarithm.cast(to: dtype))
}

/// What comes of `leastSquares`.
public struct LeastSquares: Sendable {
    /// The shortest x for which `‖a x − b‖` is least: `(…, n, k)`.
    public let solution: Tensor
    /// `‖a x − b‖²` of each column: `(…, k)`.
    public let residuals: Tensor
    /// How many singular values count.
    public let rank: Tensor
    public let singularValues: Tensor
}

/// The x for which `‖a x − b‖` is least, the shortest of several (lstsq). Singular values up to `relativeTolerance`
/// times the largest count as 0; the default is `max(m, n)` roundings.
///
/// - Input: `(…, m, n)` and `(…, m, k)`.
public func leastSquares(_ a: Tensor, _ b: Tensor, relativeTolerance: Double? = nil) -> LeastSquares {
    guard a.matrices("leastSquares") != nil, b.matrices("leastSquares") != nil, a.rowCount == b.rowCount else {
        let nothing = a.invalid("leastSquares: \(a.shape) with right sides \(b.shape)")
        return LeastSquares(solution: nothing, residuals: nothing, rank: nothing, singularValues: nothing)
    }
    let solution = matmul(pseudoInverse(a, relativeTolerance: relativeTolerance), b)
    return LeastSquares(
        solution: solution, residuals: square(matmul(a, solution) - b).sum(axes: -2),
        rank: matrixRank(a, relativeTolerance: relativeTolerance), singularValues: singularValues(a))
}

/// Moore's and Penrose's inverse (pinv): `V diag(1 / s) Uᵀ`, where singular values up to `relativeTolerance` times the
/// largest give 0; the default is `max(m, n)` roundings.
///
/// The gradient takes the rank to be constant. (Golub and Pereyra 1973, "The differentiation of pseudo-inverses")
public func pseudoInverse(_ a: Tensor, relativeTolerance: Double? = nil) -> Tensor {
    guard let x = a.matrices("pseudoInverse") else { return a }
    return withCustomGradient([x]) { inputs in
        let (u, s, vt) = svd(inputs[0], fullMatrices: false)
        let counts = s.isAboveTolerance(relativeTolerance, of: inputs[0])
        let inverted = `where`(counts, 1 / `where`(counts, s, 1), 0)
        return product(vt.T * inverted.expandingDims(-2), u.T)
    } rule: { inputs, p, g in
        let (a, pT, gT) = (inputs[0], p.T, g.T)
        if a.rowCount <= a.columnCount {
            let k = product(gT, p)
            let kp = product(k, pT)
            return [kp - product(p, k).T - product(product(a, p), kp) + product(product(pT, p), gT - product(k, a))]
        }
        let k = product(p, gT)
        let pk = product(pT, k)
        return [pk - product(k, p).T + product(product(gT - product(a, k), p), pT) - product(product(pk, p), a)]
    }.cast(to: a.floating.dtype)
}

/// How many singular values are above `relativeTolerance` times the largest, and above `absoluteTolerance`
/// (matrix_rank). The default is `max(m, n)` roundings, relative.
public func matrixRank(_ a: Tensor, relativeTolerance: Double? = nil, absoluteTolerance: Double? = nil) -> Tensor {
    guard let x = a.matrices("matrixRank") else { return a }
    let s = singularValues(stopGradient(x))
    let relative = relativeTolerance ?? (absoluteTolerance == nil ? nil : 0)
    let counts = s.isAboveTolerance(relative, of: x) .& (s .> (absoluteTolerance ?? 0))
    return counts.cast(to: .int64).sum(axes: -1)
}

/// `‖a‖ ‖a⁻¹‖` (cond): how much larger a relative error of a right side can be in the solution. Infinite for singular
/// matrices.
///
/// The spectral norm is the ratio of the largest and the smallest singular value, of matrices that need not be square.
public func conditionNumber(_ a: Tensor, _ kind: MatrixNorm = .spectral) -> Tensor {
    guard let x = a.matrices("conditionNumber", square: kind != .spectral && kind != .minusSpectral) else { return a }
    let result: Tensor
    switch kind {
    case .spectral, .minusSpectral:
        let s = singularValues(x)
        let (largest, smallest) = (s.max(axes: -1), s.min(axes: -1))
        result = kind == .spectral ? largest / smallest : smallest / largest
    default:
        let condition = x.matrixNorm(kind) * inverse(x).matrixNorm(kind)
        result = `where`(isSingular(x), Double.infinity, condition)
    }
    return result.cast(to: a.floating.dtype)
}

/// The solution of `a x = b`, or of `aᵀ x = b`. Its gradients come from the same factors.
private func solveByLU(_ a: Tensor, _ b: Tensor, transposed: Bool, avoidingZeros: Bool = false) -> Tensor {
    withCustomGradient([a, b]) { inputs in
        let factors = LUFactors(inputs[0], avoidingZeros: avoidingZeros)
        return transposed ? factors.solveTransposed(inputs[1]) : factors.solve(inputs[1])
    } rule: { inputs, x, g in
        // ∂b = a⁻ᵀ g,  ∂a = −∂b xᵀ, and the transpose of that
        let gb = solveByLU(inputs[0], g, transposed: !transposed, avoidingZeros: avoidingZeros)
        return [-(transposed ? product(x, gb.T) : product(gb, x.T)), gb]
    }
}

/// Matrices and right sides of one dtype and batch shape.
private func systemOperands(_ name: String, _ a: Tensor, _ b: Tensor) -> (Tensor, Tensor)? {
    guard b.rank >= 2, a.columnCount == b.rowCount, let batch = a.batchShape.broadcast(with: b.batchShape) else {
        reportTensorError(TensorError("\(name): \(a.shape) with right sides \(b.shape)"))
        return nil
    }
    let dtype: DType = a.dtype == .float64 || b.dtype == .float64 ? .float64 : .float32
    return (
        a.cast(to: dtype).broadcast(to: Shape(batch + a.shape.suffix(2))),
        b.cast(to: dtype).broadcast(to: Shape(batch + b.shape.suffix(2)))
    )
}

/// The matrix product of one batch shape, in full precision whatever `Precision` is in force.
func product(_ a: Tensor, _ b: Tensor) -> Tensor { Tensor(.matmul, a, b) }

extension LUFactors {
    fileprivate var determinant: Tensor { sign * pivots.product(axes: -1) }
}

extension Tensor {
    /// The identity times each number: `(…) → (…, n, n)`, of the shape of `matrices`.
    fileprivate func timesIdentity(like matrices: Tensor) -> Tensor {
        reshaped(Shape(shape + [1, 1])) * Tensor.identity(matrices.rowCount, dtype: dtype)
    }

    /// Which of these singular values of `a` count.
    fileprivate func isAboveTolerance(_ relative: Double?, of a: Tensor) -> Tensor {
        let tolerance = relative ?? Double(Swift.max(a.rowCount, a.columnCount)) * dtype.roundingUnit
        return self .> self.max(axes: -1, keepingAxes: true) * tolerance
    }
}
