import CLAPACK

/// The floating-point types that LAPACK knows. Matrices lie by columns; a result that is not 0 tells of a failure.
protocol LAPACKScalar: BinaryFloatingPoint {
    /// `a = L Lᵀ` in place: `U` overwrites the upper triangle, `L` the lower one.
    static func cholesky(_ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Self>) -> Int32
    static func lu(_ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ pivots: UnsafeMutablePointer<Int32>)
        -> Int32
    static func qr(
        _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ tau: UnsafeMutablePointer<Self>,
        _ work: UnsafeMutablePointer<Self>, _ workCount: Int32
    ) -> Int32
    /// The first `n` columns of Q from `k` reflections.
    static func q(
        _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafeMutablePointer<Self>, _ tau: UnsafeMutablePointer<Self>,
        _ work: UnsafeMutablePointer<Self>, _ workCount: Int32
    ) -> Int32
    /// Eigenvalues, ascending, and if wanted the eigenvectors in place of `a`'s columns.
    static func eigen(
        vectors: Bool, _ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Self>,
        _ values: UnsafeMutablePointer<Self>, _ work: UnsafeMutablePointer<Self>, _ workCount: Int32,
        _ integers: UnsafeMutablePointer<Int32>, _ integerCount: Int32
    ) -> Int32
    /// Singular values, descending, and if wanted U `(m, k)` and Vᵀ `(k, n)`. Destroys `a`.
    static func singular(
        vectors: Bool, _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ values: UnsafeMutablePointer<Self>,
        _ u: UnsafeMutablePointer<Self>?, _ vt: UnsafeMutablePointer<Self>?, _ work: UnsafeMutablePointer<Self>,
        _ workCount: Int32, _ integers: UnsafeMutablePointer<Int32>
    ) -> Int32
    /// `X op(A) = B` in place of B `(m, n)`.
    static func solveFromRight(
        _ triangle: Triangle, transposed: Bool, unitDiagonal: Bool, _ m: Int32, _ n: Int32, _ a: UnsafePointer<Self>,
        rowLength: Int32, _ b: UnsafeMutablePointer<Self>)
}

/// Which triangle of a matrix is meant, by LAPACK's letter.
enum Triangle: UInt8 {
    case lower = 0x4C
    case upper = 0x55

    var letter: CChar { CChar(rawValue) }
}

extension Bool {
    /// One of LAPACK's letters.
    fileprivate func letter(_ yes: Unicode.Scalar, _ no: Unicode.Scalar) -> CChar { CChar((self ? yes : no).value) }
}

extension Float: LAPACKScalar {
    static func cholesky(_ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Float>) -> Int32 {
        apus_spotrf(triangle.letter, n, a)
    }
    static func lu(
        _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ pivots: UnsafeMutablePointer<Int32>
    ) -> Int32 { apus_sgetrf(m, n, a, pivots) }
    static func qr(
        _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ tau: UnsafeMutablePointer<Float>,
        _ work: UnsafeMutablePointer<Float>, _ workCount: Int32
    ) -> Int32 { apus_sgeqrf(m, n, a, tau, work, workCount) }
    static func q(
        _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafeMutablePointer<Float>, _ tau: UnsafeMutablePointer<Float>,
        _ work: UnsafeMutablePointer<Float>, _ workCount: Int32
    ) -> Int32 { apus_sorgqr(m, n, k, a, tau, work, workCount) }
    static func eigen(
        vectors: Bool, _ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Float>,
        _ values: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>, _ workCount: Int32,
        _ integers: UnsafeMutablePointer<Int32>, _ integerCount: Int32
    ) -> Int32 {
        apus_ssyevd(
            vectors.letter("V", "N"), triangle.letter, n, a, values, work, workCount, integers, integerCount)
    }
    static func singular(
        vectors: Bool, _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>,
        _ u: UnsafeMutablePointer<Float>?, _ vt: UnsafeMutablePointer<Float>?, _ work: UnsafeMutablePointer<Float>,
        _ workCount: Int32, _ integers: UnsafeMutablePointer<Int32>
    ) -> Int32 {
        apus_sgesdd(
            vectors.letter("S", "N"), m, n, a, values, u, vt, min(m, n), work, workCount, integers)
    }
    static func solveFromRight(
        _ triangle: Triangle, transposed: Bool, unitDiagonal: Bool, _ m: Int32, _ n: Int32,
        _ a: UnsafePointer<Float>, rowLength: Int32, _ b: UnsafeMutablePointer<Float>
    ) {
        let (trans, diagonal) = (transposed.letter("T", "N"), unitDiagonal.letter("U", "N"))
        apus_strsm(CChar(0x52), triangle.letter, trans, diagonal, m, n, a, rowLength, b)  // R: from the right
    }
}

extension Double: LAPACKScalar {
    static func cholesky(_ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Double>) -> Int32 {
        apus_dpotrf(triangle.letter, n, a)
    }
    static func lu(
        _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>, _ pivots: UnsafeMutablePointer<Int32>
    ) -> Int32 { apus_dgetrf(m, n, a, pivots) }
    static func qr(
        _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>, _ tau: UnsafeMutablePointer<Double>,
        _ work: UnsafeMutablePointer<Double>, _ workCount: Int32
    ) -> Int32 { apus_dgeqrf(m, n, a, tau, work, workCount) }
    static func q(
        _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafeMutablePointer<Double>, _ tau: UnsafeMutablePointer<Double>,
        _ work: UnsafeMutablePointer<Double>, _ workCount: Int32
    ) -> Int32 { apus_dorgqr(m, n, k, a, tau, work, workCount) }
    static func eigen(
        vectors: Bool, _ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Double>,
        _ values: UnsafeMutablePointer<Double>, _ work: UnsafeMutablePointer<Double>, _ workCount: Int32,
        _ integers: UnsafeMutablePointer<Int32>, _ integerCount: Int32
    ) -> Int32 {
        apus_dsyevd(
            vectors.letter("V", "N"), triangle.letter, n, a, values, work, workCount, integers, integerCount)
    }
    static func singular(
        vectors: Bool, _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>,
        _ values: UnsafeMutablePointer<Double>,
        _ u: UnsafeMutablePointer<Double>?, _ vt: UnsafeMutablePointer<Double>?, _ work: UnsafeMutablePointer<Double>,
        _ workCount: Int32, _ integers: UnsafeMutablePointer<Int32>
    ) -> Int32 {
        apus_dgesdd(
            vectors.letter("S", "N"), m, n, a, values, u, vt, min(m, n), work, workCount, integers)
    }
    static func solveFromRight(
        _ triangle: Triangle, transposed: Bool, unitDiagonal: Bool, _ m: Int32, _ n: Int32,
        _ a: UnsafePointer<Double>, rowLength: Int32, _ b: UnsafeMutablePointer<Double>
    ) {
        let (trans, diagonal) = (transposed.letter("T", "N"), unitDiagonal.letter("U", "N"))
        apus_dtrsm(CChar(0x52), triangle.letter, trans, diagonal, m, n, a, rowLength, b)  // R: from the right
    }
}
