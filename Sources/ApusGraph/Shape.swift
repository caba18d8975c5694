/// The extents of a tensor, outermost first. `[]` is a scalar's shape and holds one element.
public struct Shape: Hashable, Sendable {
    /// The extents, outermost first.
    public var dimensions: [Int]

    public init(_ dimensions: [Int]) {
        self.dimensions = dimensions
    }

    /// The number of dimensions.
    public var rank: Int { dimensions.count }

    /// The number of elements: the product of the extents, 1 for a scalar.
    public var elementCount: Int { dimensions.reduce(1, *) }

    /// Element strides of a dense row-major array of this shape.
    public var strides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * dimensions[axis + 1]
        }
        return strides
    }

    /// The shape that two shapes broadcast to, aligned at the last axis, or nil where they cannot
    /// (an axis where the extents differ and neither is 1).
    public func broadcast(with other: Shape) -> Shape? {
        if self == other || other.rank == 0 { return self }
        if self.rank == 0 { return other }
        let rank = Swift.max(self.rank, other.rank)
        var result = [Int](repeating: 1, count: rank)
        for fromEnd in 1..<(rank + 1) {
            let a = fromEnd <= self.rank ? dimensions[self.rank - fromEnd] : 1
            let b = fromEnd <= other.rank ? other.dimensions[other.rank - fromEnd] : 1
            guard a == b || a == 1 || b == 1 else { return nil }
            result[rank - fromEnd] = a == 1 ? b : a
        }
        return Shape(result)
    }

    /// This shape without the given axes.
    public func removing(axes: [Int]) -> Shape {
        Shape(dimensions.indices.filter { !axes.contains($0) }.map { dimensions[$0] })
    }

    /// This shape with extent 1 at the given axes.
    public func keeping(axes: [Int]) -> Shape {
        Shape(dimensions.indices.map { axes.contains($0) ? 1 : dimensions[$0] })
    }
}

extension Shape: RandomAccessCollection, MutableCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { dimensions.count }
    /// The extent of an axis.
    public subscript(axis: Int) -> Int {
        get { dimensions[axis] }
        set { dimensions[axis] = newValue }
    }
}

extension Shape: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: Int...) { self.init(elements) }
}

extension Shape: CustomStringConvertible {
    public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}

extension Shape: Codable {
    public init(from decoder: Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([Int].self))
    }
    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(dimensions)
    }
}

/// What is known of a value before it is computed.
public struct TensorType: Hashable, Sendable {
    /// The extents.
    public var shape: Shape
    /// The type of the elements.
    public var dtype: DType

    public init(_ shape: Shape, _ dtype: DType) {
        self.shape = shape
        self.dtype = dtype
    }

    /// Bytes of a dense array of this type.
    public var byteCount: Int { shape.elementCount * dtype.byteCount }
}

extension TensorType: CustomStringConvertible {
    public var description: String { "\(dtype)\(shape)" }
}
