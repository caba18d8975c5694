/// `Σ aᵏ / k!` of square matrices (matrix_exp): a Padé approximant of a matrix that is halved until it is small,
/// squared as often.
///
/// It is halved at most 16 times: beyond a norm of 300,000 digits are lost. (Higham 2005, "The scaling and squaring
/// method for the matrix exponential revisited")
public func matrixExponential(_ a: Tensor) -> Tensor {
    guard let x = a.matrices("matrixExponential", square: true) else { return a }
    let norm = stopGradient(x).matrixNorm(.one, keepingAxes: true)
    let halvings = ceil(log2(maximum(norm / largestNorm, 1))).clamped(0, Double(mostHalvings))
    var power = padeExponential(x * exp2(-halvings))
    for count in 0..<mostHalvings { power = `where`(halvings .> Double(count), product(power, power), power) }
    return power.cast(to: a.floating.dtype)
}

/// Up to here the approximant is right to all digits of float64.
private let largestNorm = 5.371920351148152

private let mostHalvings = 16

/// `q(x)⁻¹ p(x)` with p and q of degree 13, of the same coefficients but for the signs of odd powers.
private func padeExponential(_ x: Tensor) -> Tensor {
    let x2 = product(x, x)
    let x4 = product(x2, x2)
    let x6 = product(x2, x4)
    /// Three even powers with the coefficients from `first` on.
    func sum(_ first: Int) -> Tensor {
        let low: Tensor = x2 * b[first] + x4 * b[first + 2]
        return low + x6 * b[first + 4]
    }
    let identity = Tensor.identity(x.rowCount, dtype: x.dtype)
    let inner = product(x6, sum(9)) + sum(3)
    let odd = product(x, inner + identity * b[1])
    let even = product(x6, sum(8)) + sum(2) + identity
    return solve(even - odd, even + odd)
}

/// `(26 − k)! 13! / (26! k! (13 − k)!)` for k = 0 … 13.
private let b: [Double] = {
    var b = [1.0]
    for k in 1...13 { b.append(b[k - 1] * Double(14 - k) / Double(k * (27 - k))) }
    return b
}()
