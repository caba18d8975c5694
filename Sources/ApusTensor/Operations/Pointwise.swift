// Pointwise mathematics. Operands broadcast (NumPy's rule) and promote (`DType.promoted`); a Swift number takes the tensor's dtype.

extension Tensor {
    /// The elements converted to `dtype`. Float to integer drops the fraction, anything to bool is `x ≠ 0`.
    public func cast(to dtype: DType) -> Tensor {
        dtype == self.dtype ? self : Tensor(.cast(dtype), self)
    }

    /// A Swift number as an operand beside this tensor: a float makes an integer tensor's result float32.
    func operand(_ value: some TensorScalar) -> Tensor {
        let isFraction =
            switch value.scalar {
            case .float: true
            case .integer, .bool: false
            }
        let numeric = dtype == .bool && type(of: value).dtype != .bool ? DType.int64 : dtype
        return Tensor(scalar: value.scalar, dtype: isFraction && !dtype.isFloatingPoint ? .float32 : numeric)
    }

    /// Both operands in one shape and dtype.
    private static func aligned(_ name: @autoclosure () -> String, _ a: Tensor, _ b: Tensor) -> (Tensor, Tensor) {
        if a.node.type == b.node.type { return (a, b) }
        let dtype = a.dtype.promoted(with: b.dtype)
        guard let shape = a.shape.broadcast(with: b.shape) else {
            let error = TensorError(
                "\(name()): \(a.shape) with \(b.shape): extents must be equal or 1, counted from the last axis")
            let invalid = Tensor(Node.invalid(error, like: TensorType(a.shape, dtype)))
            return (invalid, invalid)
        }
        return (a.cast(to: dtype).broadcast(to: shape), b.cast(to: dtype).broadcast(to: shape))
    }

    static func binary(_ operation: BinaryOperation, _ a: Tensor, _ b: Tensor) -> Tensor {
        let (a, b) = aligned("\(operation)", a, b)
        return Tensor(.binary(operation), a, b)
    }

    static func compare(_ comparison: Comparison, _ a: Tensor, _ b: Tensor) -> Tensor {
        let (a, b) = aligned("\(comparison)", a, b)
        return Tensor(.compare(comparison), a, b)
    }

    static func unary(_ operation: UnaryOperation, _ x: Tensor) -> Tensor {
        // Mathematics on integers is done in float32, as PyTorch does.
        let floats = !operation.acceptsIntegers && !x.dtype.isFloatingPoint
        return Tensor(.unary(operation), floats ? x.cast(to: .float32) : x)
    }

    /// The dtype for arithmetic that leaves the integers.
    var floating: Tensor { dtype.isFloatingPoint ? self : cast(to: .float32) }
}

// MARK: Arithmetic

extension Tensor {
    /// The sum `a + b`.
    public static func + (a: Tensor, b: Tensor) -> Tensor { binary(.add, a, b) }
    /// The sum `a + b`.
    public static func + (a: Tensor, b: some TensorScalar) -> Tensor { binary(.add, a, a.operand(b)) }
    /// The sum `a + b`.
    public static func + (a: some TensorScalar, b: Tensor) -> Tensor { binary(.add, b.operand(a), b) }

    /// The difference `a − b`.
    public static func - (a: Tensor, b: Tensor) -> Tensor { binary(.subtract, a, b) }
    /// The difference `a − b`.
    public static func - (a: Tensor, b: some TensorScalar) -> Tensor { binary(.subtract, a, a.operand(b)) }
    /// The difference `a − b`.
    public static func - (a: some TensorScalar, b: Tensor) -> Tensor { binary(.subtract, b.operand(a), b) }

    /// The product `a · b`, element by element. See `matmul` for matrices.
    public static func * (a: Tensor, b: Tensor) -> Tensor { binary(.multiply, a, b) }
    /// The product `a · b`, element by element. See `matmul` for matrices.
    public static func * (a: Tensor, b: some TensorScalar) -> Tensor { binary(.multiply, a, a.operand(b)) }
    /// The product `a · b`, element by element. See `matmul` for matrices.
    public static func * (a: some TensorScalar, b: Tensor) -> Tensor { binary(.multiply, b.operand(a), b) }

