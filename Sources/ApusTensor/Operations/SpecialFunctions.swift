// Special functions as compositions. Those with a series are computed in float64: in float32, sums of large terms that nearly cancel
// would leave few digits.

/// `f(x)` computed in float64, as the floating-point dtype of `x`.
func inDouble(_ x: Tensor, _ f: (Tensor) -> Tensor) -> Tensor {
    let x = x.floating
    return f(x.cast(to: .float64)).cast(to: x.dtype)
}

/// `f(a, b)` of numbers that broadcast, likewise.
func inDouble(_ a: Tensor, _ b: Tensor, _ f: (Tensor, Tensor) -> Tensor) -> Tensor {
    let dtype = a.floating.dtype.promoted(with: b.floating.dtype)
    let operands = broadcast([a.cast(to: .float64), b.cast(to: .float64)])
    return f(operands[0], operands[1]).cast(to: dtype)
}

// MARK: Gamma

/// `log |Γ(x)|`; ∞ at 0 and the negative whole numbers (lgamma).
public func logGamma(_ x: Tensor) -> Tensor {
    inDouble(x) { x in
        // log |Γ(x)| = log π − log |sin πx| − log Γ(1 − x)
        let isReflected = x .< 0.5
        let reflected = 1.1447298858494002 - log(abs(sin(fractionAbove(x, where: isReflected) * Double.pi)))
        let right = logGammaRight(`where`(isReflected, 1 - x, x))
        let result = `where`(isReflected, reflected - right, right)
        return `where`(isInfinite(x), Double.infinity, result)
    }
}

/// The derivative of `log Γ(x)`: −∞ at 0, NaN at the negative whole numbers.
public func digamma(_ x: Tensor) -> Tensor {
    inDouble(x) { x in
        // ψ(x) = ψ(1 − x) − π / tan πx
        let isReflected = x .< 0.5
        let above = fractionAbove(x, where: isReflected)
        let right = digammaRight(`where`(isReflected, 1 - x, x))
        let result = `where`(isReflected, right - Double.pi / tan(above * Double.pi), right)
        return `where`((x .< 0) .& (above .== 0), Double.nan, result)
    }
}

/// The `n`-th derivative of `digamma`, of x above 0: `(−1)ⁿ⁺¹ n! Σ 1 / (x + k)ⁿ⁺¹` over k = 0, 1, 2 …
///
/// Euler's and Maclaurin's sum of that series (Abramowitz and Stegun 23.1.30); NaN below 0.
public func polygamma(_ n: Int, _ x: Tensor) -> Tensor {
    guard n > 0 else { return n == 0 ? digamma(x) : x.invalid("polygamma: derivative \(n)") }
    return inDouble(x) { x in
        let s = x.operand(Double(n + 1))
        let factorial = (1...n).reduce(1.0) { $0 * Double($1) }
        let sum = hurwitzSum(s, `where`(x .< 0, Double.nan, x), shift: stirlingShift + n)
        return sum * (n % 2 == 0 ? -factorial : factorial)
    }
}

/// `Σ (x + k)⁻ˢ`: the first `shift` terms, and Euler's and Maclaurin's sum of the others (Abramowitz and Stegun 23.1.30).
func hurwitzSum(_ s: Tensor, _ x: Tensor, shift: Int) -> Tensor {
    let first = (0..<shift).map { pow(x + Double($0), -s) }.reduce(x.operand(0.0), +)
    let w = x + Double(shift)
    let inverse = reciprocal(w * w)
    // B₂ⱼ / (2j)! · s (s + 1) … (s + 2j − 2) w⁻²ʲ⁺¹ for j = 1 … 8
    var (rising, corrections) = (s / w, x.operand(0.0))
    for (j, bernoulli) in bernoulliQuotients.enumerated() {
        corrections = corrections + rising * bernoulli
        let next: Tensor = (s + Double(2 * j + 1)) * (s + Double(2 * j + 2))
        rising = rising * next * inverse
    }
    return first + (w / (s - 1) + 0.5 + corrections) * pow(w, -s)
}

