extension Tensor {
    // MARK: From Swift values

    /// A tensor of shape `[]`. Floats become float32 and integers int64 unless `dtype` says otherwise.
    public init(_ value: some TensorScalar, dtype: DType? = nil) {
        let natural: DType =
            switch value.scalar {
            case .float: .float32
            case .integer: .int64
            case .bool: .bool
            }
        self.init(scalar: value.scalar, dtype: dtype ?? natural)
    }

    /// A scalar of a given dtype.
    init(scalar: Scalar, dtype: DType) {
        let buffer = Buffer(byteCount: dtype.byteCount)
        let double: Double =
            switch scalar {
            case .float(let value): value
            case .integer(let value): Double(value)
            case .bool(let value): value ? 1 : 0
            }
        let integer: Int =
            switch scalar {
            case .float(let value): Int(exactly: value.rounded(.towardZero)) ?? 0
            case .integer(let value): value
            case .bool(let value): value ? 1 : 0
            }
        let p = buffer.pointer
        switch dtype {
        case .float32: p.storeBytes(of: Float(double), as: Float.self)
        case .float64: p.storeBytes(of: double, as: Double.self)
        case .bfloat16: p.storeBytes(of: BFloat16.bits(Float(double)), as: UInt16.self)
        case .float16: p.storeBytes(of: Float16(double).bitPattern, as: UInt16.self)
        case .int32: p.storeBytes(of: Int32(truncatingIfNeeded: integer), as: Int32.self)
        case .int64: p.storeBytes(of: Int64(integer), as: Int64.self)
        case .uint8: p.storeBytes(of: UInt8(truncatingIfNeeded: integer), as: UInt8.self)
        case .bool: p.storeBytes(of: double != 0 ? 1 : 0, as: UInt8.self)
        }
        self.init(Node(buffer, type: TensorType([], dtype)))
    }

    /// Elements in row-major order. `Double`s become float32 unless `dtype` says otherwise; other types keep their own.
    public init<Element: TensorScalar>(_ elements: [Element], shape: Shape, dtype: DType? = nil) {
        guard elements.count == shape.elementCount else {
            let error = TensorError(
                "Tensor: \(elements.count) elements for shape \(shape), which holds \(shape.elementCount)")
            self.init(Node.invalid(error, like: TensorType(shape, Element.dtype)))
            return
        }
        let value = Tensor(Node(Buffer(copying: elements), type: TensorType(shape, Element.dtype)))
        self = value.cast(to: dtype ?? (Element.dtype == .float64 ? .float32 : Element.dtype))
    }

    /// A vector.
    public init<Element: TensorScalar>(_ elements: [Element], dtype: DType? = nil) {
        self.init(elements, shape: [elements.count], dtype: dtype)
    }

    /// A matrix from its rows, which must be equally long.
    public init<Element: TensorScalar>(_ rows: [[Element]], dtype: DType? = nil) {
        let width = rows.first?.count ?? 0
        precondition(rows.allSatisfy { $0.count == width }, "Tensor: rows of different lengths \(rows.map(\.count))")
        self.init(rows.flatMap { $0 }, shape: [rows.count, width], dtype: dtype)
    }

    // MARK: Filled

    /// One value everywhere.
    public static func full(_ shape: Shape, _ value: some TensorScalar, dtype: DType? = nil) -> Tensor {
        Tensor(value, dtype: dtype).broadcast(to: shape)
    }

    /// Zeros.
    public static func zeros(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 0, dtype: dtype) }

    /// Ones.
    public static func ones(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 1, dtype: dtype) }

    /// One value everywhere, in the shape and dtype of `x`.
    public static func full(like x: Tensor, _ value: some TensorScalar) -> Tensor {
        full(x.shape, value, dtype: x.dtype)
    }

    /// Zeros of the shape and dtype of `x`.
    public static func zeros(like x: Tensor) -> Tensor { zeros(x.shape, dtype: x.dtype) }

    /// Ones of the shape and dtype of `x`.
    public static func ones(like x: Tensor) -> Tensor { ones(x.shape, dtype: x.dtype) }

    /// The n×m matrix with ones on the diagonal.
    public static func identity(_ n: Int, _ m: Int? = nil, dtype: DType = .float32) -> Tensor {
        let shape: Shape = [n, m ?? n]
        return (iota(shape, axis: 0) .== iota(shape, axis: 1)).cast(to: dtype)
    }

    // MARK: Ranges

    /// Indices 0, 1, 2 … along `axis`.
    public static func iota(_ shape: Shape, axis: Int, dtype: DType = .int64) -> Tensor {
        Tensor(Node.make(.iota(shape, axis: axis, dtype), []))
    }

    /// `start, start + step, …` below `end` (above it for a negative step).
    public static func range(_ start: Int, _ end: Int, step: Int = 1, dtype: DType = .int64) -> Tensor {
        precondition(step != 0, "range: step 0")
        let count = Swift.max(0, (end - start + step - step.signum()) / step)
        return (iota([count], axis: 0) * step + start).cast(to: dtype)
    }

    /// 0 ..< end.
    public static func range(_ end: Int, dtype: DType = .int64) -> Tensor { range(0, end, dtype: dtype) }

    /// `start + i · step` for all i that stay below `end` (above it for a negative step): `⌈(end − start) / step⌉` numbers.
    public static func range(_ start: Double, _ end: Double, step: Double, dtype: DType = .float32) -> Tensor {
        precondition(((end - start) / step).isFinite, "range: from \(start) to \(end) by \(step)")
        let count = Swift.max(0, Int(((end - start) / step).rounded(.up)))
        return (iota([count], axis: 0, dtype: .float64) * step + start).cast(to: dtype)
    }

    /// `count` numbers from `baseˢᵗᵃʳᵗ` to `baseᵉⁿᵈ`, their logarithms evenly spaced.
    public static func logspace(
        _ start: Double, _ end: Double, count: Int, base: Double = 10, dtype: DType = .float32
    ) -> Tensor {
        let exponents = linspace(start, end, count: count, dtype: .float64)
        return pow(Tensor(base, dtype: .float64), exponents).cast(to: dtype)
    }

    /// `count` numbers evenly spaced from `start` to `end`, both included.
    public static func linspace(_ start: Double, _ end: Double, count: Int, dtype: DType = .float32) -> Tensor {
        precondition(count >= 0, "linspace: count \(count)")
        guard count > 1 else { return full([count], start, dtype: dtype) }
        let steps = iota([count], axis: 0, dtype: .float64)
        return (steps * ((end - start) / Double(count - 1)) + start).cast(to: dtype)
    }
}

/// Conversions to the upper half of a float32.
public enum BFloat16 {
    /// The nearest bfloat16, ties to even.
    public static func bits(_ value: Float) -> UInt16 {
        guard !value.isNaN else { return 0x7FC0 }
        let bits = value.bitPattern
        return UInt16((bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }

    /// The number that a bfloat16's bits mean.
    public static func value(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}
