import ApusTensor
import ApusTestSupport

/// What Cholesky's factor is taken of, on both sides.
private func positive(_ x: Tensor) -> Tensor {
    matmul(x, x.T) + Tensor.identity(x.shape[x.rank - 1], dtype: x.dtype)
}

/// What eigenvalues are taken of, on both sides.
private func symmetric(_ x: Tensor) -> Tensor {
    let n = x.shape[x.rank - 1]
    return x + x.T + Tensor.range(n, dtype: x.dtype).diagonalEmbedded()
}

let linearAlgebra: [String: GoldenOperation] = [
    "cholesky": { [cholesky(positive($1[0]), upper: $0["upper"].bool)] }, "cholesky plain": of1 { cholesky($0) },
    "lu": { { [$0.permutation, $0.lower, $0.upper] }(lu($1[0])) },
    "qr": { golden, inputs in { [$0.q, $0.r] }(qr(inputs[0], mode: golden["mode"].choice())) },
    // Vectors but for their signs.
    "svd": { { [square($0.u), $0.s, square($0.vt)] }(svd($1[0], fullMatrices: false)) },
    "svd full": { { [matmul($0.u, $0.u.T), $0.s, matmul($0.vt.T, $0.vt)] }(svd($1[0])) },
    "singularValues": of1(singularValues),
    "eigh": { golden, inputs in
        { [$0.values, square($0.vectors)] }(eigh(symmetric(inputs[0]), upper: golden["upper"].bool))
    },
    "eigvalsh": of1 { eigvalsh(symmetric($0)) }, "solve": of2(solve),
    "triangularSolve": { golden, inputs in
        [
            triangularSolve(
                inputs[0], inputs[1], upper: golden["upper"].bool, fromRight: golden["right"].bool,
                unitDiagonal: golden["unit"].bool)
        ]
    },
    "choleskySolve": { golden, inputs in
        let upper = golden["upper"].bool
        return [choleskySolve(inputs[0], factor: cholesky(positive(inputs[1]), upper: upper), upper: upper)]
    },
    "choleskyInverse": of1 { choleskyInverse(cholesky(positive($0))) }, "inverse": of1(inverse),
    "isSingular": of1(isSingular), "determinant": of1(determinant),
    "logDeterminant": { { [$0.sign, $0.logarithm] }(logDeterminant($1[0])) },
    "leastSquares": { { [$0.solution, $0.rank] }(leastSquares($1[0], $1[1])) },
    "pseudoInverse": of1 { pseudoInverse($0) }, "matrixRank": of1 { matrixRank($0) },
    "conditionNumber": { [conditionNumber($1[0], $0["kind"].choice())] },
    "matrixExponential": of1(matrixExponential),
]

/// A transform of complex numbers along one axis.
private func alongAxis(
    _ function: @escaping @Sendable (ComplexTensor, Int?, Int, FourierNorm) -> Tensor
) -> GoldenOperation {
    { golden, inputs in
        let x = ComplexTensor(pairs: inputs[0])
        return [function(x, golden["length"].optionalInt, golden["axis"].int, golden["norm"].choice())]
    }
}

/// A transform along several axes.
private func alongAxes(
    _ function: @escaping @Sendable (Tensor, [Int]?, [Int]?, FourierNorm) -> Tensor
) -> GoldenOperation {
    { golden, inputs in
        [function(inputs[0], golden["lengths"].optionalInts, golden["axes"].optionalInts, golden["norm"].choice())]
    }
}

extension GoldenValue {
    fileprivate var optionalInts: [Int]? { if case .list = self { ints } else { nil } }
}

let fourier: [String: GoldenOperation] = [
    "fft": alongAxis { fft($0, length: $1, axis: $2, norm: $3).pairs },
    "ifft": alongAxis { ifft($0, length: $1, axis: $2, norm: $3).pairs },
    "irfft": alongAxis { irfft($0, length: $1, axis: $2, norm: $3) },
    "hfft": alongAxis { hfft($0, length: $1, axis: $2, norm: $3) },
    "rfft": { golden, inputs in
        let (length, axis) = (golden["length"].optionalInt, golden["axis"].int)
        return [rfft(inputs[0], length: length, axis: axis, norm: golden["norm"].choice()).pairs]
    },
    "ihfft": { golden, inputs in
        let (length, axis) = (golden["length"].optionalInt, golden["axis"].int)
        return [ihfft(inputs[0], length: length, axis: axis, norm: golden["norm"].choice()).pairs]
    },
    "fft real": of1 { fft($0).pairs },
    "fftn": alongAxes { fftn(ComplexTensor(pairs: $0), lengths: $1, axes: $2, norm: $3).pairs },
    "ifftn": alongAxes { ifftn(ComplexTensor(pairs: $0), lengths: $1, axes: $2, norm: $3).pairs },
    "irfftn": alongAxes { irfftn(ComplexTensor(pairs: $0), lengths: $1, axes: $2, norm: $3) },
    "rfftn": alongAxes { rfftn($0, lengths: $1, axes: $2, norm: $3).pairs },
    "fft2": of1 { fft2(ComplexTensor(pairs: $0)).pairs }, "ifft2": of1 { ifft2(ComplexTensor(pairs: $0)).pairs },
    "irfft2": of1 { irfft2(ComplexTensor(pairs: $0)) }, "rfft2": of1 { rfft2($0).pairs },
    "fftfreq": { golden, _ in [fftfreq(golden["n"].int, spacing: golden["spacing"].double)] },
    "rfftfreq": { golden, _ in [rfftfreq(golden["n"].int, spacing: golden["spacing"].double)] },
    "fftshift": { [fftshift($1[0], axes: $0["axes"].optionalInts)] },
    "ifftshift": { [ifftshift($1[0], axes: $0["axes"].optionalInts)] },
    "stft": { golden, inputs in
        [
            stft(
                inputs[0], size: golden["size"].int, hop: golden["hop"].int, window: inputs.dropFirst().first,
                isCentered: golden["isCentered"].bool, isNormalized: golden["isNormalized"].bool,
                isOneSided: golden["isOneSided"].bool
            ).pairs
        ]
    },
    "istft": { golden, inputs in
        [
            istft(
                ComplexTensor(pairs: inputs[0]), size: golden["size"].int, hop: golden["hop"].int,
                window: inputs.dropFirst().first, isCentered: golden["isCentered"].bool,
                isNormalized: golden["isNormalized"].bool, isOneSided: golden["isOneSided"].bool,
                length: golden["length"].optionalInt)
        ]
    },
]
