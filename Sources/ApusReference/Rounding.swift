import ApusGraph

/// The upper half of a `float32`: 8 bits of exponent, 7 of fraction.
enum BFloat16 {
    static func value(_ bits: UInt16) -> Double { Double(Float(bitPattern: UInt32(bits) << 16)) }

    /// The nearest bfloat16, the even one of two. NaN stays NaN.
    static func bits(_ value: Double) -> UInt16 {
        if value.isNaN { return 0x7FC0 }
        let bits = roundedToOdd(value).bitPattern
        let lowestKept = (bits >> 16) & 1
        return UInt16((bits + 0x7FFF + lowestKept) >> 16)
    }

    /// Toward zero, with the last bit set where something was lost: rounding that again is as good as rounding once.
    private static func roundedToOdd(_ value: Double) -> Float {
        let nearest = Float(value)
        if Double(nearest) == value { return nearest }
        let outward = Double(nearest.magnitude) > value.magnitude
        return Float(bitPattern: (outward ? nearest.bitPattern - 1 : nearest.bitPattern) | 1)
    }
}

extension DType {
    /// The nearest value that this floating-point dtype has, the even one of two.
    func rounded(_ value: Double) -> Double {
        switch self {
        case .float64: value
        case .float32: Double(Float(value))
        case .float16: Double(Float16(value))
        case .bfloat16: BFloat16.value(BFloat16.bits(value))
        case .int32, .int64, .uint8, .bool: preconditionFailure("\(self) holds no floats")
        }
    }

    /// The integer modulo the dtype's range; for bool, whether it is not 0.
    func wrapped(_ value: Int64) -> Int64 {
        switch self {
        case .int64: value
        case .int32: Int64(Int32(truncatingIfNeeded: value))
        case .uint8: Int64(UInt8(truncatingIfNeeded: value))
        case .bool: value == 0 ? 0 : 1
        case .float32, .float64, .float16, .bfloat16: preconditionFailure("\(self) holds no integers")
        }
    }

    /// The least and the greatest value of an integer dtype or bool.
    var integerBounds: ClosedRange<Int64> {
        switch self {
        case .int64: Int64.min...Int64.max
        case .int32: Int64(Int32.min)...Int64(Int32.max)
        case .uint8: 0...255
        case .bool: 0...1
        case .float32, .float64, .float16, .bfloat16: preconditionFailure("\(self) holds no integers")
        }
    }

    /// A float without its fraction; out of range gives the nearest bound and NaN gives 0. To bool: whether it is not
    /// 0.
    func integer(from value: Double) -> Int64 {
        if self == .bool { return value == 0 ? 0 : 1 }
        if value.isNaN { return 0 }
        let bounds = integerBounds
        // The bounds as Double: the upper one of int64 is rounded up to 2⁶³, hence ≥.
        if value >= Double(bounds.upperBound) { return bounds.upperBound }
        if value <= Double(bounds.lowerBound) { return bounds.lowerBound }
        return Int64(value)
    }

    /// The nearest float of this dtype, rounded once.
    func float(from value: Int64) -> Double {
        switch self {
        case .float32: Double(Float(value))
        case .float16: Double(Float16(value))
        default: rounded(Double(value))
        }
    }
}
