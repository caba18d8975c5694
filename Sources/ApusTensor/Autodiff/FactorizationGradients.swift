// Gradients of factorizations, from the gradients of the factors. Triangular systems take the place of inverses.

/// The gradient of a factorization by the matrices. `result` and `g` are flat: `FactorizationShape` tells their parts.
func factorizationGradient(_ kind: Factorization, _ a: Tensor, _ result: Tensor, _ g: Tensor) -> Tensor {
    let shape = FactorizationShape(kind, a.rowCount, a.columnCount)
    let (factors, gradients) = (result.parts(shape), g.parts(shape))
    switch kind {
    case .cholesky:
        return choleskyGradient(factors[0], gradients[0])
    case .lu:
        return luGradient(factors[0].T, order: factors[1].cast(to: .int64), gradients[0].T)
    case .qr, .completeQR:
        // Only what belongs to the first columns of Q has a gradient.
        let k = min(a.rowCount, a.columnCount)
        func reduced(_ parts: [Tensor]) -> (Tensor, Tensor) {
            (parts[0].sliced(axis: -2, 0, k).T, parts[1].sliced(axis: -1, 0, k).T)
        }
        return qrGradient(a, reduced(factors), reduced(gradients))
    case .eigen:
        return eigenGradient(factors[0], factors[1].T, gradients[0], gradients[1].T)
    case .eigenvalues:
        // ∂a = V diag(∂λ) Vᵀ
        let vt = a.factors(.eigen)[1]
        return product(vt.T * gradients[0].expandingDims(-2), vt)
    case .singular:
        return singularGradient((factors[0], factors[1], factors[2]), (gradients[0], gradients[1], gradients[2]))
    case .singularValues:
        // ∂a = U diag(∂s) Vᵀ
        let other = a.factors(.singular)
        return product(other[0] * gradients[0].expandingDims(-2), other[2])
    }
}

/// The gradients of `triangularSolve`: `∂b = a⁻ᵀ g`, `∂a = −∂b xᵀ` in the triangle that is read.
func triangularSolveGradients(upper: Bool, unitDiagonal: Bool, _ a: Tensor, _ x: Tensor, _ g: Tensor) -> [Tensor] {
    let gb = Tensor(.triangularSolve(upper: !upper, unitDiagonal: unitDiagonal), a.T, g)
    let outer = product(-gb, x.T)
    let offset = unitDiagonal ? 1 : 0
    return [upper ? outer.upperTriangle(offset: offset) : outer.lowerTriangle(offset: -offset), gb]
}

/// `op(l)⁻¹ x` of a lower triangular matrix or its transpose.
private func solveLower(_ l: Tensor, _ x: Tensor, transposed: Bool, unitDiagonal: Bool = false) -> Tensor {
    Tensor(.triangularSolve(upper: transposed, unitDiagonal: unitDiagonal), transposed ? l.T : l, x)
}

/// `x r⁻ᵀ` of an upper triangular matrix.
private func solveUpperTransposed(_ x: Tensor, _ r: Tensor) -> Tensor {
    Tensor(.triangularSolve(upper: true, unitDiagonal: false), r, x.T).T
}

extension Tensor {
    fileprivate var symmetrized: Tensor { (self + T) * 0.5 }

    /// The lower triangle mirrored upward.
    fileprivate var mirroredUpward: Tensor { lowerTriangle() + lowerTriangle(offset: -1).T }
}

/// Murray 2016, equation 10: `∂a = L⁻ᵀ Φ(Lᵀ ∂L) L⁻¹`, symmetric; Φ takes the lower triangle and half of the diagonal.
private func choleskyGradient(_ l: Tensor, _ g: Tensor) -> Tensor {
    let inner = product(l.T, g.lowerTriangle()).mirroredUpward * 0.5
    let left = solveLower(l, inner, transposed: true)
    return solveLower(l, left.T, transposed: true).symmetrized
}

