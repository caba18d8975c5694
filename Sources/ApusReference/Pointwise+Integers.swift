import ApusGraph

// All of it is right modulo 2⁶⁴; the dtype's own width is seen to when the result is stored.

extension UnaryOperation {
    func applied(_ x: Int64) -> Int64 {
        switch self {
        case .negate: 0 &- x
        case .absolute: x < 0 ? 0 &- x : x
        case .sign: x.signum()
        case .floor, .ceil, .round, .truncate: x
        case .not: ~x
        case .isNaN, .isInfinite, .isFinite: preconditionFailure("\(self) has no integer for a result")
        case .exp, .expm1, .log, .log1p, .sqrt, .rsqrt, .reciprocal, .sin, .cos, .tan, .asin, .acos, .atan, .sinh,
            .cosh, .tanh, .asinh, .acosh, .atanh, .erf, .erfinv, .sigmoid, .relu:
            preconditionFailure("\(self) is not defined on integers")
        }
    }
}

extension BinaryOperation {
    func applied(_ a: Int64, _ b: Int64) -> Int64 {
        switch self {
        case .add: a &+ b
        case .subtract: a &- b
        case .multiply: a &* b
        case .divide: b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
        case .power: integerPower(a, b)
        case .maximum: Swift.max(a, b)
        case .minimum: Swift.min(a, b)
        case .floorDivide: flooredQuotient(a, b)
        case .remainder: flooredRemainder(a, b)
        case .and: a & b
        case .or: a | b
        case .xor: a ^ b
        // An amount that is negative or no less than the width pushes every bit out.
        case .shiftLeft: b < 0 ? 0 : a << b
        case .shiftRight: a >> (b < 0 ? 64 : b)
        case .atan2: preconditionFailure("atan2 is not defined on integers")
        }
    }
}

private func flooredRemainder(_ a: Int64, _ b: Int64) -> Int64 {
    if b == 0 { return 0 }
    let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
}

private func flooredQuotient(_ a: Int64, _ b: Int64) -> Int64 {
    if b == 0 { return 0 }
    let truncated = a.dividedReportingOverflow(by: b).partialValue
    let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
    return rest != 0 && (rest < 0) != (b < 0) ? truncated - 1 : truncated
}

/// By squaring. A negative exponent leaves the whole part of the quotient: 0 but for the bases 1 and −1; 0 gives 0.
private func integerPower(_ base: Int64, _ exponent: Int64) -> Int64 {
    if exponent < 0 {
        switch base {
        case 1: return 1
        case -1: return exponent.isMultiple(of: 2) ? 1 : -1
        default: return 0
        }
    }
    var (result, square, rest): (Int64, Int64, Int64) = (1, base, exponent)
    while rest > 0 {
        if rest & 1 == 1 { result = result &* square }
        square = square &* square
        rest >>= 1
    }
    return result
}
