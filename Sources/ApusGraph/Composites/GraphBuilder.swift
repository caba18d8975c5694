/// What a composite's definition is written with: something that takes operations one by one.
public protocol GraphBuilder {
    associatedtype Value

    /// The result of an operation on earlier values.
    mutating func emit(_ operation: Operation, _ operands: [Value]) -> Value
    func type(_ value: Value) -> TensorType
}

extension ProgramBuilder: GraphBuilder {}

/// Definitions as nodes of the graph, for gradients of what has a kernel.
public struct NodeBuilder: GraphBuilder {
    public init() {}

    public func emit(_ operation: Operation, _ operands: [Node]) -> Node { Node.make(operation, operands) }
    public func type(_ value: Node) -> TensorType { value.type }
}

extension GraphBuilder {
    mutating func add(_ a: Value, _ b: Value) -> Value { emit(.binary(.add), [a, b]) }
    mutating func subtract(_ a: Value, _ b: Value) -> Value { emit(.binary(.subtract), [a, b]) }
    mutating func multiply(_ a: Value, _ b: Value) -> Value { emit(.binary(.multiply), [a, b]) }

    /// `range` of an axis.
    mutating func slice(_ x: Value, axis: Int, _ range: Range<Int>) -> Value {
        var ranges = type(x).shape.map { SliceRange(start: 0, count: $0) }
        ranges[axis] = SliceRange(start: range.lowerBound, count: range.count)
        return emit(.slice(ranges), [x])
    }

    /// One position of the first axis, which goes.
    mutating func element(_ x: Value, _ position: Int) -> Value {
        let rest = Shape(Array(type(x).shape.dropFirst()))
        return emit(.reshape(rest), [slice(x, axis: 0, position..<(position + 1))])
    }
}

extension Operation {
    /// What a composite is in simpler operations, for a backend that has no kernel for it; nil for any other operation.
    public func definition<Builder: GraphBuilder>(
        on operands: [Builder.Value], in builder: inout Builder
    ) -> Builder.Value? {
        switch self {
        case .recurrence(let unit): return unit.unrolled(operands, in: &builder)
        case .recurrenceGradient(let unit): return unit.unrolledGradient(operands, in: &builder)
        default: return nil
        }
    }
}
