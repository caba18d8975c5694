import ApusNN

extension OperatorTable {
    /// Operators on each element: arithmetic, comparison, logic, casts.
    mutating func addElementwise() {
        addFunctions()
        addArithmetic()
        addComparisons()
        addLogic()
        addCasts()
    }

    private mutating func addFunctions() {
        addUnary("Abs") { abs($0) }
        addUnary("Acos") { acos($0) }
        addUnary("Acosh") { acosh($0) }
        addUnary("Asin") { asin($0) }
        addUnary("Asinh") { asinh($0) }
        addUnary("Atan") { atan($0) }
        addUnary("Atanh") { atanh($0) }
        addUnary("Ceil") { ceil($0) }
        addUnary("Cos") { cos($0) }
        addUnary("Cosh") { cosh($0) }
        addUnary("Erf") { erf($0) }
        addUnary("Exp") { exp($0) }
        addUnary("Floor") { floor($0) }
        addUnary("Log") { log($0) }
        addUnary("Neg") { -$0 }
        addUnary("Reciprocal") { reciprocal($0) }
        addUnary("Round") { round($0) }
        addUnary("Sign") { sign($0) }
        addUnary("Sin") { sin($0) }
        addUnary("Sinh") { sinh($0) }
        addUnary("Sqrt") { sqrt($0) }
        addUnary("Tan") { tan($0) }
        addUnary("Tanh") { tanh($0) }
        addUnary("IsNaN") { isNaN($0) }
        addTensor("IsInf") { call in
            let x = try call.tensor(0)
            let positive = try call.flag("detect_positive", default: true)
            let negative = try call.flag("detect_negative", default: true)
            switch (positive, negative) {
            case (true, true): return isInfinite(x)
            case (true, false): return isInfinite(x) .& (x .> 0)
            case (false, true): return isInfinite(x) .& (x .< 0)
            case (false, false): return .zeros(x.shape, dtype: .bool)
            }
        }
        add("Identity") { [try $0.value(0)] }
        addTensor("Clip", clip)
    }

    // MARK: Arithmetic

    private mutating func addArithmetic() {
        addBinary("Add") { $0 + $1 }
        addBinary("Sub") { $0 - $1 }
        addBinary("Mul") { $0 * $1 }
        addBinary("Div") { binary(.divide, $0, $1) }
        addTensor("Pow") { call in
            // The result has the base's dtype, whatever the exponent's is.
            let (base, exponent) = (try call.tensor(0), try call.tensor(1))
            guard !base.dtype.isFloatingPoint, exponent.dtype.isFloatingPoint else {
                return pow(base, exponent).cast(to: base.dtype)
            }
            // A whole power that comes out a rounding below would lose one.
            let power = pow(base.cast(to: .float64), exponent.cast(to: .float64))
            return (power * (1 + 1e-12)).cast(to: base.dtype)
        }
        addTensor("Mod") { call in
            let (a, b) = (try call.tensor(0), try call.tensor(1))
            // C's fmod has the dividend's sign, Python's % the divisor's.
            return try call.flag("fmod") ? sign(a) * binary(.remainder, abs(a), abs(b)) : a % b
        }
        addFold("Sum") { $0 + $1 }
        addFold("Max") { maximum($0, $1) }
        addFold("Min") { minimum($0, $1) }
        addTensor("Mean") { call in
            let terms = try call.tensors()
            guard let first = terms.first else { throw call.failure("no inputs") }
            return terms.dropFirst().reduce(first, +) / Double(terms.count)
        }
    }

    private mutating func addFold(_ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) {
        addTensor(name) { call in
            let terms = try call.tensors()
            guard let first = terms.first else { throw call.failure("no inputs") }
            return terms.dropFirst().reduce(first, function)
        }
    }

    // MARK: Comparison and logic

    private mutating func addComparisons() {
        addBinary("Equal") { $0 .== $1 }
        addBinary("Greater") { $0 .> $1 }
        addBinary("GreaterOrEqual") { $0 .>= $1 }
        addBinary("Less") { $0 .< $1 }
        addBinary("LessOrEqual") { $0 .<= $1 }
        add("Where") { call in
            let condition = try call.tensor(0)
            return [.tensor(`where`(condition, try call.tensor(1), try call.tensor(2)))]
        }
    }

