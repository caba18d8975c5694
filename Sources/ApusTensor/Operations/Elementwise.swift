// Functions of elements that are compositions of those in `Pointwise.swift`.

/// `√(a² + b²)` without overflow of the squares.
public func hypot(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (a, b) = (abs(a.floating), abs(b.floating))
    let (longer, shorter) = (maximum(a, b), minimum(a, b))
    let isPlain = (longer .> 0) .& (longer .< Double.infinity)
    let ratio = `where`(isPlain, shorter, 0) / `where`(isPlain, longer, 1)
    let length = `where`(isPlain, longer * sqrt(square(ratio) + 1), longer)
    return `where`((a .== Double.infinity) .| (b .== Double.infinity), Double.infinity, length)
}

/// Whether the sign is minus: true for −0, false for NaN.
public func signBit(_ x: Tensor) -> Tensor {
    x.dtype.isFloatingPoint ? (x .< 0) .| ((x .== 0) .& (1 / x .< 0)) : x.dtype == .bool ? .zeros(like: x) : x .< 0
}

/// `|magnitude|` with the sign of `sign`.
public func copySign(_ magnitude: Tensor, _ sign: Tensor) -> Tensor {
    let size = abs(magnitude.floating)
    return `where`(signBit(sign), -size, size)
}

/// `log(exp(a) + exp(b))` without overflow.
public func logAddExp(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (a, b) = (a.floating, b.floating)
    let (larger, smaller) = (maximum(a, b), minimum(a, b))
    // Where both are the same infinity their difference is none.
    let isDefined = isFinite(larger)
    let distance = `where`(isDefined, smaller, 0) - `where`(isDefined, larger, 0)
    return `where`(isDefined, larger + log1p(exp(distance)), larger)
}

/// `log2(2ᵃ + 2ᵇ)` without overflow.
public func logAddExp2(_ a: Tensor, _ b: Tensor) -> Tensor {
    logAddExp(a.floating * 0.6931471805599453, b.floating * 0.6931471805599453) * 1.4426950408889634
}

/// `2ˣ`
public func exp2(_ x: Tensor) -> Tensor { .binary(.power, x.floating.operand(2.0), x.floating) }

/// `x · 2ᵉ`
public func ldexp(_ x: Tensor, _ exponent: Tensor) -> Tensor { x.floating * exp2(exponent.cast(to: x.floating.dtype)) }

/// The greater of two elements, and the other one where one is NaN (fmax).
public func maximumIgnoringNaN(_ a: Tensor, _ b: Tensor) -> Tensor {
    `where`(isNaN(a), b, `where`(isNaN(b), a, maximum(a, b)))
}

/// The lesser of two elements, and the other one where one is NaN (fmin).
public func minimumIgnoringNaN(_ a: Tensor, _ b: Tensor) -> Tensor {
    `where`(isNaN(a), b, `where`(isNaN(b), a, minimum(a, b)))
}

/// The quotient without its fraction (divide with rounding mode trunc). See `floorDivide` for the quotient rounded down.
public func truncatedDivide(_ a: Tensor, _ b: Tensor) -> Tensor {
    let isWhole = !a.dtype.promoted(with: b.dtype).isFloatingPoint
    return isWhole ? .binary(.divide, a, b) : trunc(a / b)
}

/// The remainder with the dividend's sign (fmod). See `%` for the divisor's sign.
public func truncatedRemainder(_ a: Tensor, _ b: Tensor) -> Tensor {
    guard a.dtype.promoted(with: b.dtype).isFloatingPoint else { return a - b * truncatedDivide(a, b) }
    // a = s·|a| and |a| mod |b| has no other sign; its gradient is 1 by a and −trunc(a / b) by b.
    let remainder = abs(a) % abs(b)
    return `where`(a .< 0, -remainder, remainder)
}

/// The greatest whole number that divides both, not negative; 0 of two zeros (gcd). Integers only.
///
/// Euclid's algorithm in as many steps as two neighbours of Fibonacci's sequence take, the slowest numbers of a dtype.
public func greatestCommonDivisor(_ a: Tensor, _ b: Tensor) -> Tensor {
    let dtype = a.dtype.promoted(with: b.dtype)
    guard dtype.isInteger else { return a.invalid("greatestCommonDivisor: of \(dtype); integers are needed") }
    var (larger, smaller) = (abs(a.cast(to: dtype)), abs(b.cast(to: dtype)))
    let steps = dtype == .int64 ? 92 : dtype == .int32 ? 46 : 13
    for _ in 0..<steps {
        let isDone = smaller .== 0
        (larger, smaller) = (`where`(isDone, larger, smaller), larger % smaller)  // a % 0 is 0
    }
    return larger
}