    /// The quotient; integers give float32. See `floorDivide` for whole numbers.
    public static func / (a: Tensor, b: Tensor) -> Tensor {
        let integers = !a.dtype.promoted(with: b.dtype).isFloatingPoint
        return integers ? binary(.divide, a.floating, b.floating) : binary(.divide, a, b)
    }
    /// The quotient; integers give float32.
    public static func / (a: Tensor, b: some TensorScalar) -> Tensor { a.floating / a.floating.operand(b) }
    /// The quotient; integers give float32.
    public static func / (a: some TensorScalar, b: Tensor) -> Tensor { b.floating.operand(a) / b.floating }

    /// The remainder with the divisor's sign, as in Python.
    public static func % (a: Tensor, b: Tensor) -> Tensor { binary(.remainder, a, b) }
    /// The remainder with the divisor's sign, as in Python.
    public static func % (a: Tensor, b: some TensorScalar) -> Tensor { binary(.remainder, a, a.operand(b)) }

    /// `−x`
    public static prefix func - (x: Tensor) -> Tensor { unary(.negate, x) }

    /// Adds `b`; the result replaces `a`.
    public static func += (a: inout Tensor, b: Tensor) { a = a + b }
    /// Subtracts `b`; the result replaces `a`.
    public static func -= (a: inout Tensor, b: Tensor) { a = a - b }
    /// Multiplies by `b`; the result replaces `a`.
    public static func *= (a: inout Tensor, b: Tensor) { a = a * b }
    /// Divides by `b`; the result replaces `a`.
    public static func /= (a: inout Tensor, b: Tensor) { a = a / b }
    /// Adds `b`; the result replaces `a`.
    public static func += (a: inout Tensor, b: some TensorScalar) { a = a + b }
    /// Subtracts `b`; the result replaces `a`.
    public static func -= (a: inout Tensor, b: some TensorScalar) { a = a - b }
    /// Multiplies by `b`; the result replaces `a`.
    public static func *= (a: inout Tensor, b: some TensorScalar) { a = a * b }
    /// Divides by `b`; the result replaces `a`.
    public static func /= (a: inout Tensor, b: some TensorScalar) { a = a / b }
}

// MARK: Comparison and logic, spelled as Swift's SIMD types do

extension Tensor {
    /// Whether each element of `a` equals that of `b`: bool. NaN gives false.
    public static func .== (a: Tensor, b: Tensor) -> Tensor { compare(.equal, a, b) }
    /// Whether each element of `a` equals `b`: bool.
    public static func .== (a: Tensor, b: some TensorScalar) -> Tensor { compare(.equal, a, a.operand(b)) }
    /// Whether each element of `a` differs from that of `b`: bool. NaN differs from everything.
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { compare(.notEqual, a, b) }
    /// Whether each element of `a` differs from `b`: bool.
    public static func .!= (a: Tensor, b: some TensorScalar) -> Tensor { compare(.notEqual, a, a.operand(b)) }
    /// Whether each element of `a` is less than that of `b`: bool. NaN gives false.
    public static func .< (a: Tensor, b: Tensor) -> Tensor { compare(.less, a, b) }
    /// Whether each element of `a` is less than `b`: bool.
    public static func .< (a: Tensor, b: some TensorScalar) -> Tensor { compare(.less, a, a.operand(b)) }
    /// Whether each element of `a` is at most that of `b`: bool. NaN gives false.
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { compare(.lessEqual, a, b) }
    /// Whether each element of `a` is at most `b`: bool.
    public static func .<= (a: Tensor, b: some TensorScalar) -> Tensor { compare(.lessEqual, a, a.operand(b)) }
    /// Whether each element of `a` is greater than that of `b`: bool. NaN gives false.
    public static func .> (a: Tensor, b: Tensor) -> Tensor { compare(.greater, a, b) }
    /// Whether each element of `a` is greater than `b`: bool.
    public static func .> (a: Tensor, b: some TensorScalar) -> Tensor { compare(.greater, a, a.operand(b)) }
    /// Whether each element of `a` is at least that of `b`: bool. NaN gives false.
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { compare(.greaterEqual, a, b) }
    /// Whether each element of `a` is at least `b`: bool.
    public static func .>= (a: Tensor, b: some TensorScalar) -> Tensor { compare(.greaterEqual, a, a.operand(b)) }

