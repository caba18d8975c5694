import ApusGraph

// Factorizations as textbooks have them (Golub and Van Loan, "Matrix Computations"). A matrix is an array of its rows.

private typealias Matrix = [[Double]]

extension ReferenceTensor {
    /// The factors of each matrix, flat, in the order of `FactorizationShape`.
    func factored(_ kind: Factorization, as type: TensorType) -> ReferenceTensor {
        let results = matrices.flatMap { a -> [Double] in
            switch kind {
            case .cholesky: flat(cholesky(a))
            case .lu: flatLU(a, columns: columnCount)
            case .qr: flatQR(a, columns: columnCount, isComplete: false)
            case .completeQR: flatQR(a, columns: columnCount, isComplete: true)
            case .eigen: { $0.values + flat($0.vectors) }(eigen(a))
            case .eigenvalues: eigen(a).values
            case .singular: { flat($0.u) + $0.values + flat($0.vt) }(singular(a, columns: columnCount))
            case .singularValues: singular(a, columns: columnCount).values
            }
        }
        return ReferenceTensor(type, floats: results)
    }

    /// `x` with `self · x = b`, of triangular matrices, by substitution.
    func solvingTriangular(_ b: ReferenceTensor, upper: Bool, unitDiagonal: Bool) -> ReferenceTensor {
        let results = zip(matrices, b.matrices).flatMap { a, b -> [Double] in
            var x = b
            let order = Array(a.indices)
            for (place, row) in (upper ? order.reversed() : order).enumerated() {
                let known = upper ? order.suffix(place) : order.prefix(place)
                for column in x[row].indices {
                    let rest = known.reduce(x[row][column]) { $0 - a[row][$1] * x[$1][column] }
                    x[row][column] = unitDiagonal ? rest : rest / a[row][row]
                }
            }
            return flat(x)
        }
        return ReferenceTensor(b.type, floats: results)
    }

    private var columnCount: Int { shape[shape.rank - 1] }

    /// The matrices over the last two axes.
    private var matrices: [Matrix] {
        let (rows, columns, values) = (shape[shape.rank - 2], columnCount, floats)
        return (0..<shape.dropLast(2).reduce(1, *)).map { number in
            (0..<rows).map { row in
                let start = (number * rows + row) * columns
                return Array(values[start..<(start + columns)])
            }
        }
    }
}

private func flat(_ a: Matrix) -> [Double] { a.flatMap { $0 } }

private func transposed(_ a: Matrix, columns: Int) -> Matrix { (0..<columns).map { column in a.map { $0[column] } } }

private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

private func identity(_ n: Int) -> Matrix { (0..<n).map { row in (0..<n).map { $0 == row ? 1 : 0 } } }

/// Row by row; all NaN where a pivot is not positive.
private func cholesky(_ a: Matrix) -> Matrix {
    var l = Matrix(repeating: [Double](repeating: 0, count: a.count), count: a.count)
    for i in a.indices {
        for j in 0...i {
            let rest = a[i][j] - dot(Array(l[i][..<j]), Array(l[j][..<j]))
            if i == j, !(rest > 0) { return a.map { $0.map { _ in .nan } } }
            l[i][j] = i == j ? rest.squareRoot() : rest / l[j][j]
        }
    }
    return l
}

/// Gaussian elimination with the largest pivot of each column.
private func flatLU(_ a: Matrix, columns: Int) -> [Double] {
    var (a, order, sign) = (a, Array(a.indices), 1.0)
    for column in 0..<min(a.count, columns) {
        let best = (column..<a.count).reduce(column) {
            a[$1][column].magnitude > a[$0][column].magnitude ? $1 : $0
        }
        if best != column {
            a.swapAt(best, column)
            order.swapAt(best, column)
            sign.negate()
        }
        guard a[column][column] != 0 else { continue }
        for row in (column + 1)..<max(a.count, column + 1) {
            a[row][column] /= a[column][column]
            for other in (column + 1)..<max(columns, column + 1) { a[row][other] -= a[row][column] * a[column][other] }
        }
    }
    return flat(transposed(a, columns: columns)) + order.map(Double.init) + [sign]
}