    private mutating func addLogic() {
        for name in ["And", "BitwiseAnd"] { addBinary(name) { $0 .& $1 } }
        for name in ["Or", "BitwiseOr"] { addBinary(name) { $0 .| $1 } }
        for name in ["Xor", "BitwiseXor"] { addBinary(name) { $0 .^ $1 } }
        addUnary("Not") { unary(.not, $0) }
        addTensor("BitwiseNot") { try wrapped(unary(.not, $0.tensor(0)), into: $0.elementType(0)) }
        addTensor("BitShift") { call in
            let (x, amount) = (try call.tensor(0), try call.tensor(1))
            guard try call.string("direction", default: "") == "LEFT" else { return x >> amount }
            return try wrapped(x << amount, into: call.elementType(0))
        }
    }

    // MARK: Casts

    private mutating func addCasts() {
        add("Cast") { call in
            guard let type = try call.elementType(named: "to") else {
                throw call.failure("the attribute to is missing")
            }
            return [try cast(call.value(0), to: type, call)]
        }
        add("CastLike") { call in
            if case .strings = try call.value(1) { return [try cast(call.value(0), to: .string, call)] }
            return [try cast(call.value(0), to: call.elementType(1), call)]
        }
    }
}

/// `x` limited to [min, max]: attributes before version 11, inputs since.
private func clip(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    guard call.version >= 11 else { return x.clamped(try call.float("min"), try call.float("max")) }
    var result = x
    if let low = try call.optional(1) { result = maximum(result, low) }
    if let high = try call.optional(2) { result = minimum(result, high) }
    return result
}

/// A pointwise operation of the graph on operands that broadcast and promote.
func binary(_ operation: BinaryOperation, _ a: Tensor, _ b: Tensor) -> Tensor {
    let dtype = a.dtype.promoted(with: b.dtype)
    guard let shape = a.shape.broadcast(with: b.shape) else {
        reportTensorError(TensorError("\(operation): \(a.shape) with \(b.shape): extents must be equal or 1"))
        return a
    }
    let operands = [a, b].map { $0.cast(to: dtype).broadcast(to: shape).node }
    return Tensor(Node.make(.binary(operation), operands))
}

/// A pointwise operation of the graph.
func unary(_ operation: UnaryOperation, _ x: Tensor) -> Tensor { Tensor(Node.make(.unary(operation), [x.node])) }

/// Integers as a narrower type holds them: the low bits, with its sign.
func wrapped(_ x: Tensor, into type: ONNXElementType) -> Tensor {
    switch type {
    case .int8, .int16:
        let bits = type == .int8 ? 24 : 16
        return (x.cast(to: .int32) << Tensor(bits, dtype: .int32)) >> Tensor(bits, dtype: .int32)
    case .uint16: return x.cast(to: .int32) .& Tensor(0xFFFF, dtype: .int32)
    case .uint32: return x.cast(to: .int64) .& Tensor(0xFFFF_FFFF)
    default: return x
    }
}

private func cast(_ value: ONNXValue, to type: ONNXElementType, _ call: OperatorCall) throws -> ONNXValue {
    switch (value, type) {
    case (.strings, .string): return value
    case (.strings(let strings), _): return .tensor(try parsed(strings, as: type, call))
    case (.tensor(let tensor), .string): return .strings(printed(tensor))
    case (.tensor(let tensor), _):
        guard let dtype = type.dtype else { throw call.unsupported("elements of type \(type)") }
        let converted = tensor.cast(to: dtype)
        return .tensor(tensor.dtype == .bool ? converted : wrapped(converted, into: type))
    case (.sequence, _), (.absent, _): throw call.failure("input 0 is no tensor")
    }
}

/// Numbers as they are written in Swift and C: `-1.5e3`, `NaN`, `INF`.
private func parsed(_ strings: StringTensor, as type: ONNXElementType, _ call: OperatorCall) throws -> Tensor {
    guard let dtype = type.dtype else { throw call.unsupported("elements of type \(type)") }
    let numbers = try strings.elements.map { text in
        guard let number = Double(text) ?? Double(text.lowercased()) else {
            throw call.failure("\"\(text)\" is no number")
        }
        return number
    }
    return Tensor(numbers, shape: strings.shape, dtype: .float64).cast(to: dtype)
}

/// Numbers with as few digits as tell them apart, written as NumPy does.
private func printed(_ x: Tensor) -> StringTensor {
    let texts: [String] =
        switch x.dtype {
        case .bool: x.elements(as: Bool.self).map { $0 ? "1" : "0" }
        case .float64: x.elements(as: Double.self).map { printed("\($0)") }
        case .float32, .bfloat16, .float16: x.elements(as: Float.self).map { printed("\($0)") }
        case .int32, .int64, .uint8: x.elements(as: Int.self).map(String.init)
        }
    return StringTensor(texts, shape: x.shape)
}

private func printed(_ number: String) -> String {
    switch number {
    case "nan": return "NaN"
    case "inf": return "INF"
    case "-inf": return "-INF"
    default: return number
    }
}
