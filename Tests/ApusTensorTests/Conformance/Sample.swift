import ApusTensor
import ApusTestSupport

/// An operation with operands to try it on.
struct Sample {
    let operation: Operation
    let operands: [Tensor]
    /// How many roundings its result may be off.
    var slack = 1.0

    init(_ operation: Operation, _ operands: Tensor..., slack: Double = 1) {
        self.operation = operation
        self.operands = operands
        self.slack = slack
    }

    init(_ operation: Operation, _ operands: [Tensor], slack: Double = 1) {
        self.operation = operation
        self.operands = operands
        self.slack = slack
    }

    /// Whether the operation takes operands of these dtypes.
    var isDefined: Bool { (try? operation.resultType(operands.map(\.node.type))) != nil }
}

/// How large samples are.
enum SampleSize: String, CaseIterable, Sendable {
    /// Odd shapes, empty and 0-d ones among them.
    case small
    /// Over 100,000 elements, so that work is split over threads and tiles.
    case large
}

/// Makes samples of one size and dtype.
struct SampleMaker {
    let maker: TensorMaker
    let dtype: DType
    let size: SampleSize

    func shape(rank: Int? = nil, nonEmpty: Bool = false) -> Shape {
        switch size {
        case .small: return maker.shape(rank: rank, allowsEmpty: !nonEmpty)
        case .large:
            let extents = [
                maker.choose([3, 7]), maker.choose([53, 61]), maker.choose([1, 2, 5]), maker.choose([701, 1031]),
            ]
            let rank = rank ?? maker.integer(in: 1...4)
            // The wanted number of axes, the surplus ones merged into the first.
            let surplus = max(0, extents.count - rank + 1)
            return Shape([extents.prefix(surplus).reduce(1, *)] + extents.dropFirst(surplus)).prefixed(to: rank)
        }
    }

    /// A shape that is no scalar's, and one of its axes.
    func shapeAndAxis(nonEmpty: Bool = false) -> (Shape, Int) {
        let shape = shape(rank: maker.integer(in: 1...4), nonEmpty: nonEmpty)
        return (shape, maker.integer(in: 0...(shape.rank - 1)))
    }

    func tensor(_ shape: Shape) -> Tensor { tensor(shape, dtype) }

    /// Small numbers that every float dtype holds, with repeats.
    func tensor(_ shape: Shape, _ dtype: DType) -> Tensor {
        switch dtype {
        case .bool: maker.integers(shape, in: 0...1).cast(to: .bool)
        case .uint8: maker.integers(shape, in: 0...20, dtype: .uint8)
        case .int32, .int64: maker.integers(shape, in: -9...9).cast(to: dtype)
        case .float32, .float64, .float16, .bfloat16: maker.eighths(shape, dtype: dtype)
        }
    }

    /// The same with NaN and infinities among them.
    func wild(_ shape: Shape) -> Tensor {
        let x = tensor(shape)
        guard dtype.isFloatingPoint, maker.chance(0.5) else { return x }
        let special = maker.choose([Double.nan, .infinity, -.infinity, -0.0])
        return `where`(maker.integers(shape, in: 0...9) .== 0, special, x)
    }

    /// Numbers whose products stay near 1.
    func nearOne(_ shape: Shape) -> Tensor {
        dtype.isFloatingPoint ? maker.eighths(shape, in: 0.75...1.25, dtype: dtype) : tensor(shape)
    }

    func indices(_ shape: Shape, below extent: Int) -> Tensor {
        extent == 0 ? Tensor.zeros(shape, dtype: .int64) : maker.integers(shape, in: 0...(extent - 1))
    }

    func axes(of shape: Shape) -> [Int] { shape.indices.filter { _ in maker.chance(0.5) } }
}

extension Shape {
    /// With extents of 1 in front until there are `rank` of them.
    fileprivate func prefixed(to rank: Int) -> Shape {
        Shape([Int](repeating: 1, count: Swift.max(0, rank - self.rank)) + dimensions)
    }
}