/// Bernoulli's numbers `B₂ⱼ / (2j)!` for j = 1 … 8.
private let bernoulliQuotients: [Double] = [
    1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1_209_600, 1.0 / 47_900_160, -691.0 / 1_307_674_368_000,
    1.0 / 74_724_249_600, -3617.0 / 10_670_622_842_880_000,
]

/// How far `x` is above a whole number where `condition` holds, and 1/4, which harms nothing, elsewhere.
private func fractionAbove(_ x: Tensor, where condition: Tensor) -> Tensor { `where`(condition, x - floor(x), 0.25) }

/// Stirling's series needs arguments of this size; smaller ones are moved there by `Γ(x + 1) = x Γ(x)`.
private let stirlingShift = 8

/// `log Γ(x)` for x at least 1/2: Stirling's series (Abramowitz and Stegun 6.1.41).
private func logGammaRight(_ x: Tensor) -> Tensor {
    let isSmall = x .< Double(stirlingShift)
    let small = `where`(isSmall, x, 1)
    let shift = (0..<stirlingShift).map { small + Double($0) }.reduce(small.operand(1.0), *)
    let w = `where`(isSmall, x + Double(stirlingShift), x)
    // B₂ₖ / (2k (2k − 1)) for k = 1 … 7
    let series = polynomial(
        [1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156], reciprocal(w * w))
    let stirling = (w - 0.5) * log(w) - w + 0.9189385332046727 + series / w
    return `where`(isSmall, stirling - log(shift), stirling)
}

/// `ψ(x)` for x at least 1/2: the derivative of Stirling's series (Abramowitz and Stegun 6.3.18).
private func digammaRight(_ x: Tensor) -> Tensor {
    let isSmall = x .< Double(stirlingShift)
    let small = `where`(isSmall, x, 1)
    let shift = (0..<stirlingShift).map { reciprocal(small + Double($0)) }.reduce(small.operand(0.0), +)
    let w = `where`(isSmall, x + Double(stirlingShift), x)
    let inverse = reciprocal(w * w)
    // B₂ₖ / 2k for k = 1 … 8
    let series = polynomial(
        [1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12, -3617.0 / 8160], inverse)
    let stirling = log(w) - 0.5 / w - series * inverse
    return `where`(isSmall, stirling - shift, stirling)
}

/// `Σ coefficients[k] xᵏ` by Horner's rule.
func polynomial(_ coefficients: [Double], _ x: Tensor) -> Tensor {
    coefficients.dropLast().reversed().reduce(x.operand(coefficients.last!)) { $0 * x + $1 }
}

// MARK: The normal distribution

/// `1 − erf(x)`, with all digits where that is small.
public func erfc(_ x: Tensor) -> Tensor {
    withCustomGradient(
        [x.floating],
        { arguments in
            inDouble(arguments[0]) { x in
                let tail = exp(-x * x) * scaledErfcRight(abs(x))
                return `where`(x .< 0, 2 - tail, tail)
            }
        }, rule: { inputs, _, g in [g * exp(-inputs[0] * inputs[0]) * -1.1283791670955126] })  // −2/√π
}

/// `exp(x²) erfc(x)`, which neither under- nor overflows for positive x (erfcx).
public func scaledErfc(_ x: Tensor) -> Tensor {
    withCustomGradient(
        [x.floating],
        { arguments in
            inDouble(arguments[0]) { x in
                let right = scaledErfcRight(abs(x))
                return `where`(x .< 0, exp(x * x) * 2 - right, right)
            }
        }, rule: { inputs, _, g in [g * (inputs[0] * scaledErfc(inputs[0]) * 2 - 1.1283791670955126)] })  // 2/√π
}

/// `Φ(x)`: the standard normal distribution's function (ndtr).
public func normalCDF(_ x: Tensor) -> Tensor { erfc(x.floating * -0.7071067811865476) * 0.5 }

