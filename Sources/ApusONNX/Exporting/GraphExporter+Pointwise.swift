import ApusNN

// Operations on each element.

extension GraphExporter {
    /// Functions that ONNX has under names of its own, for every floating dtype but perhaps bfloat16.
    private static let functions: [UnaryOperation: String] = [
        .negate: "Neg", .absolute: "Abs", .sign: "Sign", .exp: "Exp", .log: "Log", .sqrt: "Sqrt",
        .reciprocal: "Reciprocal", .sin: "Sin", .cos: "Cos", .tan: "Tan", .asin: "Asin", .acos: "Acos", .atan: "Atan",
        .sinh: "Sinh", .cosh: "Cosh", .tanh: "Tanh", .asinh: "Asinh", .acosh: "Acosh", .atanh: "Atanh", .erf: "Erf",
        .sigmoid: "Sigmoid", .relu: "Relu", .floor: "Floor", .ceil: "Ceil", .round: "Round", .isNaN: "IsNaN",
    ]

    /// Functions that ONNX has not for bfloat16.
    private static let withoutBFloat16: Set<UnaryOperation> = [
        .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh, .round,
    ]

    func unary(_ operation: UnaryOperation, _ x: Int) -> String {
        let dtype = type(x).dtype
        guard dtype.isFloatingPoint else { return unaryOnIntegers(operation, x) }
        if let name = Self.functions[operation] {
            let known = dtype == .bfloat16 && Self.withoutBFloat16.contains(operation) ? .float32 : dtype
            return operation == .isNaN ? emit(name, [self.name(x)]) : through(known, x) { emit(name, [$0]) }
        }
        let name = name(x)
        func number(_ value: Double) -> String { constant(value, dtype) }
        switch operation {
        case .rsqrt: return emit("Reciprocal", [emit("Sqrt", [name])])
        case .expm1:
            // eˣ − 1 = tanh(x/2) (eˣ + 1), which is precise near 0 too.
            let half = emit("Tanh", [emit("Mul", [name, number(0.5)])])
            return emit("Mul", [half, emit("Add", [emit("Exp", [name]), number(1)])])
        case .log1p: return logOfOnePlus(name, dtype)
        case .truncate: return emit("Mul", [emit("Sign", [name]), emit("Floor", [emit("Abs", [name])])])
        case .isInfinite: return emit("Equal", [emit("Abs", [name]), number(.infinity)])
        case .isFinite: return emit("Less", [emit("Abs", [name]), number(.infinity)])
        default: return failed(x, "\(operation)")
        }
    }

    /// `log(1 + x)`, precise near 0: with `u = 1 + x` rounded it is `log(u) x / (u − 1)`, `x` where u is 1 and `log(u)` where u is x.
    /// Reference: Higham, Accuracy and Stability of Numerical Algorithms, §1.14.1
    private func logOfOnePlus(_ x: String, _ dtype: DType) -> String {
        let one = constant(1, dtype)
        let u = emit("Add", [x, one])
        let logarithm = emit("Log", [u])
        let corrected = emit("Mul", [logarithm, emit("Div", [x, emit("Sub", [u, one])])])
        let ofSmall = emit("Where", [emit("Equal", [u, one]), x, corrected])
        return emit("Where", [emit("Equal", [u, x]), logarithm, ofSmall])
    }

    private func unaryOnIntegers(_ operation: UnaryOperation, _ x: Int) -> String {
        let (name, dtype) = (name(x), type(x).dtype)
        switch operation {
        case .floor, .ceil, .round, .truncate: return name
        case .isNaN, .isInfinite: return emit("And", [emit("Cast", [name], ["to": .int(9)]), constant(0, .bool)])
        case .isFinite: return emit("Or", [emit("Cast", [name], ["to": .int(9)]), constant(1, .bool)])
        case .not where dtype == .bool: return emit("Not", [name])
        case .not where dtype == .uint8: return emit("Sub", [constant(255, dtype), name])
        case .not: return emit("Sub", [constant(-1, dtype), name])
        case .negate where dtype == .uint8: return emit("Sub", [constant(0, dtype), name])
        case .absolute where dtype == .bool, .sign where dtype == .bool: return name
        case .negate, .absolute, .sign: return emit(Self.functions[operation]!, [name])
        default: return failed(x, "\(operation)")
        }
    }

