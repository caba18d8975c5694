import ApusGraph

/// Factors matrices of one shape, one after the other, with LAPACK. Its memory for work belongs to one thread.
///
/// LAPACK's matrices lie by columns. A symmetric matrix and its transpose are one; the singular vectors of a transpose
/// are those of the matrix exchanged; and for the others the operand comes transposed, so that nothing is turned around
/// here.
struct Factorizer<Element: LAPACKScalar> {
    typealias Elements = UnsafeMutablePointer<Element>

    private let kind: Factorization
    private let m, n: Int
    private let shape: FactorizationShape
    private let matrix: Elements
    private let work: Elements
    private let workCount: Int32
    private let integers: UnsafeMutablePointer<Int32>
    private let integerCount: Int32

    init(_ kind: Factorization, _ m: Int, _ n: Int) {
        (self.kind, self.m, self.n) = (kind, m, n)
        shape = FactorizationShape(kind, m, n)
        let k = min(m, n)
        matrix = .allocate(capacity: max(1, m * n))
        // The least that LAPACK asks for 8 k integers, or 5 n + 3.
        integerCount = Int32(8 * k + 5 * n + 3)
        integers = .allocate(capacity: Int(integerCount))
        let needed = Self.workCount(kind, m, n, matrix, integers)
        // Reflections' factors are kept in front.
        workCount = Int32(needed)
        work = .allocate(capacity: needed + k)
    }

    func deallocate() {
        matrix.deallocate()
        work.deallocate()
        integers.deallocate()
    }

    /// What LAPACK wants to work with: it answers a work count of −1 with that.
    private static func workCount(
        _ kind: Factorization, _ m: Int, _ n: Int, _ matrix: Elements, _ integers: UnsafeMutablePointer<Int32>
    ) -> Int {
        var count: Element = 1
        let (rows, columns) = (Int32(m), Int32(n))
        switch kind {
        case .cholesky, .lu: break
        case .qr, .completeQR: return 64 * max(1, m, n)
        case .eigen, .eigenvalues:
            _ = Element.eigen(
                vectors: kind == .eigen, .upper, columns, matrix, matrix, &count, -1, integers, -1)
        case .singular, .singularValues:
            _ = Element.singular(
                vectors: kind == .singular, columns, rows, matrix, matrix, matrix, matrix, &count, -1, integers)
        }
        // A count may have been rounded down on its way into the element's type.
        return Int(count) + Int(count) >> 20 + 1
    }

    /// Writes the factors of `a` to `result`: `FactorizationShape` has their places. A failure gives NaN.
    func factor(_ a: UnsafePointer<Element>, to result: Elements) {
        guard m > 0, n > 0 else { return factorEmpty(to: result) }
        let status =
            switch kind {
            case .cholesky: cholesky(a, result)
            case .lu: lu(a, result)
            case .qr, .completeQR: qr(a, result)
            case .eigen, .eigenvalues: eigen(a, result)
            case .singular, .singularValues: singular(a, result)
            }
        if status != 0 { result.update(repeating: .nan, count: shape.elementCount) }
    }

    private func part(_ number: Int, of result: Elements) -> Elements { result + shape.parts[number].start }

    /// Of no elements: the identity, in order.
    private func factorEmpty(to result: Elements) {
        switch kind {
        case .lu:
            for row in 0..<m { part(1, of: result)[row] = Element(row) }
            part(2, of: result).pointee = 1
        case .completeQR:
            for index in 0..<(m * m) { result[index] = index % (m + 1) == 0 ? 1 : 0 }
        default: break
        }
    }

    /// The upper triangle by columns is the lower one by rows.
    private func cholesky(_ a: UnsafePointer<Element>, _ l: Elements) -> Int32 {
        l.update(from: a, count: n * n)
        for row in 0..<n { (l + row * n + row + 1).update(repeating: 0, count: n - row - 1) }
        return Element.cholesky(.upper, Int32(n), l)
    }

    private func lu(_ a: UnsafePointer<Element>, _ result: Elements) -> Int32 {
        result.update(from: a, count: m * n)
        // A zero pivot is no failure: the factors are right.
        _ = Element.lu(Int32(m), Int32(n), result, integers)
        let (order, sign) = (part(1, of: result), part(2, of: result))
        for row in 0..<m { order[row] = Element(row) }
        sign.pointee = 1
        for row in 0..<min(m, n) {
            let other = Int(integers[row]) - 1
            guard other != row else { continue }
            swap(&order[row], &order[other])
            sign.pointee.negate()
        }
        return 0
    }

    private func qr(_ a: UnsafePointer<Element>, _ result: Elements) -> Int32 {
        let k = min(m, n)
        let (q, r) = (part(0, of: result), part(1, of: result))
        let kept = shape.parts[0].shape[0]  // columns of Q, rows of R
        let tau = work + Int(workCount)
        matrix.update(from: a, count: m * n)
        let status = Element.qr(Int32(m), Int32(n), matrix, tau, work, workCount)
        for column in 0..<n {
            let count = min(column + 1, kept)
            (r + column * kept).update(from: matrix + column * m, count: count)
            (r + column * kept + count).update(repeating: 0, count: kept - count)
        }
        q.update(from: matrix, count: m * min(kept, n))
        let second = Element.q(Int32(m), Int32(kept), Int32(k), q, tau, work, workCount)
        return status == 0 ? second : status
    }

    private func eigen(_ a: UnsafePointer<Element>, _ result: Elements) -> Int32 {
        let vectors = kind == .eigen ? part(1, of: result) : matrix
        vectors.update(from: a, count: n * n)
        let status = Element.eigen(
            vectors: kind == .eigen, .upper, Int32(n), vectors, result, work, workCount, integers, integerCount)
        if kind == .eigen {
            for row in 0..<n where isNegative(vectors + row * n, count: n, step: 1) {
                negate(vectors + row * n, count: n, step: 1)
            }
        }
        return status
    }

    private func singular(_ a: UnsafePointer<Element>, _ result: Elements) -> Int32 {
        let k = min(m, n)
        matrix.update(from: a, count: m * n)
        guard kind == .singular else {
            return Element.singular(
                vectors: false, Int32(n), Int32(m), matrix, result, nil, nil, work, workCount, integers)
        }
        let (u, values, vt) = (part(0, of: result), part(1, of: result), part(2, of: result))
        let status = Element.singular(
            vectors: true, Int32(n), Int32(m), matrix, values, vt, u, work, workCount, integers)
        for index in 0..<k where isNegative(u + index, count: m, step: k) {
            negate(u + index, count: m, step: k)
            negate(vt + index * n, count: n, step: 1)
        }
        return status
    }

    /// Whether the first component of at least half the largest magnitude is negative.
    private func isNegative(_ vector: Elements, count: Int, step: Int) -> Bool {
        var largest: Element = 0
        for index in 0..<count { largest = max(largest, vector[index * step].magnitude) }
        for index in 0..<count where vector[index * step].magnitude * 2 >= largest { return vector[index * step] < 0 }
        return false
    }

    private func negate(_ vector: Elements, count: Int, step: Int) {
        for index in 0..<count { vector[index * step].negate() }
    }
}
