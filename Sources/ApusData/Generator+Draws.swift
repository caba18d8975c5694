import ApusTensor
import Foundation

/// Draws for shuffling and augmentation. The algorithms are fixed here, not the standard library's, so that a seed's
/// results outlive the next Swift.
extension Generator {
    /// The generator of one item: it depends on nothing but the seed, the epoch and the item's number.
    convenience init(seed: UInt64, epoch: Int, item: Int) {
        let ofEpoch = Generator(seed: seed, stream: UInt64(bitPattern: Int64(epoch)))
        self.init(seed: ofEpoch.next(), stream: UInt64(bitPattern: Int64(item)))
    }

    /// Uniform in [0, 1).
    package func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    package func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * unit()
    }

    /// Uniform in 0 ..< bound: the high half of a 128-bit product (Lemire 2019; its bias, at most bound/2⁶⁴, is let
    /// be).
    package func integer(below bound: Int) -> Int {
        precondition(bound > 0, "integer(below: \(bound)): there is no such number")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// An index, each as likely as its weight; those of weight 0 are never drawn.
    ///
    /// - Parameter total: the sum of the weights, of which one at least is positive.
    package func index(weights: [Double], total: Double) -> Int {
        var rest = unit() * total
        for (index, weight) in weights.enumerated() where weight > 0 {
            rest -= weight
            if rest < 0 { return index }
        }
        // Rounding may leave a little over.
        return weights.lastIndex { $0 > 0 }!
    }

    /// Standard normal (Box and Muller 1958).
    package func normal() -> Double {
        let radius = (-2 * log(1 - unit())).squareRoot()
        return radius * cos(2 * .pi * unit())
    }

    /// 0 ..< count in random order (Fisher and Yates).
    package func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        for i in order.indices.dropFirst().reversed() { order.swapAt(i, integer(below: i + 1)) }
        return order
    }

    /// Gamma(shape, 1) (Marsaglia and Tsang 2000).
    func gamma(_ shape: Double) -> Double {
        if shape < 1 { return gamma(shape + 1) * pow(1 - unit(), 1 / shape) }
        let d = shape - 1 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = pow(1 + c * x, 3)
            if v > 0, log(1 - unit()) < x * x / 2 + d - d * v + d * log(v) { return d * v }
        }
    }

    /// Beta(a, b).
    func beta(_ a: Double, _ b: Double) -> Double {
        let (x, y) = (gamma(a), gamma(b))
        return x + y > 0 ? x / (x + y) : 0.5
    }
}
