import ApusNN
import Foundation

extension OperatorTable {
    /// Fourier transforms and what belongs to them.
    mutating func addSignal() {
        addTensor("DFT", fourierTransform)
        addTensor("STFT", shortTimeFourierTransform)
        addWindow("HannWindow", [0.5, 0.5])
        // Exact for ONNX are these fractions, not the rounded 0.54 and 0.46.
        addWindow("HammingWindow", [25.0 / 46, 21.0 / 46])
        addWindow("BlackmanWindow", [0.42, 0.5, 0.08])
        addTensor("MelWeightMatrix", melWeights)
    }

    /// `Σ (−1)ᵏ cₖ cos(2πkn / N)`
    private mutating func addWindow(_ name: String, _ coefficients: [Double]) {
        addTensor(name) { call in
            let size = try call.integer(0)
            try call.checked([size])
            let period = Double(try call.flag("periodic", default: true) ? size : size - 1)
            let values = (0..<size).map { (n: Int) -> Double in
                coefficients.enumerated().reduce(0.0) { (sum: Double, term) -> Double in
                    let angle: Double = 2 * Double.pi * Double(term.offset * n) / max(period, 1)
                    let sign: Double = term.offset % 2 == 0 ? 1 : -1
                    return sum + sign * term.element * cos(angle)
                }
            }
            return Tensor(values, dtype: try call.dtype(named: "output_datatype") ?? .float32)
        }
    }
}

/// The matrix `exp(∓2πi jk / N)` as its real and imaginary part, rows j of the signal and columns k of the spectrum.
private func fourierMatrix(length: Int, isInverse: Bool, dtype: DType) -> (real: Tensor, imaginary: Tensor) {
    // The product is taken modulo N: the angle of a large one would lose its digits.
    let turns = (Tensor.iota([length, length], axis: 0) * Tensor.iota([length, length], axis: 1)) % max(1, length)
    let angles = turns.cast(to: .float64) * (2 * Double.pi / Double(max(1, length)))
    let imaginary = isInverse ? sin(angles) : -sin(angles)
    return (cos(angles).cast(to: dtype), imaginary.cast(to: dtype))
}

/// The transform along the last axis of a real and an imaginary part.
private func transformed(
    _ real: Tensor, _ imaginary: Tensor?, isInverse: Bool
) -> (real: Tensor, imaginary: Tensor) {
    let (c, s) = fourierMatrix(length: real.shape.last ?? 0, isInverse: isInverse, dtype: real.dtype)
    guard let imaginary else { return (matmul(real, c), matmul(real, s)) }
    return (matmul(real, c) - matmul(imaginary, s), matmul(real, s) + matmul(imaginary, c))
}

/// - Input: `(…, 1)` of real or `(…, 2)` of complex numbers. Output: `(…, 2)`.
private func fourierTransform(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    guard x.rank >= 2, let parts = x.shape.last, parts == 1 || parts == 2 else {
        throw call.failure("\(x.shape): the last axis holds a real part, or a real and an imaginary one")
    }
    let named = try call.version < 20 ? call.integer("axis", default: 1) : call.integers(ifGiven: 2)?.first ?? -2
    let axis = try call.axis(named, rank: x.rank)
    guard axis < x.rank - 1 else { throw call.failure("axis \(named) is that of the parts") }
    let length = try call.integers(ifGiven: 1)?.first ?? x.shape[axis]
    try call.checked([length, length])
    let kept = x.sliced(axis: axis, 0, min(length, x.shape[axis]))
    var widths = [(Int, Int)](repeating: (0, 0), count: x.rank)
    widths[axis].1 = length - kept.shape[axis]
    // (…, N, …, parts) → (parts, …, N)
    let signal = kept.padded(widths).movingAxis(-1, to: 0).movingAxis(axis + 1, to: -1)
    let isInverse = try call.flag("inverse")
    var (real, imaginary) = transformed(
        signal.sliced(axis: 0, 0, 1), parts == 2 ? signal.sliced(axis: 0, 1, 1) : nil, isInverse: isInverse)
    if isInverse { (real, imaginary) = (real / Double(max(1, length)), imaginary / Double(max(1, length))) }
    if try call.flag("onesided") {
        (real, imaginary) = (
            real.sliced(axis: -1, 0, length / 2 + 1), imaginary.sliced(axis: -1, 0, length / 2 + 1)
        )
    }
    return concatenate([real, imaginary]).movingAxis(-1, to: axis + 1).movingAxis(0, to: -1)
}

/// The spectrum of each frame of a signal: `(B, L, 1 or 2) → (B, frames, frequencies, 2)`.
private func shortTimeFourierTransform(_ call: OperatorCall) throws -> Tensor {
    let given = try call.tensor(0)
    let x = given.rank == 2 ? given.expandingDims(2) : given
    let step = try call.integer(1)
    let window = try call.optional(2)
    let length = try call.integers(ifGiven: 3)?.first ?? window?.shape.first ?? 0
    guard x.rank == 3, step > 0, length > 0, x.shape[1] >= length, window.map({ $0.shape == [length] }) ?? true else {
        throw call.failure("frames of \(length) by steps of \(step) of \(given.shape)")
    }
    let count = (x.shape[1] - length) / step + 1
    let places = Tensor.iota([count, length], axis: 0) * step + Tensor.iota([count, length], axis: 1)
    func part(_ index: Int) -> Tensor {
        let frames = x.sliced(axis: 2, index, 1).squeezed(2).gathered(places, axis: 1)  // (B, frames, length)
        return window.map { frames * $0 } ?? frames
    }
    let (real, imaginary) = transformed(part(0), x.shape[2] == 2 ? part(1) : nil, isInverse: false)
    let isOneSided = try call.flag("onesided", default: true)
    let frequencies = isOneSided ? length / 2 + 1 : length
    return stack([real, imaginary].map { $0.sliced(axis: 2, 0, frequencies) }, axis: -1)
}

/// Triangles on the mel scale, as a matrix from the bins of a spectrum to mel bands.
private func melWeights(_ call: OperatorCall) throws -> Tensor {
    let bands = try call.integer(0), length = try call.integer(1), rate = try call.number(2)
    let low = try call.number(3), high = try call.number(4)
    let bins = length / 2 + 1
    guard bands > 0, length > 0, rate > 0, low >= 0, high >= low, high < 1e9, rate > 1e-3 else {
        throw call.failure("\(bands) bands of \(length) samples at \(rate) Hz")
    }
    try call.checked([bins, bands])
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    let width = (mel(high) - mel(low)) / Double(bands + 2)
    let edges = (0..<(bands + 2)).map { index -> Int in
        let exponent: Double = (Double(index) * width + mel(low)) / 2595
        let frequency: Double = 700 * (pow(10, exponent) - 1)
        return Int((Double(length + 1) * frequency / rate).rounded(.down))
    }
    var weights = [Float](repeating: 0, count: bins * bands)
    for band in 0..<bands {
        let (left, centre, right) = (edges[band], edges[band + 1], edges[band + 2])
        for bin in left..<max(left, right, centre + 1) where (0..<bins).contains(bin) {
            let rising = centre == left ? 1 : Float(bin - left) / Float(centre - left)
            let falling = Float(right - bin) / Float(max(1, right - centre))
            weights[bin * bands + band] = bin <= centre ? rising : falling
        }
    }
    return Tensor(weights, shape: [bins, bands]).cast(to: try call.dtype(named: "output_datatype") ?? .float32)
}
