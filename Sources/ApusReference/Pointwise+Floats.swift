import ApusGraph
import Foundation

extension UnaryOperation {
    func applied(_ x: Double) -> Double {
        switch self {
        case .negate: -x
        case .absolute: x.magnitude
        case .sign: x > 0 ? 1 : x < 0 ? -1 : x
        case .exp: Foundation.exp(x)
        case .expm1: Foundation.expm1(x)
        case .log: Foundation.log(x)
        case .log1p: Foundation.log1p(x)
        case .sqrt: x.squareRoot()
        case .rsqrt: 1 / x.squareRoot()
        case .reciprocal: 1 / x
        case .sin: Foundation.sin(x)
        case .cos: Foundation.cos(x)
        case .tan: Foundation.tan(x)
        case .asin: Foundation.asin(x)
        case .acos: Foundation.acos(x)
        case .atan: Foundation.atan(x)
        case .sinh: Foundation.sinh(x)
        case .cosh: Foundation.cosh(x)
        case .tanh: Foundation.tanh(x)
        case .asinh: Foundation.asinh(x)
        case .acosh: Foundation.acosh(x)
        case .atanh: Foundation.atanh(x)
        case .erf: Foundation.erf(x)
        case .erfinv: inverseErrorFunction(x)
        case .relu: x < 0 ? 0 : x
        case .sigmoid: 1 / (1 + Foundation.exp(-x))
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        case .round: x.rounded(.toNearestOrEven)
        case .truncate: x.rounded(.towardZero)
        case .not: preconditionFailure("not is not defined on floats")
        case .isNaN, .isInfinite, .isFinite: preconditionFailure("\(self) has no float for a result")
        }
    }

    func holds(for x: Double) -> Bool {
        switch self {
        case .isNaN: x.isNaN
        case .isInfinite: x.isInfinite
        case .isFinite: x.isFinite
        default: preconditionFailure("\(self) is no predicate")
        }
    }
}

/// Winitzki's approximation, good to three digits, made exact by Halley's steps on `erfc(x) = 1 − y`,
/// which keeps its precision where `y` is near 1.
private func inverseErrorFunction(_ y: Double) -> Double {
    let magnitude = y.magnitude
    guard magnitude < 1 else { return magnitude == 1 ? y * .infinity : .nan }
    guard magnitude > 1e-8 else { return y * Double.pi.squareRoot() / 2 }  // the series' next term is y³
    let a = 0.147
    let logarithm = log1p(-y * y)
    let mean = 2 / (Double.pi * a) + logarithm / 2
    var x = ((mean * mean - logarithm / a).squareRoot() - mean).squareRoot()
    for _ in 0..<4 {
        let slope = 2 / Double.pi.squareRoot() * exp(-x * x)
        let error = magnitude > 0.5 ? (1 - magnitude) - erfc(x) : erf(x) - magnitude
        let step = error / slope
        x -= step / (1 + x * step)
    }
    return y < 0 ? -x : x
}

extension BinaryOperation {
    func applied(_ a: Double, _ b: Double) -> Double {
        switch self {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .power: pow(a, b)
        case .maximum: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
        case .minimum: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
        case .floorDivide: flooredQuotient(a, b)
        case .remainder: flooredRemainder(a, b)
        case .atan2: Foundation.atan2(a, b)
        case .and, .or, .xor, .shiftLeft, .shiftRight: preconditionFailure("\(self) is not defined on floats")
        }
    }
}

/// `a − ⌊a / b⌋ · b`, exactly; by zero it is NaN.
private func flooredRemainder(_ a: Double, _ b: Double) -> Double {
    let rest = fmod(a, b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
}

/// `⌊a / b⌋` of the exact quotient, which a division that rounds up to an integer would miss; by zero it is `a / b`.
private func flooredQuotient(_ a: Double, _ b: Double) -> Double {
    if b == 0 { return a / b }
    let rest = fmod(a, b)
    let truncated = ((a - rest) / b).rounded()  // a whole number but for the rounding of the division
    return rest != 0 && (rest < 0) != (b < 0) ? truncated - 1 : truncated
}
