import ApusGraph

extension Reduction {
    /// What two partial results combine with.
    var step: BinaryOperation {
        switch self {
        case .sum: .add
        case .product: .multiply
        case .maximum: .maximum
        case .minimum: .minimum
        }
    }
}

extension Scan {
    /// What each element joins the running result with.
    var step: BinaryOperation {
        switch self {
        case .sum: .add
        case .product: .multiply
        case .maximum: .maximum
        case .minimum: .minimum
        }
    }
}

extension BinaryOperation {
    /// What leaves every float as it is; only for the steps of a reduction.
    fileprivate var floatIdentity: Double {
        switch self {
        case .add: 0
        case .multiply: 1
        case .maximum: -.infinity
        case .minimum: .infinity
        default: preconditionFailure("\(self) does not reduce")
        }
    }

    /// What leaves every integer of a dtype as it is; only for the steps of a reduction.
    fileprivate func integerIdentity(_ dtype: DType) -> Int64 {
        switch self {
        case .add: 0
        case .multiply: 1
        case .maximum: dtype.integerBounds.lowerBound
        case .minimum: dtype.integerBounds.upperBound
        default: preconditionFailure("\(self) does not reduce")
        }
    }
}

extension ReferenceTensor {
    func reduced(_ step: BinaryOperation, axes: [Int]) -> ReferenceTensor {
        let type = TensorType(shape.removing(axes: axes), dtype)
        let kept = shape.indices.filter { !axes.contains($0) }
        let targets = shape.allCoordinates.map { place in type.shape.offset(of: kept.map { place[$0] }) }
        switch elements {
        case .floats(let values):
            var result = [Double](repeating: step.floatIdentity, count: type.shape.elementCount)
            for (target, value) in zip(targets, values) { result[target] = step.applied(result[target], value) }
            return ReferenceTensor(type, floats: result)
        case .integers(let values):
            var result = [Int64](repeating: step.integerIdentity(dtype), count: type.shape.elementCount)
            for (target, value) in zip(targets, values) { result[target] = step.applied(result[target], value) }
            return ReferenceTensor(type, integers: result)
        }
    }

    func scanned(_ step: BinaryOperation, axis: Int, reverse: Bool) -> ReferenceTensor {
        let lines = shape.lines(along: axis).map { reverse ? $0.reversed() : $0 }
        switch elements {
        case .floats(var values):
            for line in lines {
                for (before, here) in zip(line, line.dropFirst()) {
                    values[here] = step.applied(values[before], values[here])
                }
            }
            return ReferenceTensor(type, floats: values)
        case .integers(var values):
            for line in lines {
                for (before, here) in zip(line, line.dropFirst()) {
                    values[here] = step.applied(values[before], values[here])
                }
            }
            return ReferenceTensor(type, integers: values)
        }
    }

    func extremeIndices(_ reduction: ArgReduction, axis: Int) -> ReferenceTensor {
        let step = shape.strides[axis]
        let indices = shape.lines(along: axis).map { line in
            Int64((firstExtreme(reduction, at: line) - line[0]) / step)
        }
        return ReferenceTensor(TensorType(shape.removing(axes: [axis]), .int64), integers: indices)
    }

    /// The first of `offsets` (at least one) whose element no other exceeds; the first NaN where there is one.
    func firstExtreme(_ reduction: ArgReduction, at offsets: [Int]) -> Int {
        switch elements {
        case .floats(let values):
            return offsets.dropFirst().reduce(offsets[0]) { best, next in
                if values[best].isNaN { return best }
                let wins = reduction == .maximum ? values[next] > values[best] : values[next] < values[best]
                return wins || values[next].isNaN ? next : best
            }
        case .integers(let values):
            return offsets.dropFirst().reduce(offsets[0]) { best, next in
                let wins = reduction == .maximum ? values[next] > values[best] : values[next] < values[best]
                return wins ? next : best
            }
        }
    }
}
