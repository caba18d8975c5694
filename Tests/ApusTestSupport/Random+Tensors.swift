import ApusTensor

/// Random shapes and tensors for tests, the same for one seed.
public struct TensorMaker: Sendable {
    public let generator: Generator

    public init(seed: UInt64) { generator = Generator(seed: seed) }

    public func integer(in range: ClosedRange<Int>) -> Int {
        var source = generator
        return Int.random(in: range, using: &source)
    }

    public func choose<Element>(_ elements: [Element]) -> Element { elements[integer(in: 0...(elements.count - 1))] }

    public func chance(_ probability: Double) -> Bool { Double(integer(in: 0...999_999)) < probability * 1e6 }

    /// A shape with odd extents: 1 and 0 now and then, rarely a multiple of a vector's width.
    public func shape(rank: Int? = nil, allowsEmpty: Bool = true, largest: Int = 19) -> Shape {
        let rank = rank ?? integer(in: 0...4)
        return Shape(
            (0..<rank).map { _ in
                switch integer(in: 0...19) {
                case 0: allowsEmpty ? 0 : 1
                case 1...4: 1
                case 5...10: integer(in: 2...3)
                default: integer(in: 2...largest)
                }
            })
    }

    /// Elements on a grid of eighths in `range`: sums, differences and comparisons of them are exact, and ties occur.
    public func eighths(_ shape: Shape, in range: ClosedRange<Double> = -4...4, dtype: DType = .float32) -> Tensor {
        let (low, high) = (Int(range.lowerBound * 8), Int(range.upperBound * 8))
        let values = (0..<shape.elementCount).map { _ in Double(integer(in: low...high)) / 8 }
        return Tensor(values, shape: shape, dtype: .float64).cast(to: dtype)
    }

    /// Evenly distributed elements.
    public func uniform(_ shape: Shape, in range: ClosedRange<Double> = -2...2, dtype: DType = .float32) -> Tensor {
        var source = generator
        let values = (0..<shape.elementCount).map { _ in Double.random(in: range, using: &source) }
        return Tensor(values, shape: shape, dtype: .float64).cast(to: dtype)
    }

    /// Elements no two of which are closer than `gap`: extremes and orders stay what they are when one moves a little.
    public func distinct(_ shape: Shape, gap: Double = 0.1, dtype: DType = .float64) -> Tensor {
        var source = generator
        let values = (0..<shape.elementCount).shuffled(using: &source).map { (Double($0) + 0.5) * gap }
        let middle = Double(shape.elementCount) * gap / 2
        return Tensor(values.map { $0 - middle }, shape: shape, dtype: dtype)
    }

    public func integers(_ shape: Shape, in range: ClosedRange<Int>, dtype: DType = .int64) -> Tensor {
        Tensor((0..<shape.elementCount).map { _ in integer(in: range) }, shape: shape, dtype: dtype)
    }
}
