import ApusGraph
import Foundation

extension ReferenceTensor {
    /// The sums of the definition, term by term.
    func transformed(_ transform: FourierTransform, as type: TensorType) -> ReferenceTensor {
        let n = transform.length
        let values = floats
        let (inputCount, outputCount) = (
            transform.inputExtents.reduce(1, *), transform.outputExtents.reduce(1, *)
        )
        // exp(2πi j / n)
        let circle = (0..<n).map { (cos(2 * .pi * Double($0) / Double(n)), sin(2 * .pi * Double($0) / Double(n))) }
        let results = (0..<(inputCount == 0 ? 0 : values.count / inputCount)).flatMap { line -> [Double] in
            let x = Array(values[(line * inputCount)..<((line + 1) * inputCount)])
            let numbers = (0..<n).map { transform.number($0, of: x) }
            let isForward = transform.kind == .forward || transform.kind == .realForward
            let result = (0..<n).flatMap { k -> [Double] in
                let sum = (0..<n).reduce((0.0, 0.0)) { sum, j in
                    let (c, s) = circle[j * k % n]
                    let (re, im) = (numbers[j].0, isForward ? numbers[j].1 : -numbers[j].1)
                    return (sum.0 + re * c + im * s, sum.1 + im * c - re * s)
                }
                return transform.kind == .realInverse ? [sum.0] : [sum.0, isForward ? sum.1 : -sum.1]
            }
            return Array(result.prefix(outputCount))
        }
        return ReferenceTensor(type, floats: results)
    }
}

extension FourierTransform {
    /// The complex number `j` of n that a line of the operand means.
    fileprivate func number(_ j: Int, of x: [Double]) -> (Double, Double) {
        switch kind {
        case .forward, .inverse: return (x[2 * j], x[2 * j + 1])
        case .realForward: return (x[j], 0)
        case .realInverse:
            // The second half mirrors the first; what mirrors itself is real.
            let mirrored = (length - j) % length
            if mirrored == j { return (x[2 * j], 0) }
            return j < mirrored ? (x[2 * j], x[2 * j + 1]) : (x[2 * mirrored], -x[2 * mirrored + 1])
        }
    }
}
