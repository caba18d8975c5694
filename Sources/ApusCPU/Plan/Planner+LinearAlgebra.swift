import ApusGraph
import CKernels

// Factorizations and triangular systems, by LAPACK.

extension Planner {
    /// Small matrices are spread over the threads, and LAPACK, called from inside of a loop, uses one. Large ones are
    /// taken one after the other, and it uses all: its threads are the same pool's.
    mutating func emitFactorization(_ kind: Factorization, _ a: Int, _ type: TensorType) -> View {
        let operand = view(a)
        let rank = operand.shape.count
        let (m, n) = (operand.shape[rank - 2], operand.shape[rank - 1])
        let source = contiguous(kind.takesTransposed ? operand.transposed(lastTwoExchanged(rank)) : operand)
        let batch = operand.shape.dropLast(2).reduce(1, *)
        let result = newView(type)
        let flops = batch * kind.flops(m, n)
        emitKernel("\(kind) factorization", [source], result, flops: flops) { operands, out, _ in
            if type.dtype == .float32 {
                factor(kind, m, n, batch, operands[0].assumingMemoryBound(to: Float.self), out)
            } else {
                factor(kind, m, n, batch, operands[0].assumingMemoryBound(to: Double.self), out)
            }
        }
        return result
    }

    /// In memory by rows `a x = b` is `xᵀ aᵀ = bᵀ` by columns: the same with the matrix on the right and its triangles
    /// exchanged.
    mutating func emitTriangularSolve(upper: Bool, unitDiagonal: Bool, _ operands: [Int], _ type: TensorType) -> View {
        let a = batchOfMatrices(view(operands[0]))
        let b = contiguous(operands[1])
        let result = newView(type)
        let (batch, n, columns) = (a.shape[0], a.shape[1], b.shape.last!)
        let isTransposed = a.strides[2] != 1 && n > 1
        let system = TriangularSystem(
            triangle: upper == isTransposed ? .upper : .lower, isTransposed: isTransposed,
            hasUnitDiagonal: unitDiagonal,
            n: n, columns: columns, stride: a.strides[0],
            rowLength: max(1, n, isTransposed ? a.strides[2] : a.strides[1]))
        emitKernel("triangular solve", [a, b], result, flops: batch * n * n * columns) { operands, out, _ in
            out.copyMemory(from: operands[1], byteCount: type.byteCount)
            guard type.shape.elementCount > 0 else { return }
            if type.dtype == .float32 {
                system.solve(operands[0].assumingMemoryBound(to: Float.self), batch, out)
            } else {
                system.solve(operands[0].assumingMemoryBound(to: Double.self), batch, out)
            }
        }
        return result
    }

    private func lastTwoExchanged(_ rank: Int) -> [Int] { Array(0..<(rank - 2)) + [rank - 1, rank - 2] }
}

/// Multiplications of a matrix that are worth a thread of its own.
private let largeWork = 1 << 21

/// Runs `body` over parts of a batch: on all threads where each item is small.
private func forEach(_ batch: Int, work: Int, _ body: (Range<Int>) -> Void) {
    if work >= largeWork && batch < 4 * apus_thread_count() {
        body(0..<batch)
    } else {
        parallel(batch, grain: max(1, (1 << 12) / max(1, work))) { begin, end in body(begin..<end) }
    }
}

private func factor<Element: LAPACKScalar>(
    _ kind: Factorization, _ m: Int, _ n: Int, _ batch: Int, _ a: UnsafeMutablePointer<Element>,
    _ out: UnsafeMutableRawPointer
) {
    let result = out.assumingMemoryBound(to: Element.self)
    let count = FactorizationShape(kind, m, n).elementCount
    forEach(batch, work: kind.flops(m, n)) { part in
        let factorizer = Factorizer<Element>(kind, m, n)
        defer { factorizer.deallocate() }
        for index in part { factorizer.factor(a + index * m * n, to: result + index * count) }
    }
}

/// Triangular systems of one shape.
private struct TriangularSystem {
    var triangle: Triangle
    var isTransposed: Bool
    var hasUnitDiagonal: Bool
    /// The matrix's rows, and the right sides.
    var n, columns: Int
    /// From one matrix to the next, and from one row of it, or column, to the next.
    var stride, rowLength: Int

    func solve<Element: LAPACKScalar>(
        _ a: UnsafeMutablePointer<Element>, _ batch: Int, _ out: UnsafeMutableRawPointer
    ) {
        let x = out.assumingMemoryBound(to: Element.self)
        forEach(batch, work: n * n * columns) { part in
            for index in part {
                Element.solveFromRight(
                    triangle, transposed: isTransposed, unitDiagonal: hasUnitDiagonal, Int32(columns), Int32(n),
                    a + index * stride, rowLength: Int32(rowLength), x + index * n * columns)
            }
        }
    }
}

extension Factorization {
    /// Whether LAPACK is to see the operand by columns.
    fileprivate var takesTransposed: Bool {
        switch self {
        case .lu, .qr, .completeQR: true
        case .cholesky, .eigen, .eigenvalues, .singular, .singularValues: false
        }
    }

    /// About how many operations the factors of one matrix take (Golub and Van Loan, "Matrix Computations").
    fileprivate func flops(_ m: Int, _ n: Int) -> Int {
        let (k, longer) = (min(m, n), max(m, n))
        return switch self {
        case .cholesky: n * n * n / 3
        case .lu: k * k * (longer - k / 3)
        case .qr: 4 * k * k * longer
        case .completeQR: 4 * k * k * longer + 4 * m * m * k
        case .eigenvalues: 4 * n * n * n / 3
        case .eigen: 9 * n * n * n
        case .singularValues: 4 * longer * k * k
        case .singular: 6 * longer * k * k + 20 * k * k * k
        }
    }
}
