// Products of vectors and matrices.

/// `Σ aᵢ bᵢ` along an axis of both, the others broadcasting (vecdot).
public func vecdot(_ a: Tensor, _ b: Tensor, axis: Int = -1) -> Tensor {
    guard axis < 0, axis >= -min(a.rank, b.rank), a.shape[a.rank + axis] == b.shape[b.rank + axis] else {
        return a.invalid("vecdot: \(a.shape) · \(b.shape) along axis \(axis): a negative axis of one extent is needed")
    }
    return (a * b).sum(axes: axis)
}

/// `aᵢ bⱼ` of all pairs of elements (outer): vectors `(n)` and `(m)` give `(n, m)`; other shapes are flattened.
public func outer(_ a: Tensor, _ b: Tensor) -> Tensor { a.flattened().expandingDims(1) * b.flattened() }

/// The sums of products over the last axes of both, all other axes side by side (inner): `(…, k)` and `(…′, k)` give `(…, …′)`.
public func inner(_ a: Tensor, _ b: Tensor) -> Tensor {
    a.rank == 0 || b.rank == 0 ? a * b : tensordot(a, b, axes: ([-1], [-1]))
}

/// The sum of products over pairs of axes: `axes.0` of `a` with `axes.1` of `b`. The axes left of `a` come first, then those of `b`.
public func tensordot(_ a: Tensor, _ b: Tensor, axes: ([Int], [Int])) -> Tensor {
    func places(_ x: Tensor, _ axes: [Int]) -> [Int] { axes.map { $0 < 0 ? $0 + x.rank : $0 } }
    let (summedA, summedB) = (places(a, axes.0), places(b, axes.1))
    guard summedA.count == summedB.count, summedA.allSatisfy(a.shape.indices.contains),
        summedB.allSatisfy(b.shape.indices.contains), Set(summedA).count == summedA.count,
        Set(summedB).count == summedB.count, zip(summedA, summedB).allSatisfy({ a.shape[$0] == b.shape[$1] })
    else { return a.invalid("tensordot: \(a.shape) · \(b.shape) over axes \(axes.0) and \(axes.1)") }
    let labelsA = Array(a.shape.indices)
    var labelsB = b.shape.indices.map { a.rank + $0 }
    for (x, y) in zip(summedA, summedB) { labelsB[y] = x }
    let kept = labelsA.filter { !summedA.contains($0) } + labelsB.filter { $0 >= a.rank }
    return LabelledTensor.sumOfProducts([LabelledTensor(a, labelsA), LabelledTensor(b, labelsB)], keeping: kept)
}

/// The sum of products over the last `axes` axes of `a` and the first of `b`.
public func tensordot(_ a: Tensor, _ b: Tensor, axes: Int = 2) -> Tensor {
    guard (0...min(a.rank, b.rank)).contains(axes) else {
        return a.invalid("tensordot: \(a.shape) · \(b.shape) over \(axes) axes")
    }
    return tensordot(a, b, axes: (Array((a.rank - axes)..<a.rank), Array(0..<axes)))
}

/// The vector product of vectors of three along `axis`; the other axes broadcast.
public func cross(_ a: Tensor, _ b: Tensor, axis: Int = -1) -> Tensor {
    guard let common = a.shape.broadcast(with: b.shape),
        let place = a.broadcast(to: common).resolvedAxis("cross", axis),
        common[place] == 3
    else { return a.invalid("cross: \(a.shape) × \(b.shape) along axis \(axis): its extent must be 3") }
    // a₂b₃ − a₃b₂ and so on, around
    let (a, b) = (a.broadcast(to: common), b.broadcast(to: common))
    func turned(_ x: Tensor, _ places: Int) -> Tensor { x.rolled(by: -places, axis: place) }
    return turned(a, 1) * turned(b, 2) - turned(a, 2) * turned(b, 1)
}

/// The Kronecker product: every element of `a` times all of `b`. Shapes are multiplied, aligned at the last axis.
public func kron(_ a: Tensor, _ b: Tensor) -> Tensor {
    let rank = max(a.rank, b.rank)
    func extents(_ x: Tensor) -> [Int] { [Int](repeating: 1, count: rank - x.rank) + x.shape.dimensions }
    let (outer, inner) = (extents(a), extents(b))
    // (n₀, 1, n₁, 1, …) · (1, m₀, 1, m₁, …) → (n₀, m₀, n₁, m₁, …) → (n₀ · m₀, n₁ · m₁, …)
    let product = a.reshaped(Shape(outer.flatMap { [$0, 1] })) * b.reshaped(Shape(inner.flatMap { [1, $0] }))
    return product.reshaped(Shape(zip(outer, inner).map { $0 * $1 }))
}