/// The least whole number that both divide, not negative; 0 where one is 0 (lcm). Integers only.
public func leastCommonMultiple(_ a: Tensor, _ b: Tensor) -> Tensor {
    let divisor = greatestCommonDivisor(a, b)
    return abs(truncatedDivide(a, divisor) * b)
}

/// `a + weight · (b − a)`
public func lerp(_ a: Tensor, _ b: Tensor, weight: Tensor) -> Tensor { a + weight * (b - a) }

/// `a + weight · (b − a)`
public func lerp(_ a: Tensor, _ b: Tensor, weight: Double) -> Tensor { a + (b - a) * weight }

/// 0 below 0, 1 above, and `atZero` where `x` is 0 (heaviside).
public func heaviside(_ x: Tensor, _ atZero: Tensor) -> Tensor {
    let step = `where`(isNaN(x), x, (x .> 0).cast(to: x.dtype))
    return `where`(x .== 0, atZero.cast(to: x.dtype), step)
}

/// Degrees as radians.
public func degreesToRadians(_ x: Tensor) -> Tensor { x * (Double.pi / 180) }

/// Radians as degrees.
public func radiansToDegrees(_ x: Tensor) -> Tensor { x * (180 / Double.pi) }

/// The fraction of `x`, with its sign.
public func fraction(_ x: Tensor) -> Tensor { x - trunc(x) }

/// `x` with numbers in place of NaN and the infinities; by default 0 and the dtype's least and greatest numbers (nan_to_num).
public func replacingNaN(
    _ x: Tensor, with nan: Double = 0, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil
) -> Tensor {
    guard x.dtype.isFloatingPoint else { return x }
    let greatest = x.dtype.greatestFiniteMagnitude
    let top = x.operand(positiveInfinity ?? greatest)
    let bottom = x.operand(negativeInfinity ?? -greatest)
    let finite = `where`(x .== Double.infinity, top, `where`(x .== -Double.infinity, bottom, x))
    return `where`(isNaN(x), nan, finite)
}

extension DType {
    /// The greatest finite number of a floating-point dtype.
    fileprivate var greatestFiniteMagnitude: Double {
        switch self {
        case .float64: Double.greatestFiniteMagnitude
        case .float16: 65504
        case .bfloat16: Double(BFloat16.value(0x7F7F))
        default: Double(Float.greatestFiniteMagnitude)
        }
    }
}

/// `|a − b| ≤ absolute + relative · |b|`, element by element: bool. Equal infinities are close, and NaN is to NaN if `equalNaN` says so.
public func isClose(
    _ a: Tensor, _ b: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8, equalNaN: Bool = false
) -> Tensor {
    let dtype = a.dtype.promoted(with: b.dtype)
    let (a, b) = (a.cast(to: dtype).floating, b.cast(to: dtype).floating)
    let isNear = (abs(a - b) .<= abs(b) * relative + absolute) .& isFinite(b)
    let isSame = equalNaN ? (a .== b) .| (isNaN(a) .& isNaN(b)) : a .== b
    return isSame .| isNear
}

/// Whether all elements are close: a single bool. See `isClose`.
public func allClose(
    _ a: Tensor, _ b: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8, equalNaN: Bool = false
) -> Tensor { isClose(a, b, relative: relative, absolute: absolute, equalNaN: equalNaN).all() }

/// Whether two tensors have one shape and equal elements: a single bool. NaN equals nothing.
public func isEqual(_ a: Tensor, _ b: Tensor) -> Tensor {
    a.shape == b.shape ? (a .== b).all() : Tensor(false)
}

extension Tensor {
    /// The elements limited to [low, high], bounds that broadcast with them; NaN where a bound is (clip with tensors).
    ///
    /// At a limit the gradient goes to the element, as for limits that are numbers; where a limit is taken, to it.
    public func clamped(_ low: Tensor?, _ high: Tensor?) -> Tensor {
        var result = self
        if let low { result = `where`((result .< low) .| isNaN(low), low, result) }
        if let high { result = `where`((result .> high) .| isNaN(high), high, result) }
        return result
    }
}
