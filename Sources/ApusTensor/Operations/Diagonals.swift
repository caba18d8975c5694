// Diagonals and triangles of matrices. The diagonal `offset` has the elements whose column is their row plus `offset`.

extension Tensor {
    /// The elements of a diagonal of the matrices in the plane of two axes, along a new last axis (diagonal; PyTorch's diag of a matrix).
    public func diagonal(offset: Int = 0, axes: (Int, Int) = (0, 1)) -> Tensor {
        guard resolvedAxes("diagonal", [axes.0, axes.1]) != nil else { return self }
        let matrices = movingAxes([axes.0, axes.1], to: [-2, -1])  // (…, n, m)
        let (row, column) = (Swift.max(0, -offset), Swift.max(0, offset))
        let count = Swift.max(
            0, Swift.min(matrices.shape[rank - 2] - row, matrices.shape[rank - 1] - column))
        let lead = Array(matrices.shape.dropLast(2))
        if count == 0 { return .zeros(Shape(lead + [0]), dtype: dtype) }
        // In a square block in row-major order, a diagonal is every (count + 1)-th element.
        let block = matrices.sliced(axis: -2, row, count).sliced(axis: -1, column, count)
        return block.reshaped(Shape(lead + [count * count])).sliced(axis: -1, 0, count, step: count + 1)
    }

    /// Square matrices in the plane of two axes of the result with the last axis's elements on a diagonal and zeros elsewhere
    /// (diag_embed; diag of a vector).
    ///
    /// - Input: `(…, n)`. Output: `(…, n + |offset|, n + |offset|)` where `axes` are the last two.
    public func diagonalEmbedded(offset: Int = 0, axes: (Int, Int) = (-2, -1)) -> Tensor {
        guard rank > 0 else { return invalid("diagonalEmbedded: a scalar has no axis to lay on a diagonal") }
        let extent = shape[rank - 1] + Swift.abs(offset)
        let square: Shape = [extent, extent]
        let isBelow = offset < 0
        // Above the main diagonal an element's index is its row, below its column.
        var widths = [(Int, Int)](repeating: (0, 0), count: rank)
        widths[rank - 1].1 = Swift.abs(offset)
        let lines = padded(widths).expandingDims(isBelow ? -2 : -1)
        let isDiagonal = Tensor.iota(square, axis: 1) - Tensor.iota(square, axis: 0) .== offset
        let matrices = `where`(isDiagonal, lines, .zeros([], dtype: dtype))
        guard matrices.resolvedAxes("diagonalEmbedded", [axes.0, axes.1]) != nil else { return matrices }
        return matrices.movingAxes([-2, -1], to: [axes.0, axes.1])
    }

    /// The elements on and below the diagonal `offset` of the last two axes, and zeros above (tril).
    public func lowerTriangle(offset: Int = 0) -> Tensor { triangle("lowerTriangle") { $1 - $0 .<= offset } }

    /// The elements on and above the diagonal `offset` of the last two axes, and zeros below (triu).
    public func upperTriangle(offset: Int = 0) -> Tensor { triangle("upperTriangle") { $1 - $0 .>= offset } }

    private func triangle(_ name: String, _ keeps: (_ row: Tensor, _ column: Tensor) -> Tensor) -> Tensor {
        guard rank >= 2 else { return invalid("\(name): \(shape) is no matrix") }
        let matrix = Shape(shape.suffix(2))
        return `where`(keeps(.iota(matrix, axis: 0), .iota(matrix, axis: 1)), self, .zeros([], dtype: dtype))
    }

    /// Rows and columns, `(2, count)`, of the elements that `lowerTriangle` keeps of a matrix (tril_indices).
    public static func lowerTriangleIndices(_ rows: Int, _ columns: Int, offset: Int = 0) -> Tensor {
        triangleIndices(rows, columns) { 0..<Swift.min(columns, Swift.max(0, $0 + offset + 1)) }
    }

    /// Rows and columns, `(2, count)`, of the elements that `upperTriangle` keeps of a matrix (triu_indices).
    public static func upperTriangleIndices(_ rows: Int, _ columns: Int, offset: Int = 0) -> Tensor {
        triangleIndices(rows, columns) { Swift.min(columns, Swift.max(0, $0 + offset))..<columns }
    }

    private static func triangleIndices(_ rows: Int, _ columns: Int, _ kept: (Int) -> Range<Int>) -> Tensor {
        let places = (0..<rows).flatMap { row in kept(row).map { (row, $0) } }
        return Tensor(places.map(\.0) + places.map(\.1), shape: [2, places.count])
    }
}
