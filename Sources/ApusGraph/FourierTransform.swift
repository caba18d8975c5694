/// A discrete Fourier transform along one axis, without a factor in front: `Y[k] = Σ_j x[j] exp(∓2πi jk / n)`.
///
/// A complex number is two elements along the last axis, its real and its imaginary part.
public struct FourierTransform: Hashable, Sendable {
    /// What is transformed into what.
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// `(…, n, 2) → (…, n, 2)`, the exponent negative.
        case forward
        /// `(…, n, 2) → (…, n, 2)`, the exponent positive.
        case inverse
        /// `(…, n) → (…, n/2 + 1, 2)`: the forward transform of reals; the other half are conjugates.
        case realForward
        /// `(…, n/2 + 1, 2) → (…, n)`: the inverse transform of what `realForward` gives. The imaginary parts of the
        /// first number, and for even n of the last, are not read.
        case realInverse
    }

    public var kind: Kind
    /// n: at least 1.
    public var length: Int

    public init(_ kind: Kind, length: Int) { (self.kind, self.length) = (kind, length) }

    /// The last axes of the operand.
    public var inputExtents: [Int] {
        switch kind {
        case .forward, .inverse: [length, 2]
        case .realForward: [length]
        case .realInverse: [length / 2 + 1, 2]
        }
    }

    /// The last axes of the result.
    public var outputExtents: [Int] {
        switch kind {
        case .forward, .inverse: [length, 2]
        case .realForward: [length / 2 + 1, 2]
        case .realInverse: [length]
        }
    }
}
