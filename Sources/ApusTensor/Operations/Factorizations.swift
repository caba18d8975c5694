// Matrices as products of simpler ones, over the last two axes; leading axes are a batch. LAPACK factors float32 and
// float64; the other dtypes are computed in float32. m rows, n columns, and k is the smaller of both.
//
// What a matrix cannot be factored into comes back as NaN, that matrix's part of the batch alone: a promise of a value
// cannot throw.

/// The lower triangular L with `a = L Lᵀ` of symmetric positive definite matrices, or with `upper` its transpose.
///
/// Only the lower triangle of `a` is read, and its gradient is symmetric. A matrix that is not positive definite gives
/// NaN. (Murray 2016, "Differentiation of the Cholesky decomposition")
public func cholesky(_ a: Tensor, upper: Bool = false) -> Tensor {
    guard let x = a.matrices("cholesky", square: true) else { return a }
    let l = x.factors(.cholesky)[0]
    return (upper ? l.T : l).cast(to: a.floating.dtype)
}

/// P, L and U with `a = P L U`: a permutation, ones on L's diagonal, and the largest pivots.
///
/// - Input: `(…, m, n)`. Output: `(…, m, m)`, `(…, m, k)` and `(…, k, n)`.
public func lu(_ a: Tensor) -> (permutation: Tensor, lower: Tensor, upper: Tensor) {
    guard let x = a.matrices("lu") else { return (a, a, a) }
    let (m, n) = (x.rowCount, x.columnCount)
    let k = min(m, n)
    let factors = LUFactors(x)
    // Row i of L U is row order[i] of a: column order[i] of P has its one in row i, counted the other way round.
    let permutation = factors.order.oneHot(m, dtype: x.dtype).T
    let ones = Tensor.identity(m, k, dtype: x.dtype)
    let lower = factors.packed.sliced(axis: -1, 0, k).lowerTriangle(offset: -1) + ones
    let upper = factors.packed.sliced(axis: -2, 0, k).upperTriangle()
    let dtype = a.floating.dtype
    return (permutation.cast(to: dtype), lower.cast(to: dtype), upper.cast(to: dtype))
}

/// How much of Q there is.
public enum QRMode: String, Sendable, Codable, CaseIterable {
    /// Q is `(m, k)` and R `(k, n)`.
    case reduced
    /// Q is `(m, m)` and R `(m, n)`.
    case complete
}

/// Q with orthonormal columns and upper triangular R with `a = Q R`.
///
/// The gradient takes the first k columns of `a` to be independent. Columns that a complete Q adds have none.
/// (Walter and Lehmann 2018, "Algorithmic differentiation of linear algebra functions")
public func qr(_ a: Tensor, mode: QRMode = .reduced) -> (q: Tensor, r: Tensor) {
    guard let x = a.matrices("qr") else { return (a, a) }
    let factors = x.factors(mode == .reduced ? .qr : .completeQR)
    let dtype = a.floating.dtype
    return (factors[0].T.cast(to: dtype), factors[1].T.cast(to: dtype))
}

/// U, s and Vᵀ with `a = U diag(s) Vᵀ`: orthonormal columns of U and rows of Vᵀ, s descending.
///
/// - Parameter fullMatrices: U `(m, m)` and Vᵀ `(n, n)` rather than `(m, k)` and `(k, n)`. What they add has no gradient.
///
/// Signs are chosen so that the first large component of each column of U is positive. The gradient holds for functions
/// that do not depend on signs, nor on the choice of vectors where values are equal. (Giles 2008, "Collected matrix
/// derivative results")
public func svd(_ a: Tensor, fullMatrices: Bool = true) -> (u: Tensor, s: Tensor, vt: Tensor) {
    guard let x = a.matrices("svd") else { return (a, a, a) }
    let factors = x.factors(.singular)
    var (u, vt) = (factors[0], factors[2])
    if fullMatrices {
        (u, vt) = (u.withOrthogonalComplement(), vt.T.withOrthogonalComplement().T)
    }
    let dtype = a.floating.dtype
    return (u.cast(to: dtype), factors[1].cast(to: dtype), vt.cast(to: dtype))
}

/// The singular values, descending (svdvals): `(…, k)`.
public func singularValues(_ a: Tensor) -> Tensor {
    guard let x = a.matrices("singularValues") else { return a }
    return x.factors(.singularValues)[0].cast(to: a.floating.dtype)
}

/// Eigenvalues, ascending, and eigenvectors, as columns, of symmetric matrices: `a = V diag(λ) Vᵀ`.
///
/// Of `a` one triangle is read, the lower one or the `upper`. Signs and gradients are as those of `svd`.
public func eigh(_ a: Tensor, upper: Bool = false) -> (values: Tensor, vectors: Tensor) {
    guard let x = a.matrices("eigh", square: true) else { return (a, a) }
    let factors = (upper ? x.T : x).factors(.eigen)
    let dtype = a.floating.dtype
    return (factors[0].cast(to: dtype), factors[1].T.cast(to: dtype))
}

