import ApusGraph

extension ReferenceTensor {
    /// The value that a buffer holds.
    public init(_ buffer: Buffer, type: TensorType) {
        let count = type.shape.elementCount
        func stored<Element>(_: Element.Type) -> [Element] { Array(buffer.elements(as: Element.self).prefix(count)) }
        switch type.dtype {
        case .float32: self.init(type, floats: stored(Float.self).map(Double.init))
        case .float64: self.init(type, floats: stored(Double.self))
        case .float16: self.init(type, floats: stored(Float16.self).map(Double.init))
        case .bfloat16: self.init(type, floats: stored(UInt16.self).map(BFloat16.value))
        case .int32: self.init(type, integers: stored(Int32.self).map(Int64.init))
        case .int64: self.init(type, integers: stored(Int64.self))
        case .uint8, .bool: self.init(type, integers: stored(UInt8.self).map(Int64.init))
        }
    }

    /// The elements as their dtype stores them.
    public var buffer: Buffer {
        switch type.dtype {
        case .float32: Buffer(copying: floats.map { Float($0) })
        case .float64: Buffer(copying: floats)
        case .float16: Buffer(copying: floats.map { Float16($0) })
        case .bfloat16: Buffer(copying: floats.map(BFloat16.bits))
        case .int32: Buffer(copying: integers.map { Int32(truncatingIfNeeded: $0) })
        case .int64: Buffer(copying: integers)
        case .uint8, .bool: Buffer(copying: integers.map { UInt8(truncatingIfNeeded: $0) })
        }
    }
}
