import ApusTensor
import Testing

/// Compares the gradients of `Σ weights · f(inputs)` with central differences, element by element, in float64.
///
/// - Parameters:
///   - inputs: where to differentiate; cast to float64. Keep away from kinks: the step is about 1e-5.
///   - f: may give a tensor of any shape; fixed weights make it a scalar, so that every element's share is told apart.
public func checkGradients(
    at inputs: [Tensor], tolerance: Tolerance = Tolerance(relative: 1e-5, absolute: 1e-6),
    _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ f: ([Tensor]) -> Tensor
) {
    let inputs = inputs.map { $0.cast(to: .float64) }
    let gradients = valueAndGradients(at: inputs) { weightedSum(f($0)) }.gradients
    let comment = comment()
    for (number, input) in inputs.enumerated() {
        let expected = centralDifferences(at: input) { changed in
            var arguments = inputs
            arguments[number] = changed
            return weightedSum(f(arguments))
        }
        expectClose(
            gradients[number], expected, tolerance, "\(comment) gradient by input \(number)",
            sourceLocation: sourceLocation)
    }
}

/// The same for the gradients of the gradients: checks first order, then the gradient function itself.
public func checkSecondGradients(
    at inputs: [Tensor], tolerance: Tolerance = Tolerance(relative: 1e-4, absolute: 1e-5),
    _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ f: ([Tensor]) -> Tensor
) {
    let comment = comment()
    checkGradients(at: inputs, comment, sourceLocation: sourceLocation, f)
    for number in inputs.indices {
        checkGradients(at: inputs, tolerance: tolerance, "\(comment) second", sourceLocation: sourceLocation) {
            valueAndGradients(at: $0) { weightedSum(f($0)) }.gradients[number]
        }
    }
}

/// `Σ wᵢ yᵢ` with weights between −1 and 1 that differ from element to element and are the same every time.
public func weightedSum(_ y: Tensor) -> Tensor { (y * cotangent(like: y)).sum() }

/// `((37 i + 11) mod 17) / 8 − 1` at element i, exact in every float dtype.
public func cotangent(like y: Tensor) -> Tensor {
    let values = (0..<y.elementCount).map { Double(($0 * 37 + 11) % 17) / 8 - 1 }
    return Tensor(values, shape: y.shape, dtype: y.dtype)
}

/// `(f(x + h) − f(x − h)) / 2h` for each element of `x`.
private func centralDifferences(at x: Tensor, _ f: (Tensor) -> Tensor) -> Tensor {
    let elements: [Double] = x.elements()
    let differences = elements.indices.map { index -> Double in
        let step = 6e-6 * Swift.max(1, Swift.abs(elements[index]))
        func value(_ offset: Double) -> Double {
            var changed = elements
            changed[index] += offset
            return f(Tensor(changed, shape: x.shape, dtype: .float64)).item()
        }
        return (value(step) - value(-step)) / (2 * step)
    }
    return Tensor(differences, shape: x.shape, dtype: .float64)
}