    // MARK: Two operands

    func binary(_ operation: BinaryOperation, _ a: Int, _ b: Int) -> String {
        let dtype = type(a).dtype
        if dtype == .bool { return logic(operation, a, b) }
        if operation == .multiply || operation == .divide, source.number(b) == 1 { return name(a) }
        if operation == .multiply, source.number(a) == 1 { return name(b) }
        let names = broadcastingNames([a, b])
        switch operation {
        case .add: return emit("Add", names)
        case .subtract: return emit("Sub", names)
        case .multiply: return emit("Mul", names)
        case .divide: return emit("Div", names)
        case .power: return emit("Pow", names)
        case .maximum: return emit("Max", names)
        case .minimum: return emit("Min", names)
        case .floorDivide where dtype.isFloatingPoint: return emit("Floor", [emit("Div", names)])
        case .floorDivide: return emit("Div", [emit("Sub", [names[0], emit("Mod", names)]), names[1]])
        case .remainder: return dtype.isFloatingPoint ? floatRemainder(names, dtype) : emit("Mod", names)
        case .atan2: return angle(names, dtype)
        case .and where operatorSet >= 18: return emit("BitwiseAnd", names)
        case .or where operatorSet >= 18: return emit("BitwiseOr", names)
        case .xor where operatorSet >= 18: return emit("BitwiseXor", names)
        case .shiftLeft where dtype == .uint8: return emit("BitShift", names, ["direction": .string("LEFT")])
        case .shiftRight where dtype == .uint8: return emit("BitShift", names, ["direction": .string("RIGHT")])
        case .and, .or, .xor, .shiftLeft, .shiftRight: return failed(a, "\(operation) on \(dtype)")
        }
    }

    private func logic(_ operation: BinaryOperation, _ a: Int, _ b: Int) -> String {
        let names = broadcastingNames([a, b])
        switch operation {
        case .add, .maximum, .or: return emit("Or", names)
        case .multiply, .minimum, .and: return emit("And", names)
        case .xor: return emit("Xor", names)
        default: return failed(a, "\(operation) on bool")
        }
    }

    /// With the divisor's sign: C's remainder has the dividend's.
    private func floatRemainder(_ names: [String], _ dtype: DType) -> String {
        let zero = constant(0, dtype)
        let rest = emit("Mod", names, ["fmod": .int(1)])
        let differs = emit("Xor", [emit("Less", [rest, zero]), emit("Less", [names[1], zero])])
        let isOff = emit("And", [differs, emit("Not", [emit("Equal", [rest, zero])])])
        return emit("Where", [isOff, emit("Add", [rest, names[1]]), rest])
    }

    /// The angle of the point (x, y): `atan(y / x)`, by π more or less where x is negative, ±π/2 where it is 0.
    private func angle(_ names: [String], _ dtype: DType) -> String {
        let (y, x) = (names[0], names[1])
        let zero = constant(0, dtype)
        let isBelow = emit("Less", [y, zero])
        let half = emit("Where", [isBelow, constant(-.pi, dtype), constant(.pi, dtype)])
        let quotient = emit("Div", [y, x])
        let arc =
            dtype == .bfloat16
            ? cast(emit("Atan", [cast(quotient, to: .float32)]), to: dtype) : emit("Atan", [quotient])
        let turned = emit("Where", [emit("Less", [x, zero]), emit("Add", [arc, half]), arc])
        let upright = emit("Mul", [emit("Sign", [y]), constant(.pi / 2, dtype)])
        return emit("Where", [emit("Equal", [x, zero]), upright, turned])
    }

    func compare(_ comparison: Comparison, _ a: Int, _ b: Int) -> String {
        var names = broadcastingNames([a, b])
        if type(a).dtype == .bool, comparison != .equal, comparison != .notEqual {
            names = names.map { cast($0, to: .int32) }
        }
        switch comparison {
        case .equal: return emit("Equal", names)
        case .notEqual: return emit("Not", [emit("Equal", names)])
        case .less: return emit("Less", names)
        case .lessEqual: return emit("LessOrEqual", names)
        case .greater: return emit("Greater", names)
        case .greaterEqual: return emit("GreaterOrEqual", names)
        }
    }
}
