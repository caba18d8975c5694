import ApusIO
import ApusNN

/// The type of a tensor's elements in a file. Raw values are the format's.
public enum ONNXElementType: Int32, Hashable, Sendable, CaseIterable {
    case float32 = 1, uint8, int8, uint16, int16, int32, int64, string, bool, float16, float64, uint32, uint64
    case complex64, complex128, bfloat16

    /// How the elements are stored in bytes; nil for strings and complex numbers.
    var stored: StoredElement? {
        switch self {
        case .float32: .float32
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .bool: .bool
        case .float16: .float16
        case .float64: .float64
        case .uint32: .uint32
        case .uint64: .uint64
        case .bfloat16: .bfloat16
        case .string, .complex64, .complex128: nil
        }
    }

    /// The dtype that its elements have here: the same, or the narrowest that holds them; nil for strings and complex numbers.
    public var dtype: DType? { stored?.dtype }

    /// The element type of tensors of a dtype.
    package init(_ dtype: DType) {
        let stored = StoredElement(dtype)
        self = Self.allCases.first { $0.stored == stored }!
    }

    /// The values that an integer type holds, as far as int64 does; nil for other types.
    var integerRange: ClosedRange<Int>? {
        switch self {
        case .int8: -128...127
        case .uint8: 0...255
        case .int16: -32768...32767
        case .uint16: 0...65535
        case .int32: Int(Int32.min)...Int(Int32.max)
        case .uint32: 0...Int(UInt32.max)
        case .int64: Int.min...Int.max
        case .uint64: 0...Int.max
        default: nil
        }
    }
}

extension ONNXElementType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .float32: "float32"
        case .uint8: "uint8"
        case .int8: "int8"
        case .uint16: "uint16"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .string: "string"
        case .bool: "bool"
        case .float16: "float16"
        case .float64: "float64"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .complex64: "complex64"
        case .complex128: "complex128"
        case .bfloat16: "bfloat16"
        }
    }
}
