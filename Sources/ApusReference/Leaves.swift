import ApusGraph

extension ReferenceTensor {
    static func zeros(_ type: TensorType) -> ReferenceTensor {
        let count = type.shape.elementCount
        return type.dtype.isFloatingPoint
            ? ReferenceTensor(type, floats: [Double](repeating: 0, count: count))
            : ReferenceTensor(type, integers: [Int64](repeating: 0, count: count))
    }

    /// `result[…, i, …] = i` on `axis`.
    static func iota(_ type: TensorType, axis: Int) -> ReferenceTensor {
        let indices = type.shape.allCoordinates.map { Int64($0[axis]) }
        return ReferenceTensor(TensorType(type.shape, .int64), integers: Array(indices)).cast(to: type.dtype)
    }
}