    /// Bitwise on integers, logical on bool.
    public static func .& (a: Tensor, b: Tensor) -> Tensor { binary(.and, a, b) }
    /// Bitwise or on integers, logical or on bool.
    public static func .| (a: Tensor, b: Tensor) -> Tensor { binary(.or, a, b) }
    /// Bitwise exclusive or on integers, logical on bool.
    public static func .^ (a: Tensor, b: Tensor) -> Tensor { binary(.xor, a, b) }
    /// Every bit flipped on integers, logical not on bool.
    public static prefix func .! (x: Tensor) -> Tensor { unary(.not, x) }
    /// `a · 2ᵇ` by shifting bits; integers only.
    public static func << (a: Tensor, b: Tensor) -> Tensor { binary(.shiftLeft, a, b) }
    /// `⌊a / 2ᵇ⌋` by shifting bits; integers only.
    public static func >> (a: Tensor, b: Tensor) -> Tensor { binary(.shiftRight, a, b) }
}

/// `condition ? ifTrue : ifFalse`, element by element.
public func `where`(_ condition: Tensor, _ ifTrue: Tensor, _ ifFalse: Tensor) -> Tensor {
    let dtype = ifTrue.dtype.promoted(with: ifFalse.dtype)
    guard let values = ifTrue.shape.broadcast(with: ifFalse.shape), let shape = values.broadcast(with: condition.shape)
    else {
        let error = TensorError("where: \(condition.shape), \(ifTrue.shape) and \(ifFalse.shape) do not broadcast")
        return Tensor(Node.invalid(error, like: ifTrue.node.type))
    }
    return Tensor(
        .select, condition.cast(to: .bool).broadcast(to: shape), ifTrue.cast(to: dtype).broadcast(to: shape),
        ifFalse.cast(to: dtype).broadcast(to: shape))
}

/// `condition ? ifTrue : ifFalse`, element by element, with one number for all that are false.
public func `where`(_ condition: Tensor, _ ifTrue: Tensor, _ ifFalse: some TensorScalar) -> Tensor {
    `where`(condition, ifTrue, ifTrue.operand(ifFalse))
}

/// `condition ? ifTrue : ifFalse`, element by element, with one number for all that are true.
public func `where`(_ condition: Tensor, _ ifTrue: some TensorScalar, _ ifFalse: Tensor) -> Tensor {
    `where`(condition, ifFalse.operand(ifTrue), ifFalse)
}

// MARK: Functions of one variable

/// `|x|`
public func abs(_ x: Tensor) -> Tensor { .unary(.absolute, x) }
/// −1, 0 or 1.
public func sign(_ x: Tensor) -> Tensor { .unary(.sign, x) }
/// `eˣ`
public func exp(_ x: Tensor) -> Tensor { .unary(.exp, x) }
/// `exp(x) − 1`, precise near 0.
public func expm1(_ x: Tensor) -> Tensor { .unary(.expm1, x) }
/// The natural logarithm.
public func log(_ x: Tensor) -> Tensor { .unary(.log, x) }
/// `log(1 + x)`, precise near 0.
public func log1p(_ x: Tensor) -> Tensor { .unary(.log1p, x) }
/// The logarithm to base 2.
public func log2(_ x: Tensor) -> Tensor { log(x) * 1.4426950408889634 }
/// The logarithm to base 10.
public func log10(_ x: Tensor) -> Tensor { log(x) * 0.4342944819032518 }
/// `√x`; NaN below 0.
public func sqrt(_ x: Tensor) -> Tensor { .unary(.sqrt, x) }
/// `1 / √x`
public func rsqrt(_ x: Tensor) -> Tensor { .unary(.rsqrt, x) }
/// `1 / x`
public func reciprocal(_ x: Tensor) -> Tensor { .unary(.reciprocal, x) }
/// `x²`
public func square(_ x: Tensor) -> Tensor { x * x }
/// The sine of an angle in radians.
public func sin(_ x: Tensor) -> Tensor { .unary(.sin, x) }
/// The cosine of an angle in radians.
public func cos(_ x: Tensor) -> Tensor { .unary(.cos, x) }
/// The tangent of an angle in radians.
public func tan(_ x: Tensor) -> Tensor { .unary(.tan, x) }
/// The angle in [−π/2, π/2] whose sine is `x`; NaN outside [−1, 1].
public func asin(_ x: Tensor) -> Tensor { .unary(.asin, x) }
/// The angle in [0, π] whose cosine is `x`; NaN outside [−1, 1].
public func acos(_ x: Tensor) -> Tensor { .unary(.acos, x) }
/// The angle in (−π/2, π/2) whose tangent is `x`.
public func atan(_ x: Tensor) -> Tensor { .unary(.atan, x) }
/// `(eˣ − e⁻ˣ) / 2`
public func sinh(_ x: Tensor) -> Tensor { .unary(.sinh, x) }
/// `(eˣ + e⁻ˣ) / 2`
public func cosh(_ x: Tensor) -> Tensor { .unary(.cosh, x) }
/// `(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)`
public func tanh(_ x: Tensor) -> Tensor { .unary(.tanh, x) }
/// The inverse of `sinh`.
public func asinh(_ x: Tensor) -> Tensor { .unary(.asinh, x) }
/// The inverse of `cosh`; NaN below 1.
public func acosh(_ x: Tensor) -> Tensor { .unary(.acosh, x) }
/// The inverse of `tanh`; NaN outside [−1, 1].
public func atanh(_ x: Tensor) -> Tensor { .unary(.atanh, x) }
/// The error function `2/√π ∫₀ˣ exp(−t²) dt`.
public func erf(_ x: Tensor) -> Tensor { .unary(.erf, x) }
/// The inverse of `erf`.
public func erfinv(_ x: Tensor) -> Tensor { .unary(.erfinv, x) }
/// The greatest whole number that is at most `x`.
public func floor(_ x: Tensor) -> Tensor { .unary(.floor, x) }
/// The least whole number that is at least `x`.
public func ceil(_ x: Tensor) -> Tensor { .unary(.ceil, x) }
/// The nearest whole number, halves to even.
public func round(_ x: Tensor) -> Tensor { .unary(.round, x) }
/// `x` without its fraction.
public func trunc(_ x: Tensor) -> Tensor { .unary(.truncate, x) }
/// Whether each element is not a number: bool.
public func isNaN(_ x: Tensor) -> Tensor { .unary(.isNaN, x) }
/// Whether each element is ∞ or −∞: bool.
public func isInfinite(_ x: Tensor) -> Tensor { .unary(.isInfinite, x) }
/// Whether each element is neither infinite nor NaN: bool.
public func isFinite(_ x: Tensor) -> Tensor { .unary(.isFinite, x) }