/// Reflections `I − τ v vᵀ` that clear what is below the diagonal. A column with nothing below is left as it is.
private func flatQR(_ a: Matrix, columns: Int, isComplete: Bool) -> [Double] {
    let m = a.count
    let kept = isComplete ? m : min(m, columns)
    var (r, q) = (a, identity(m))
    for column in 0..<min(m, columns) {
        let below = (column..<m).map { r[$0][column] }
        guard below.dropFirst().contains(where: { $0 != 0 }) else { continue }
        let length = dot(below, below).squareRoot()
        let v = [below[0] + (below[0] < 0 ? -length : length)] + below.dropFirst()
        let tau = 2 / dot(v, v)
        for other in 0..<columns {
            let shift = tau * zip(column..<m, v).reduce(0) { $0 + r[$1.0][other] * $1.1 }
            for (row, component) in zip(column..<m, v) { r[row][other] -= shift * component }
        }
        for row in 0..<m {
            let shift = tau * dot(Array(q[row][column...]), v)
            for (other, component) in zip(column..<m, v) { q[row][other] -= shift * component }
        }
    }
    for row in 0..<m { for column in 0..<min(row, columns) { r[row][column] = 0 } }
    return flat(transposed(q.map { Array($0.prefix(kept)) }, columns: kept))
        + flat(transposed(Array(r.prefix(kept)), columns: columns))
}

/// Jacobi's rotations, until nothing is left beside the diagonal: values, ascending, and vectors as rows.
private func eigen(_ a: Matrix) -> (values: [Double], vectors: Matrix) {
    let n = a.count
    // The lower triangle counts.
    var a = (0..<n).map { i in (0..<n).map { j in a[max(i, j)][min(i, j)] } }
    var v = identity(n)
    for _ in 0..<60 {
        for p in 0..<n {
            for q in (p + 1)..<max(n, p + 1) where a[p][q] != 0 {
                let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
                let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot()
                let s = t * c
                for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
                for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
                for k in 0..<n { (v[p][k], v[q][k]) = (c * v[p][k] - s * v[q][k], s * v[p][k] + c * v[q][k]) }
            }
        }
    }
    let order = (0..<n).sorted { a[$0][$0] < a[$1][$1] }
    return (order.map { a[$0][$0] }, order.map { v[$0].map { [sign = signOf(v[$0])] in $0 * sign } })
}

/// Rotations of pairs of columns until all are at right angles (Hestenes 1958): their lengths are the singular values.
private func singular(_ a: Matrix, columns: Int) -> (u: Matrix, values: [Double], vt: Matrix) {
    guard a.count >= columns else {
        // aᵀ = V diag(s) Uᵀ, with the signs that U's columns ask for
        let other = singular(transposed(a, columns: columns), columns: a.count)
        let signs = other.vt.map(signOf)
        let vt = zip(transposed(other.u, columns: a.count), signs).map { row, sign in row.map { $0 * sign } }
        let ut = zip(other.vt, signs).map { row, sign in row.map { $0 * sign } }
        return (transposed(ut, columns: a.count), other.values, vt)
    }
    var (w, v) = (transposed(a, columns: columns), identity(columns))
    for _ in 0..<60 {
        for p in 0..<columns {
            for q in (p + 1)..<max(columns, p + 1) {
                let product = dot(w[p], w[q])
                guard product != 0 else { continue }
                let theta = (dot(w[q], w[q]) - dot(w[p], w[p])) / (2 * product)
                let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot()
                let s = t * c
                (w[p], w[q]) = (zip(w[p], w[q]).map { c * $0 - s * $1 }, zip(w[p], w[q]).map { s * $0 + c * $1 })
                (v[p], v[q]) = (zip(v[p], v[q]).map { c * $0 - s * $1 }, zip(v[p], v[q]).map { s * $0 + c * $1 })
            }
        }
    }
    let lengths = w.map { dot($0, $0).squareRoot() }
    let order = (0..<columns).sorted { lengths[$0] > lengths[$1] }
    let signs = order.map { signOf(w[$0]) }
    let ut = zip(order, signs).map { index, sign in w[index].map { $0 / lengths[index] * sign } }
    let vt = zip(order, signs).map { index, sign in v[index].map { $0 * sign } }
    return (transposed(ut, columns: a.count), order.map { lengths[$0] }, vt)
}

/// 1, or −1 where the first component of at least half the largest magnitude is negative.
private func signOf(_ vector: [Double]) -> Double {
    let largest = vector.reduce(0) { max($0, $1.magnitude) }
    return vector.first { $0.magnitude * 2 >= largest }.map { $0 < 0 ? -1 : 1 } ?? 1
}
