import ApusGraph

/// How a file stores one element.
package enum StoredElement: Hashable, Sendable {
    case float16, bfloat16, float32, float64
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case bool

    package init(_ dtype: DType) {
        switch dtype {
        case .float32: self = .float32
        case .bfloat16: self = .bfloat16
        case .float16: self = .float16
        case .float64: self = .float64
        case .int32: self = .int32
        case .int64: self = .int64
        case .uint8: self = .uint8
        case .bool: self = .bool
        }
    }

    package var byteCount: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// The dtype it is read as: its own, else the narrowest that holds its values. For `uint64` there is none, and
    /// int64 serves as long as the values fit.
    package var dtype: DType {
        switch self {
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .float32: .float32
        case .float64: .float64
        case .int8, .int16, .int32, .uint16: .int32
        case .int64, .uint32, .uint64: .int64
        case .uint8: .uint8
        case .bool: .bool
        }
    }

    /// Whether the bytes are already as the dtype has them.
    var isNative: Bool { self == StoredElement(dtype) }
}

package enum ByteOrder: Sendable {
    case littleEndian, bigEndian
}

extension Shape {
    /// The greatest rank that files may ask for, which is NumPy's.
    static let maximumStoredRank = 64

    /// The bytes that elements of `bitCount` bits take, rounded up; nil if the rank or the size is beyond all sense.
    ///
    /// The check leaves room for eight bytes an element and takes extents of 0 as 1, so that no later product of extents,
    /// in strides or after widening, can overflow.
    package func storedByteCount(bitsPerElement bitCount: Int) -> Int? {
        guard rank <= Self.maximumStoredRank else { return nil }
        var bound = 64
        for extent in dimensions {
            let (product, overflowed) = bound.multipliedReportingOverflow(by: Swift.max(extent, 1))
            guard extent >= 0, !overflowed else { return nil }
            bound = product
        }
        return (elementCount * bitCount + 7) / 8
    }
}