/// Square matrices on the diagonal of a matrix of zeros (block_diag). Vectors count as rows.
public func blockDiagonal(_ matrices: [Tensor]) -> Tensor {
    guard matrices.allSatisfy({ $0.rank <= 2 }), let first = matrices.first else {
        return Tensor(
            Node.invalid(
                TensorError("blockDiagonal: shapes \(matrices.map(\.shape)): matrices are needed"),
                like: TensorType([], .float32)))
    }
    let dtype = matrices.reduce(first.dtype) { $0.promoted(with: $1.dtype) }
    let blocks = matrices.map { $0.rank == 2 ? $0 : $0.reshaped([1, $0.elementCount]) }
    let width = blocks.reduce(0) { $0 + $1.shape[1] }
    var column = 0
    let rows = blocks.map { block -> Tensor in
        defer { column += block.shape[1] }
        return block.cast(to: dtype).padded([(0, 0), (column, width - column - block.shape[1])])
    }
    return concatenate(rows)
}

/// The powers of a vector's elements as columns: `result[i, j] = x[i]ʲ`, or from the highest down (vander; NumPy's order is falling).
public func vandermonde(_ x: Tensor, count: Int? = nil, increasing: Bool = false) -> Tensor {
    guard x.rank >= 1 else { return x.invalid("vandermonde: \(x.shape) is no vector") }
    let count = count ?? x.shape[x.rank - 1]
    var powers = [Tensor.ones(like: x)]
    while powers.count < count { powers.append(powers.last! * x) }
    if count == 0 { return .zeros(Shape(x.shape + [0]), dtype: x.dtype) }
    return stack(increasing ? powers : powers.reversed(), axis: -1)
}

/// The product of a chain of matrices in the order that costs least (multi_dot). The first and the last may be vectors.
public func matmul(_ matrices: [Tensor]) -> Tensor {
    guard var first = matrices.first, var last = matrices.last, matrices.count > 1 else {
        return matrices.first
            ?? Tensor(Node.invalid(TensorError("matmul: no matrices"), like: TensorType([], .float32)))
    }
    let ends = (first.rank == 1, last.rank == 1)
    if ends.0 { first = first.expandingDims(0) }
    if ends.1 { last = last.expandingDims(1) }
    let chain = [first] + matrices.dropFirst().dropLast() + [last]
    guard chain.allSatisfy({ $0.rank == 2 }) else {
        return first.invalid("matmul: shapes \(matrices.map(\.shape)): a chain of matrices is needed")
    }
    let product = MatrixChain(chain.map { $0.shape[0] } + [last.shape[1]]).product(chain)
    let kept = Shape((ends.0 ? [] : [product.shape[0]]) + (ends.1 ? [] : [product.shape[1]]))
    return product.reshaped(kept)
}

/// Where to split a product of matrices whose extents follow each other (Cormen et al., "Introduction to Algorithms", 15.2).
private struct MatrixChain {
    private var splits: [[Int]]

    init(_ extents: [Int]) {
        let n = extents.count - 1
        splits = [[Int]](repeating: [Int](repeating: 0, count: n), count: n)
        var costs = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
        for length in 1..<n {
            for first in 0..<(n - length) {
                let last = first + length
                let options = (first..<last).map { split -> Double in
                    let work = Double(extents[first]) * Double(extents[split + 1]) * Double(extents[last + 1])
                    return costs[first][split] + costs[split + 1][last] + work
                }
                let best = options.indices.min { options[$0] < options[$1] }!
                (costs[first][last], splits[first][last]) = (options[best], first + best)
            }
        }
    }

    func product(_ matrices: [Tensor]) -> Tensor { product(matrices, 0, matrices.count - 1) }

    private func product(_ matrices: [Tensor], _ first: Int, _ last: Int) -> Tensor {
        if first == last { return matrices[first] }
        let split = splits[first][last]
        return matmul(product(matrices, first, split), product(matrices, split + 1, last))
    }
}

extension Tensor {
    /// The sum of a diagonal of the matrices in the plane of two axes.
    public func trace(offset: Int = 0, axes: (Int, Int) = (0, 1)) -> Tensor {
        diagonal(offset: offset, axes: axes).sum(axes: -1)
    }

    /// The `n`-th power of square matrices `(…, k, k)` by repeated squaring, of the inverse for negative n (matrix_power).
    public func matrixPower(_ n: Int) -> Tensor {
        guard rank >= 2, shape[rank - 1] == shape[rank - 2] else {
            return invalid("matrixPower: power \(n) of \(shape): square matrices are needed")
        }
        if n < 0 { return inverse(self).matrixPower(-n) }
        var (result, square, left): (Tensor?, Tensor, Int) = (nil, self, n)
        while left > 0 {
            if left & 1 == 1 { result = result.map { matmul($0, square) } ?? square }
            left >>= 1
            if left > 0 { square = matmul(square, square) }
        }
        return result ?? Tensor.identity(shape[rank - 1], dtype: dtype).broadcast(to: shape)
    }
}