/// The eigenvalues of symmetric matrices, ascending: `(…, n)`.
public func eigvalsh(_ a: Tensor, upper: Bool = false) -> Tensor {
    guard let x = a.matrices("eigvalsh", square: true) else { return a }
    return (upper ? x.T : x).factors(.eigenvalues)[0].cast(to: a.floating.dtype)
}

/// Rows in pivoted order, their sign, and L and U in one matrix.
struct LUFactors {
    /// L below the diagonal, U from it on: `(…, m, n)`.
    let packed: Tensor
    /// Row i of L U is row `order[i]` of the matrix: `(…, m)`.
    let order: Tensor
    /// 1, or −1 for an odd permutation: `(…)`.
    let sign: Tensor

    /// - Parameter avoidingZeros: zeros on U's diagonal become tiny, so that what is divided by them stays finite.
    init(_ a: Tensor, avoidingZeros: Bool = false) {
        let factors = a.factors(.lu)
        order = factors[1].cast(to: .int64)
        sign = factors[2]
        packed = avoidingZeros ? Self.withoutZeros(factors[0].T) : factors[0].T
    }

    /// U's diagonal.
    var pivots: Tensor { packed.diagonal(axes: (-2, -1)) }

    private static func withoutZeros(_ packed: Tensor) -> Tensor {
        let size = maximum(abs(packed).max(axes: -2, -1, keepingAxes: true), packed.dtype.leastNormal)
        let isZeroPivot = Tensor.identity(packed.rowCount, dtype: .bool) .& (packed .== 0)
        return `where`(isZeroPivot, size * packed.dtype.roundingUnit, packed)
    }

    /// The solution of `a x = b`.
    func solve(_ b: Tensor) -> Tensor {
        let rows = b.gathered(elements: order.expandingDims(-1).broadcast(to: b.shape), axis: b.rank - 2)
        let y = Tensor(.triangularSolve(upper: false, unitDiagonal: true), packed, rows)
        return Tensor(.triangularSolve(upper: true, unitDiagonal: false), packed, y)
    }

    /// The solution of `aᵀ x = b`.
    func solveTransposed(_ b: Tensor) -> Tensor {
        let y = Tensor(.triangularSolve(upper: false, unitDiagonal: false), packed.T, b)
        let rows = Tensor(.triangularSolve(upper: true, unitDiagonal: true), packed.T, y)
        let places = order.argSort(axis: -1)
        return rows.gathered(elements: places.expandingDims(-1).broadcast(to: b.shape), axis: b.rank - 2)
    }
}

extension Tensor {
    var rowCount: Int { shape[rank - 2] }
    var columnCount: Int { shape[rank - 1] }
    /// The leading axes.
    var batchShape: Shape { Shape(shape.dropLast(2)) }

    /// This tensor in a dtype that LAPACK takes, or nil, and the mistake reported, where it is no matrix or not a
    /// square one.
    func matrices(_ name: String, square: Bool = false) -> Tensor? {
        guard rank >= 2, !square || rowCount == columnCount else {
            reportTensorError(
                TensorError("\(name): \(shape): \(square ? "square matrices are" : "a matrix is") needed"))
            return nil
        }
        return wide
    }

    /// This tensor as float64 if it is, and float32 if not.
    var wide: Tensor { dtype == .float64 ? self : cast(to: .float32) }

    /// The factors of matrices, as `FactorizationShape` lists them.
    func factors(_ kind: Factorization) -> [Tensor] {
        Tensor(.factorization(kind), self).parts(FactorizationShape(kind, rowCount, columnCount))
    }

    /// The parts of a factorization's result or of its gradient.
    func parts(_ factors: FactorizationShape) -> [Tensor] {
        factors.parts.map { part in
            sliced(axis: -1, part.start, part.range.count).reshaped(Shape(shape.dropLast() + part.shape))
        }
    }

    /// Orthonormal columns made up to a whole basis.
    fileprivate func withOrthogonalComplement() -> Tensor {
        let (m, k) = (rowCount, columnCount)
        guard m > k else { return self }
        let basis = stopGradient(self).factors(.completeQR)[0].T
        return concatenate([self, basis.sliced(axis: -1, k, m - k)], axis: -1)
    }
}

extension DType {
    /// The distance of 1 from the next number.
    var roundingUnit: Double {
        switch self {
        case .float64: Double.ulpOfOne
        case .float16: Double(Float16.ulpOfOne)
        case .bfloat16: 0x1p-7
        default: Double(Float.ulpOfOne)
        }
    }

    /// The least positive number of full precision.
    var leastNormal: Double {
        switch self {
        case .float64: Double.leastNormalMagnitude
        case .float16: Double(Float16.leastNormalMagnitude)
        default: Double(Float.leastNormalMagnitude)
        }
    }
}