/// From `Lᵀ ∂L` below and `∂U Uᵀ` above the diagonal; what is beside the square block of L and U is a linear system of
/// that.
private func luGradient(_ lu: Tensor, order: Tensor, _ g: Tensor) -> Tensor {
    let (m, n) = (lu.rowCount, lu.columnCount)
    let k = min(m, n)
    let (square, gSquare) = (lu.block(k, k), g.block(k, k))
    var below = product(square.unitLower.T, gSquare.lowerTriangle(offset: -1))
    var above = product(gSquare.upperTriangle(), square.upperTriangle().T)
    var beside: Tensor?
    if m > n {
        // a₂ = L₂ U
        let (l2, g2) = (lu.sliced(axis: -2, k, m - k), g.sliced(axis: -2, k, m - k))
        above = above - product(l2.T, g2)
        beside = solveUpperTransposed(g2, square)
    } else if n > m {
        // a₂ = L U₂
        let (u2, g2) = (lu.sliced(axis: -1, k, n - k), g.sliced(axis: -1, k, n - k))
        below = below - product(g2, u2.T)
        beside = solveLower(square, g2, transposed: true, unitDiagonal: true)
    }
    let inner = below.lowerTriangle(offset: -1) + above.upperTriangle()
    let solved = solveLower(square, inner, transposed: true, unitDiagonal: true)
    let block = solveUpperTransposed(solved, square)
    let pivoted = beside.map { concatenate([block, $0], axis: m > n ? -2 : -1) } ?? block
    // Row i of L U is row order[i] of a.
    let places = order.argSort(axis: -1).expandingDims(-1).broadcast(to: pivoted.shape)
    return pivoted.gathered(elements: places, axis: pivoted.rank - 2)
}

extension Tensor {
    /// The first rows and columns.
    fileprivate func block(_ rows: Int, _ columns: Int) -> Tensor {
        sliced(axis: -2, 0, rows).sliced(axis: -1, 0, columns)
    }

    /// The triangle below the diagonal, and ones on it.
    fileprivate var unitLower: Tensor { lowerTriangle(offset: -1) + Tensor.identity(rowCount, dtype: dtype) }
}

/// Of a = Q R with more rows than columns `∂a = (∂Q + Q M) R⁻ᵀ`, with M the lower triangle of `R ∂Rᵀ − ∂Qᵀ Q` mirrored
/// upward. Otherwise the columns behind the square block, Y, are `Q V`, and add `Y ∂Vᵀ` to ∂Q.
private func qrGradient(_ a: Tensor, _ factors: (q: Tensor, r: Tensor), _ g: (q: Tensor, r: Tensor)) -> Tensor {
    let (m, n, q) = (a.rowCount, a.columnCount, factors.q)
    let k = min(m, n)
    let (r, gr) = (factors.r.block(k, k), g.r.block(k, k).upperTriangle())
    var gq = g.q
    var beside: Tensor?
    if n > m {
        let gv = g.r.sliced(axis: -1, k, n - k)
        gq = gq + product(a.sliced(axis: -1, k, n - k), gv.T)
        beside = product(q, gv)
    }
    let inner = (product(r, gr.T) - product(gq.T, q)).mirroredUpward
    let block = solveUpperTransposed(gq + product(q, inner), r)
    return beside.map { concatenate([block, $0], axis: -1) } ?? block
}

/// `1 / (x[j] − x[i])`, and 0 where they are equal: what depends on the choice among vectors of equal values has no
/// gradient there.
private func reciprocalDifferences(_ x: Tensor) -> Tensor {
    let difference = x.expandingDims(-2) - x.expandingDims(-1)
    let isZero = difference .== 0
    return `where`(isZero, 0, 1 / `where`(isZero, 1, difference))
}

/// `∂a = V (diag(∂λ) + (Vᵀ ∂V) ∘ F) Vᵀ`, F the reciprocal differences of λ (Giles 2008, 3.1).
private func eigenGradient(_ values: Tensor, _ v: Tensor, _ gValues: Tensor, _ gv: Tensor) -> Tensor {
    let rotation = product(v.T, gv) * reciprocalDifferences(values)
    return product(product(v, rotation + gValues.diagonalEmbedded()), v.T)
}

/// Giles 2008, 3.2: turns of U and V inside of their spans, what changes s, and what leaves the spans.
private func singularGradient(
    _ factors: (u: Tensor, s: Tensor, vt: Tensor), _ g: (u: Tensor, s: Tensor, vt: Tensor)
) -> Tensor {
    let (u, s, vt) = factors
    let f = reciprocalDifferences(s * s)
    let (columns, rows) = (s.expandingDims(-2), s.expandingDims(-1))
    let (uGu, vGv) = (product(u.T, g.u), product(vt, g.vt.T))
    let core = (uGu - uGu.T) * f * columns + rows * ((vGv - vGv.T) * f) + g.s.diagonalEmbedded()
    let k = s.shape[s.rank - 1]
    var left = product(u, core)
    if u.rowCount > k { left = left + (g.u - product(u, uGu)) / columns }
    var result = product(left, vt)
    if vt.columnCount > k { result = result + product(u, (g.vt - product(vGv.T, vt)) / rows) }
    return result
}