// MARK: Functions of two variables

/// The greater of two elements; NaN if either is. Equal ones share the gradient.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { .binary(.maximum, a, b) }
/// The greater of an element and a number; NaN stays.
public func maximum(_ a: Tensor, _ b: some TensorScalar) -> Tensor { .binary(.maximum, a, a.operand(b)) }
/// The lesser of two elements; NaN if either is. Equal ones share the gradient.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { .binary(.minimum, a, b) }
/// The lesser of an element and a number; NaN stays.
public func minimum(_ a: Tensor, _ b: some TensorScalar) -> Tensor { .binary(.minimum, a, a.operand(b)) }
/// The angle of the point (x, y), in (−π, π].
public func atan2(_ y: Tensor, _ x: Tensor) -> Tensor { .binary(.atan2, y.floating, x.floating) }
/// The quotient rounded down.
public func floorDivide(_ a: Tensor, _ b: Tensor) -> Tensor { .binary(.floorDivide, a, b) }
/// The quotient rounded down.
public func floorDivide(_ a: Tensor, _ b: some TensorScalar) -> Tensor { .binary(.floorDivide, a, a.operand(b)) }

/// `base` to the power `exponent`.
public func pow(_ base: Tensor, _ exponent: Tensor) -> Tensor { .binary(.power, base, exponent) }

/// `base` to a constant power; small whole and half powers become products and roots.
public func pow(_ base: Tensor, _ exponent: some TensorScalar) -> Tensor {
    let value: Double =
        switch exponent.scalar {
        case .float(let value): value
        case .integer(let value): Double(value)
        case .bool(let value): value ? 1 : 0
        }
    switch value {
    case 1: return base
    case 2: return base * base
    case 3: return base * base * base
    case 0.5: return sqrt(base)
    case -0.5: return rsqrt(base)
    case -1 where base.dtype.isFloatingPoint: return reciprocal(base)
    default: return .binary(.power, base, base.operand(exponent))
    }
}

extension Tensor {
    /// The elements limited to [low, high]; the gradient at the limits is 1.
    public func clamped(_ low: Double? = nil, _ high: Double? = nil) -> Tensor {
        var result = self
        if let low = low.map(operand) { result = `where`(result .< low, low, result) }
        if let high = high.map(operand) { result = `where`(result .> high, high, result) }
        return result
    }
}