/// `log Φ(x)`, with all digits far out on the left (log_ndtr).
public func logNormalCDF(_ x: Tensor) -> Tensor {
    withCustomGradient(
        [x.floating],
        { arguments in
            inDouble(arguments[0]) { x in
                let z = abs(x) * 0.7071067811865476
                let right = scaledErfcRight(z) * 0.5
                return `where`(x .< 0, log(right) - z * z, log1p(-exp(-z * z) * right))
            }
        },
        rule: { inputs, _, g in
            [g * exp(inputs[0] * inputs[0] * -0.5 - logNormalCDF(inputs[0])) * 0.3989422804014327]  // 1/√2π
        })
}

/// The inverse of `normalCDF` (ndtri).
public func normalQuantile(_ p: Tensor) -> Tensor { erfinv(p.floating * 2 - 1) * 1.4142135623730951 }

/// `exp(x²) erfc(x)` for x at least 0: `t exp(P(t))` with t = 2 / (2 + x) and a Chebyshev series P (Numerical Recipes 6.2.2).
private func scaledErfcRight(_ x: Tensor) -> Tensor {
    let t = 2 / (x + 2)
    let y = t * 4 - 2
    // Clenshaw's recurrence
    var (d, last) = (x.operand(0.0), x.operand(0.0))
    for coefficient in erfcCoefficients.dropFirst().reversed() { (d, last) = (y * d - last + coefficient, d) }
    return t * exp(y * d * 0.5 - last + erfcCoefficients[0] * 0.5)
}

private let erfcCoefficients: [Double] = [
    -1.3026537197817094342, 0.6419697923564902603, 0.019476473204185836312, -0.0095615147868086316419,
    -0.0009465953444820368663, 0.00036683949785276145187, 0.000042523324806907771645, -0.000020278578112534243154,
    -1.6242900046470255135e-6, 1.3036558355805232018e-6, 1.5626441722066143178e-8, -8.5238095914926542525e-8,
    6.5290544390988514964e-9, 5.0593434955514689418e-9, -9.9136415649303308674e-10, -2.2736512229318358557e-10,
    9.646791102015526802e-11, 2.3940380830391147447e-12, -6.8860275264975533984e-12, 8.9448792730907257167e-13,
    3.1309213993429580783e-13, -1.1270822361367252366e-13, 3.8109052551892320552e-16, 7.1060976136092369878e-15,
    -1.5230282014571043043e-15, -9.4574945712912340005e-17, 1.2102371892242789923e-16, -2.8166630877471769718e-17,
]

// MARK: Logarithms that meet zero

/// `x log(y)`, and 0 where x is 0, whatever y is but NaN.
public func xlogy(_ x: Tensor, _ y: Tensor) -> Tensor {
    let isSingular = (x .== 0) .& ((y .<= 0) .| (y .== Double.infinity))
    return x * log(`where`(isSingular, 1, y))
}

/// `x log(1 + y)`, and 0 where x is 0, whatever y is but NaN.
public func xlog1py(_ x: Tensor, _ y: Tensor) -> Tensor {
    let isSingular = (x .== 0) .& ((y .<= -1) .| (y .== Double.infinity))
    return x * log1p(`where`(isSingular, 0, y))
}

/// `−x log(x)`: 0 at 0, −∞ below (entr).
public func entropyTerm(_ x: Tensor) -> Tensor {
    let x = x.floating
    return `where`(x .< 0, -Double.infinity, -xlogy(x, `where`(x .< 0, 1, x)))
}

/// `log(x / (1 − x))`, the inverse of `sigmoid`; with `epsilon`, of x limited to [ε, 1 − ε].
public func logit(_ x: Tensor, epsilon: Double? = nil) -> Tensor {
    let x = epsilon.map { x.floating.clamped($0, 1 - $0) } ?? x.floating
    return log(x / (1 - x))
}

/// `sin(πx) / (πx)`, and 1 at 0.
public func sinc(_ x: Tensor) -> Tensor {
    let angle = x.floating * Double.pi
    let isZero = angle .== 0
    let safe = `where`(isZero, 1, angle)
    return `where`(isZero, 1, sin(safe) / safe)
}
