import ApusGraph

extension ReferenceTensor {
    func applying(_ operation: UnaryOperation) -> ReferenceTensor {
        if operation.isPredicate { return satisfying(operation) }
        switch elements {
        case .floats(let values): return ReferenceTensor(type, floats: values.map(operation.applied))
        case .integers(let values):
            // A flipped bit of bool is its negation, not the flip of all eight.
            if operation == .not && dtype == .bool { return ReferenceTensor(type, integers: values.map { 1 - $0 }) }
            return ReferenceTensor(type, integers: values.map(operation.applied))
        }
    }

    private func satisfying(_ predicate: UnaryOperation) -> ReferenceTensor {
        let result = TensorType(shape, .bool)
        switch elements {
        case .floats(let values):
            return ReferenceTensor(result, integers: values.map { predicate.holds(for: $0) ? 1 : 0 })
        case .integers(let values):
            return ReferenceTensor(result, integers: values.map { _ in predicate == .isFinite ? 1 : 0 })
        }
    }

    func applying(_ operation: BinaryOperation, _ other: ReferenceTensor) -> ReferenceTensor {
        switch elements {
        case .floats(let values):
            return ReferenceTensor(type, floats: zip(values, other.floats).map(operation.applied))
        case .integers(let values):
            return ReferenceTensor(type, integers: zip(values, other.integers).map(operation.applied))
        }
    }

    func compared(_ comparison: Comparison, _ other: ReferenceTensor) -> ReferenceTensor {
        let result = TensorType(shape, .bool)
        switch elements {
        case .floats(let values):
            return ReferenceTensor(result, integers: zip(values, other.floats).map { comparison.holds($0, $1) ? 1 : 0 })
        case .integers(let values):
            return ReferenceTensor(
                result, integers: zip(values, other.integers).map { comparison.holds($0, $1) ? 1 : 0 })
        }
    }

    /// This value is the condition.
    func selecting(_ ifTrue: ReferenceTensor, _ ifFalse: ReferenceTensor) -> ReferenceTensor {
        let chosen = integers.enumerated().filter { $1 != 0 }.map { (target: $0.offset, source: $0.offset) }
        return ifFalse.replacing(chosen, from: ifTrue)
    }

    func cast(to dtype: DType) -> ReferenceTensor {
        let result = TensorType(shape, dtype)
        switch (elements, dtype.isFloatingPoint) {
        case (.floats(let values), true): return ReferenceTensor(result, floats: values)
        case (.floats(let values), false): return ReferenceTensor(result, integers: values.map(dtype.integer))
        case (.integers(let values), true): return ReferenceTensor(result, floats: values.map(dtype.float))
        case (.integers(let values), false): return ReferenceTensor(result, integers: values)
        }
    }
}

extension Comparison {
    func holds<Element: Comparable>(_ a: Element, _ b: Element) -> Bool {
        switch self {
        case .equal: a == b
        case .notEqual: a != b
        case .less: a < b
        case .lessEqual: a <= b
        case .greater: a > b
        case .greaterEqual: a >= b
        }
    }
}
