/// The type of a tensor's elements, carried as a value.
///
/// Storage is little-endian and dense. `bool` takes one byte that is 0 or 1.
public enum DType: UInt8, Hashable, Sendable, CaseIterable, Codable {
    case float32, bfloat16, float16, float64, int32, int64, uint8, bool

    /// Bytes per element.
    public var byteCount: Int {
        switch self {
        case .uint8, .bool: 1
        case .bfloat16, .float16: 2
        case .float32, .int32: 4
        case .float64, .int64: 8
        }
    }

    /// float32, bfloat16, float16 and float64.
    public var isFloatingPoint: Bool {
        switch self {
        case .float32, .bfloat16, .float16, .float64: true
        case .int32, .int64, .uint8, .bool: false
        }
    }

    /// Integers proper: `bool` is none.
    public var isInteger: Bool { !isFloatingPoint && self != .bool }

    /// The dtype that arithmetic on this one is done in: `float32` for the two 16-bit floats.
    package var ofArithmetic: DType { self == .bfloat16 || self == .float16 ? .float32 : self }

    /// The dtype that an operation on two operands computes in (PyTorch's promotion lattice):
    /// the wider of two of a kind, any float over any integer, `float32` for the two 16-bit floats.
    public func promoted(with other: DType) -> DType {
        if self == other { return self }
        switch (isFloatingPoint, other.isFloatingPoint) {
        case (true, false): return self
        case (false, true): return other
        case (true, true):
            if self == .float64 || other == .float64 { return .float64 }
            return .float32  // f32 with a 16-bit float, or bfloat16 with float16
        case (false, false):
            let order: [DType] = [.bool, .uint8, .int32, .int64]
            return order[max(order.firstIndex(of: self)!, order.firstIndex(of: other)!)]
        }
    }
}

extension DType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .float32: "float32"
        case .bfloat16: "bfloat16"
        case .float16: "float16"
        case .float64: "float64"
        case .int32: "int32"
        case .int64: "int64"
        case .uint8: "uint8"
        case .bool: "bool"
        }
    }
}

extension DType {
    /// The least number of an integer dtype, or 0 for bool.
    package var least: Double {
        switch self {
        case .int32: Double(Int32.min)
        case .int64: Double(Int.min)
        default: 0
        }
    }

    /// The greatest number of an integer dtype that a double has, or 1 for bool.
    package var greatest: Double {
        switch self {
        case .int32: Double(Int32.max)
        case .int64: Double(Int.max)
        case .uint8: 255
        default: 1
        }
    }
}
