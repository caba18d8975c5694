// Floats taken apart, and the numbers next to them: exact, since only powers of two are multiplied by.

/// Mantissa m and exponent e with `x = m · 2ᵉ`, |m| in [1/2, 1). Zeros, infinities and NaN are their own mantissa, with
/// exponent 0.
public func frexp(_ x: Tensor) -> (mantissa: Tensor, exponent: Tensor) {
    let x = x.floating
    let parts = FloatParts(x.wide)
    return (parts.mantissa.cast(to: x.dtype), parts.exponent.cast(to: .int32))
}

/// The number next to `x` on the way to `y` that its dtype has; `y` itself where they are equal (nextafter).
public func nextAfter(_ x: Tensor, _ y: Tensor) -> Tensor {
    let dtype = x.floating.dtype.promoted(with: y.floating.dtype)
    let operands = broadcast([x.cast(to: dtype), y.cast(to: dtype)]).map { stopGradient($0).wide }
    let (x, y) = (operands[0], operands[1])
    let size = abs(x)
    let parts = FloatParts(size)
    let spacing = maximum(parts.spacing(digits: dtype.digits), dtype.leastNonzero)
    // Below a power of two, numbers are closer.
    let below = `where`(parts.mantissa .== 0.5, maximum(spacing * 0.5, dtype.leastNonzero), spacing)
    let isOutward = (x .> 0) .& (y .> x) .| (x .< 0) .& (y .< x)
    let finite = `where`(isInfinite(x), dtype.greatestFinite, `where`(isOutward, size + spacing, size - below))
    let next = `where`(x .== 0, copySign(x.operand(dtype.leastNonzero), y), copySign(finite, x))
    let result = `where`(x .== y, y, `where`(isNaN(x) .| isNaN(y), Double.nan, next))
    return result.cast(to: dtype)
}

/// What `frexp` gives, of float32 or float64.
private struct FloatParts {
    let mantissa, exponent: Tensor

    init(_ x: Tensor) {
        let isOrdinary = isFinite(x) .& (x .!= 0)
        var mantissa = `where`(isOrdinary, x, 1)
        var exponent = Tensor.zeros(like: x)
        /// Takes `step` off the exponent, or with a negative one adds to it, where the number is as large, or as small,
        /// as that.
        func scale(_ step: Int) {
            let size = stopGradient(abs(mantissa))
            let isFar = step > 0 ? size .>= twoToThe(step) : size .< twoToThe(step)
            mantissa = `where`(isFar, mantissa * twoToThe(-step), mantissa)
            exponent = `where`(isFar, exponent + Double(step), exponent)
        }
        // Each step halves the range of exponents that is left: up to 2 first, then from 1/2, with denormal numbers
        // further down.
        let largest = x.dtype == .float64 ? 512 : 64
        let steps = sequence(first: largest) { $0 > 1 ? $0 / 2 : nil }
        for step in steps { scale(step) }
        scale(-largest)
        for step in steps { scale(-step) }
        let isOneOrMore = stopGradient(abs(mantissa)) .>= 1
        mantissa = `where`(isOneOrMore, mantissa * 0.5, mantissa)
        self.mantissa = `where`(isOrdinary, mantissa, x)
        self.exponent = `where`(isOrdinary, `where`(isOneOrMore, exponent + 1, exponent), 0)
    }

    /// How far apart numbers of so many binary digits are here, `2^(exponent − digits)`, by the same steps.
    func spacing(digits: Int) -> Tensor {
        var (power, left) = (mantissa.operand(twoToThe(-digits)).broadcast(to: exponent.shape), exponent)
        let largest = mantissa.dtype == .float64 ? 512 : 64
        let steps = sequence(first: largest) { $0 > 1 ? $0 / 2 : nil }
        for step in [largest] + steps {
            let (isUp, isDown) = (left .>= Double(step), left .<= Double(-step))
            power = `where`(isUp, power * twoToThe(step), `where`(isDown, power * twoToThe(-step), power))
            left = `where`(isUp, left - Double(step), `where`(isDown, left + Double(step), left))
        }
        return power
    }
}

private func twoToThe(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }

extension DType {
    /// Binary digits of a mantissa.
    fileprivate var digits: Int {
        switch self {
        case .float64: 53
        case .float16: 11
        case .bfloat16: 8
        default: 24
        }
    }

    /// The least positive number.
    fileprivate var leastNonzero: Double {
        switch self {
        case .float64: Double.leastNonzeroMagnitude
        case .float16: Double(Float16.leastNonzeroMagnitude)
        case .bfloat16: 0x1p-133
        default: Double(Float.leastNonzeroMagnitude)
        }
    }

    fileprivate var greatestFinite: Double {
        switch self {
        case .float64: Double.greatestFiniteMagnitude
        case .float16: Double(Float16.greatestFiniteMagnitude)
        case .bfloat16: 0x1.fep127
        default: Double(Float.greatestFiniteMagnitude)
        }
    }
}
