import ApusReference
import ApusTensor
import Testing

/// How far apart two numbers may be: `|actual − expected| ≤ absolute + relative · |expected|`.
public struct Tolerance: Sendable {
    public var relative: Double
    public var absolute: Double

    public init(relative: Double, absolute: Double) {
        self.relative = relative
        self.absolute = absolute
    }

    public static let exact = Tolerance(relative: 0, absolute: 0)

    /// A few roundings of a dtype.
    public static func rounding(of dtype: DType) -> Tolerance {
        switch dtype {
        case .float64: Tolerance(relative: 1e-10, absolute: 1e-12)
        case .float32: Tolerance(relative: 2e-5, absolute: 1e-6)
        case .float16: Tolerance(relative: 4e-3, absolute: 1e-3)
        case .bfloat16: Tolerance(relative: 3e-2, absolute: 1e-2)
        case .int32, .int64, .uint8, .bool: exact
        }
    }

    public func scaled(by factor: Double) -> Tolerance {
        Tolerance(relative: relative * factor, absolute: absolute * factor)
    }
}

/// Expects equal shapes and dtypes, and close elements. NaN equals NaN, and an infinity the same infinity.
public func expectClose(
    _ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance? = nil, _ comment: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard let difference = difference(actual, expected, tolerance) else { return }
    let comment = comment()
    Issue.record(
        Comment(rawValue: comment.isEmpty ? difference : "\(comment): \(difference)"), sourceLocation: sourceLocation)
}

/// Expects elements close to numbers in row-major order.
public func expectClose(
    _ actual: Tensor, _ expected: [Double], _ tolerance: Tolerance? = nil, _ comment: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard expected.count == actual.elementCount else {
        Issue.record("\(actual.elementCount) elements, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    let tensor = Tensor(expected, shape: actual.shape, dtype: .float64)
    expectClose(
        actual.cast(to: .float64), tensor, tolerance ?? .rounding(of: actual.dtype), comment(),
        sourceLocation: sourceLocation)
}

/// What is wrong with `actual`, with the element furthest off, or nil.
///
/// Both are computed on the backend in force, and compared with the reference backend's conversions.
public func difference(_ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance? = nil) -> String? {
    evaluate([actual, expected])
    return Engine.withBackend(ReferenceBackend.shared) { differenceOfValues(actual, expected, tolerance) }
}

private func differenceOfValues(_ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance?) -> String? {
    guard actual.node.type == expected.node.type else {
        return "a \(actual.node.type), expected a \(expected.node.type)"
    }
    if !actual.dtype.isFloatingPoint {
        let (actuals, expecteds): ([Int], [Int]) = (actual.elements(), expected.elements())
        let wrong = actuals.indices.filter { actuals[$0] != expecteds[$0] }
        guard let worst = wrong.first else { return nil }
        let place = expected.shape.coordinates(of: worst)
        return "\(wrong.count) of \(actuals.count) elements differ, first at \(place): \(actuals[worst]), "
            + "expected \(expecteds[worst])"
    }
    let tolerance = tolerance ?? .rounding(of: expected.dtype)
    let (actuals, expecteds): ([Double], [Double]) = (actual.elements(), expected.elements())
    var (wrongCount, worst, worstExcess) = (0, 0, -1.0)
    for index in actuals.indices {
        let excess = tolerance.excess(actuals[index], expecteds[index])
        if excess > 1 { wrongCount += 1 }
        if excess > worstExcess { (worst, worstExcess) = (index, excess) }
    }
    guard wrongCount > 0 else { return nil }
    let place = expected.shape.coordinates(of: worst)
    return "\(wrongCount) of \(actuals.count) elements are off, the worst at \(place): \(actuals[worst]), "
        + "expected \(expecteds[worst])"
}

extension Tolerance {
    /// The distance in units of what is allowed: over 1 is too far.
    fileprivate func excess(_ actual: Double, _ expected: Double) -> Double {
        if actual == expected || (actual.isNaN && expected.isNaN) { return 0 }
        guard actual.isFinite, expected.isFinite else { return .infinity }
        let allowed = absolute + relative * Swift.abs(expected)
        return allowed == 0 ? .infinity : Swift.abs(actual - expected) / allowed
    }
}

extension Shape {
    /// The position of an element counted in row-major order.
    fileprivate func coordinates(of element: Int) -> [Int] { zip(strides, self).map { element / $0 % $1 } }
}
