import ApusGraph

/// A value of the oracle: elements in row-major order, wide enough for every dtype.
///
/// Whatever the elements are computed as, they are rounded or wrapped to what `type.dtype` can hold when the value is
/// made.
public struct ReferenceTensor: Equatable, Sendable {
    /// Elements in row-major order, as the kind of dtype stores them.
    public enum Elements: Equatable, Sendable {
        /// Of the floating-point dtypes.
        case floats([Double])
        /// Of the integer dtypes and `bool`, which is 0 or 1.
        case integers([Int64])
    }

    /// Shape and dtype.
    public let type: TensorType
    /// As many as `shape` has, each one that `dtype` can hold.
    public let elements: Elements

    /// Floats, each rounded to `type.dtype`.
    public init(_ type: TensorType, floats: [Double]) {
        precondition(type.dtype.isFloatingPoint, "\(type) does not hold floats")
        precondition(floats.count == type.shape.elementCount, "\(floats.count) elements for \(type)")
        self.type = type
        elements = .floats(floats.map(type.dtype.rounded))
    }

    /// Integers, each wrapped to `type.dtype`.
    public init(_ type: TensorType, integers: [Int64]) {
        precondition(!type.dtype.isFloatingPoint, "\(type) does not hold integers")
        precondition(integers.count == type.shape.elementCount, "\(integers.count) elements for \(type)")
        self.type = type
        elements = .integers(integers.map(type.dtype.wrapped))
    }

    /// The same elements under another type of as many.
    init(_ type: TensorType, _ elements: Elements) {
        switch elements {
        case .floats(let values): self.init(type, floats: values)
        case .integers(let values): self.init(type, integers: values)
        }
    }

    /// The extents, `type.shape`.
    public var shape: Shape { type.shape }
    /// What the elements are rounded or wrapped to, `type.dtype`.
    public var dtype: DType { type.dtype }

    /// The elements of a floating-point value.
    public var floats: [Double] {
        guard case .floats(let values) = elements else { preconditionFailure("\(type) does not hold floats") }
        return values
    }

    /// The elements of an integer or bool value.
    public var integers: [Int64] {
        guard case .integers(let values) = elements else { preconditionFailure("\(type) does not hold integers") }
        return values
    }

    /// The value whose element `i` is this one's element `sources[i]`.
    func picking(_ sources: [Int], as shape: Shape) -> ReferenceTensor {
        let type = TensorType(shape, dtype)
        switch elements {
        case .floats(let values): return ReferenceTensor(type, floats: sources.map { values[$0] })
        case .integers(let values): return ReferenceTensor(type, integers: sources.map { values[$0] })
        }
    }

    /// This value with element `target` replaced by element `source` of `updates` for each pair, in order.
    func replacing(_ pairs: [(target: Int, source: Int)], from updates: ReferenceTensor) -> ReferenceTensor {
        switch elements {
        case .floats(var values):
            let sources = updates.floats
            for pair in pairs { values[pair.target] = sources[pair.source] }
            return ReferenceTensor(type, floats: values)
        case .integers(var values):
            let sources = updates.integers
            for pair in pairs { values[pair.target] = sources[pair.source] }
            return ReferenceTensor(type, integers: values)
        }
    }

    /// This value with element `source` of `updates` added to element `target` for each pair.
    func adding(_ pairs: [(target: Int, source: Int)], from updates: ReferenceTensor) -> ReferenceTensor {
        switch elements {
        case .floats(var values):
            let sources = updates.floats
            for pair in pairs { values[pair.target] += sources[pair.source] }
            return ReferenceTensor(type, floats: values)
        case .integers(var values):
            let sources = updates.integers
            for pair in pairs { values[pair.target] &+= sources[pair.source] }
            return ReferenceTensor(type, integers: values)
        }
    }
}
