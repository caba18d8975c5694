/// The type of an operation's result, from the types of its operands; throws where they break its rule.
extension Operation {
    /// The type of the result.
    ///
    /// - Throws: `TensorError` naming the operation, the operands' types and the rule they break.
    public func resultType(_ operands: [TensorType]) throws(TensorError) -> TensorType {
        switch self {
        case .constant, .placeholder:
            preconditionFailure("a \(name)'s type is its value's")
        case .variable, .stopGradient, .barrier, .customGradient:
            return operands[0]
        case .invalid(let type):
            return type
        case .iota(let shape, let axis, let dtype):
            try require(shape.indices.contains(axis), "axis \(axis) of shape \(shape)")
            return TensorType(shape, dtype)
        case .random(let distribution, let shape, let dtype):
            let fits = distribution == .bits ? dtype == .int32 : dtype == .float32 || dtype == .float64
            try require(fits, "\(distribution) random numbers do not come as \(dtype)")
            return TensorType(shape, dtype)

        case .unary(let operation):
            return try pointwise(operation, operands[0])
        case .binary(let operation):
            try requireAlike(operands)
            let dtype = operands[0].dtype
            switch operation {
            case .and, .or, .xor:
                try require(!dtype.isFloatingPoint, "\(dtype) has no bits to combine; cast to bool or an integer")
            case .shiftLeft, .shiftRight:
                try require(dtype.isInteger, "\(dtype) cannot be shifted; cast to an integer")
            case .atan2:
                try require(dtype.isFloatingPoint, "needs a floating-point dtype, got \(dtype)")
            case .subtract, .divide, .power, .floorDivide, .remainder:
                try require(dtype != .bool, "is not defined on bool; cast to a number")
            case .add, .multiply, .maximum, .minimum: break
            }
            return operands[0]
        case .compare:
            try requireAlike(operands)
            return TensorType(operands[0].shape, .bool)
        case .select:
            try require(operands[0].dtype == .bool, "the condition is \(operands[0].dtype), not bool")
            try requireAlike([operands[1], operands[2]])
            try require(
                operands[0].shape == operands[1].shape, "condition \(operands[0].shape), values \(operands[1].shape)")
            return operands[1]
        case .cast(let dtype):
            return TensorType(operands[0].shape, dtype)

        case .reduce(let reduction, let axes):
            try requireAxes(axes, operands[0].shape)
            if reduction == .sum || reduction == .product {
                try require(operands[0].dtype != .bool, "is not defined on bool; cast to int64 first")
            }
            return TensorType(operands[0].shape.removing(axes: axes), operands[0].dtype)
        case .argReduce(_, let axis):
            try requireAxes([axis], operands[0].shape)
            try require(operands[0].shape[axis] > 0, "axis \(axis) of \(operands[0].shape) is empty and has no extreme")
            return TensorType(operands[0].shape.removing(axes: [axis]), .int64)
        case .scan(_, let axis, _), .sort(let axis, _):
            try requireAxes([axis], operands[0].shape)
            return operands[0]
        case .argSort(let axis, _):
            try requireAxes([axis], operands[0].shape)
            return TensorType(operands[0].shape, .int64)

        case .reshape(let shape):
            let from = operands[0].shape
            try require(
                from.elementCount == shape.elementCount,
                "\(from) has \(from.elementCount) elements, \(shape) has \(shape.elementCount)")
            return TensorType(shape, operands[0].dtype)
        case .transpose(let permutation):
            let shape = operands[0].shape
            try require(
                permutation.sorted() == Array(0..<shape.rank), "\(permutation) is no permutation of \(shape)'s axes")
            return TensorType(Shape(permutation.map { shape[$0] }), operands[0].dtype)
        case .broadcast(let shape):
            let from = operands[0].shape
            try require(from.broadcast(with: shape) == shape, "\(from) does not broadcast to \(shape)")
            return TensorType(shape, operands[0].dtype)
        case .slice(let ranges):
            return try sliced(operands[0], ranges)
        case .pad(let low, let high):
            let shape = operands[0].shape
            try require(low.count == shape.rank && high.count == shape.rank, "\(low), \(high) for shape \(shape)")
            try require((low + high).allSatisfy { $0 >= 0 }, "negative padding \(low), \(high)")
            try require(
                operands[1] == TensorType([], operands[0].dtype), "the value must be a \(operands[0].dtype) scalar")
            return TensorType(Shape(shape.indices.map { shape[$0] + low[$0] + high[$0] }), operands[0].dtype)
        case .reverse(let axes):
            try requireAxes(axes, operands[0].shape)
            return operands[0]
        case .concatenate(let axis):
            return try concatenated(operands, axis)

        case .gather, .scatter, .gatherElements, .scatterElements, .dynamicSlice, .dynamicUpdate:
            return try indexed(operands)

        case .matmul:
            return try multiplied(operands[0], operands[1])
        case .convolution(let geometry):
            return try convolved(operands[0], operands[1], geometry)
        case .convolutionInputGradient(let geometry, let inputSize):
            let (gradient, weight) = (operands[0], operands[1])
            let input = TensorType(
                Shape([gradient.shape[0], weight.shape[1] * geometry.groups] + inputSize), gradient.dtype)
            let output = try convolved(input, weight, geometry)
            try require(output == gradient, "a gradient \(gradient) for an output \(output)")
            return input
        case .convolutionWeightGradient(let geometry, let kernelSize):
            let (x, gradient) = (operands[0], operands[1])
            let weight = TensorType(Shape([gradient.shape[1], x.shape[1] / geometry.groups] + kernelSize), x.dtype)
            let output = try convolved(x, weight, geometry)
            try require(output == gradient, "a gradient \(gradient) for an output \(output)")
            return weight

        case .factorization(let kind):
            return try factored(operands[0], kind)
        case .triangularSolve:
            return try solved(operands[0], operands[1])
        case .fourier(let transform):
            return try transformed(operands[0], transform)

        case .pool(let pooling):
            return try pooled(operands[0], pooling)
        case .poolGradient(let pooling, let inputSize):
            let gradient = operands[0]
            let input = TensorType(
                Shape(Array(gradient.shape.prefix(gradient.shape.rank - inputSize.count)) + inputSize), gradient.dtype)
            let output = try pooled(input, pooling)
            try require(output == gradient, "a gradient \(gradient) for an output \(output)")
            return input

        case .attention:
            return try attended(operands)
        case .attentionGradient(_, let operand):
            let output = try attended(Array(operands.dropFirst()))
            try require(operands[0] == output, "a gradient \(operands[0]) for an output \(output)")
            return operands[1 + Int(operand.rawValue)]

        case .loop(let loop, let result):
            try require(
                operands == loop.operandTypes, "\(operands) where \(loop.operandTypes) are needed")
            return loop.type(of: result)

        case .softmax(let axis), .logSoftmax(let axis):
            try requireAxes([axis], operands[0].shape)
            try require(operands[0].dtype.isFloatingPoint, "needs a floating-point dtype, got \(operands[0].dtype)")
            return operands[0]
        case .recurrence(let unit):
            return try recurrent(unit, operands)
        case .recurrenceGradient(let unit):
            let count = 3 + unit.stateCount
            let result = try Operation.recurrence(unit).resultType(Array(operands.prefix(count)))
            let shape = RecurrenceShape(unit, projected: operands[0].shape)
            let outputs = TensorType([shape.steps, shape.batch, shape.hidden], result.dtype)
            let expected = [result, outputs] + (unit == .lstm ? [operands[4]] : [])
            try require(
                Array(operands.dropFirst(count)) == expected,
                "\(operands.dropFirst(count).map(\.description)) where \(expected.map(\.description)) are needed")
            return TensorType([shape.gradientCount], result.dtype)
        }
    }

    /// The type of the result of a frequent operation on operands that plainly fit; nil where the rules must be asked.
    func plainResultType(_ operands: [Node]) -> TensorType? {
        switch self {
        case .variable, .stopGradient:
            return operands[0].type
        case .unary(let operation):
            let type = operands[0].type
            return type.dtype.isFloatingPoint && !operation.isPredicate && operation != .not ? type : nil
        case .binary(.add), .binary(.subtract), .binary(.multiply), .binary(.divide):
            let type = operands[0].type
            return type.dtype.isFloatingPoint && type == operands[1].type ? type : nil
        case .broadcast(let shape):
            let type = operands[0].type
            return type.shape.rank == 0 ? TensorType(shape, type.dtype) : nil
        default:
            return nil
        }
    }

    // MARK: Rules of families

    private func pointwise(_ operation: UnaryOperation, _ x: TensorType) throws(TensorError) -> TensorType {
        if operation == .not {
            try require(!x.dtype.isFloatingPoint, "is not defined on \(x.dtype); compare with 0")
        } else if operation == .negate {
            try require(x.dtype != .bool, "is not defined on bool; use `!`")
        } else if !operation.acceptsIntegers {
            try require(x.dtype.isFloatingPoint, "needs a floating-point dtype, got \(x.dtype); cast first")
        }
        return TensorType(x.shape, operation.isPredicate ? .bool : x.dtype)
    }

    private func sliced(_ x: TensorType, _ ranges: [SliceRange]) throws(TensorError) -> TensorType {
        try require(ranges.count == x.shape.rank, "\(ranges.count) ranges for shape \(x.shape)")
        for (axis, range) in ranges.enumerated() {
            let extent = x.shape[axis]
            let inside = range.count == 0 || ((0..<extent).contains(range.start) && (0..<extent).contains(range.last))
            try require(
                range.step != 0 && range.count >= 0 && inside,
                "\(range.count) elements from \(range.start) by \(range.step) are not all inside axis \(axis) of \(x.shape)"
            )
        }
        return TensorType(Shape(ranges.map(\.count)), x.dtype)
    }

    private func concatenated(_ operands: [TensorType], _ axis: Int) throws(TensorError) -> TensorType {
        guard let first = operands.first else { throw TensorError("concatenate: no tensors") }
        try requireAxes([axis], first.shape)
        var shape = first.shape
        for other in operands.dropFirst() {
            try require(other.dtype == first.dtype, "\(first) with \(other)")
            try require(
                other.shape.rank == shape.rank
                    && shape.indices.allSatisfy { $0 == axis || shape[$0] == other.shape[$0] },
                "\(first.shape) with \(other.shape): extents off axis \(axis) differ")
            shape[axis] += other.shape[axis]
        }
        return TensorType(shape, first.dtype)
    }

    private func indexed(_ operands: [TensorType]) throws(TensorError) -> TensorType {
        let x = operands[0]
        let isUpdate = if case .dynamicUpdate = self { true } else { false }
        let indices = operands[isUpdate ? 2 : 1]
        try require(indices.dtype == .int64, "indices are \(indices.dtype), not int64")
        switch self {
        case .gather(let axis):
            try requireAxes([axis], x.shape)
            try require(
                x.shape[axis] > 0 || indices.shape.elementCount == 0, "axis \(axis) of \(x.shape) is empty")
            return TensorType(gatherShape(x.shape, indices.shape, axis), x.dtype)
        case .scatter(_, let axis):
            try requireAxes([axis], x.shape)
            let expected = TensorType(gatherShape(x.shape, indices.shape, axis), x.dtype)
            try require(operands[2] == expected, "updates \(operands[2]), expected \(expected)")
            return x
        case .gatherElements(let axis):
            try requireElementIndices(x.shape, indices.shape, axis)
            return TensorType(indices.shape, x.dtype)
        case .scatterElements(_, let axis):
            try requireElementIndices(x.shape, indices.shape, axis)
            let expected = TensorType(indices.shape, x.dtype)
            try require(operands[2] == expected, "updates \(operands[2]), expected \(expected)")
            return x
        case .dynamicSlice(let sizes):
            try requireBlock(sizes, in: x.shape, starts: indices.shape)
            return TensorType(sizes, x.dtype)
        case .dynamicUpdate:
            try require(operands[1].dtype == x.dtype, "an update \(operands[1]) of \(x)")
            try requireBlock(operands[1].shape, in: x.shape, starts: indices.shape)
            return x
        default:
            preconditionFailure("not an indexing operation")
        }
    }

    private func gatherShape(_ x: Shape, _ indices: Shape, _ axis: Int) -> Shape {
        Shape(Array(x[..<axis]) + indices.dimensions + Array(x[(axis + 1)...]))
    }

    private func requireElementIndices(_ x: Shape, _ indices: Shape, _ axis: Int) throws(TensorError) {
        try requireAxes([axis], x)
        let fits = x.rank == indices.rank && x.indices.allSatisfy { $0 == axis || x[$0] == indices[$0] }
        try require(fits, "indices \(indices) for \(x) along axis \(axis): the other extents must be equal")
        try require(x[axis] > 0 || indices.elementCount == 0, "axis \(axis) of \(x) is empty")
    }

    private func requireBlock(_ block: Shape, in x: Shape, starts: Shape) throws(TensorError) {
        try require(starts == [x.rank], "starts \(starts) for \(x): expected [\(x.rank)]")
        let fits = block.rank == x.rank && x.indices.allSatisfy { block[$0] <= x[$0] }
        try require(fits, "a block \(block) does not fit in \(x)")
    }

    private func multiplied(_ a: TensorType, _ b: TensorType) throws(TensorError) -> TensorType {
        try require(a.dtype == b.dtype, "\(a) × \(b): dtypes differ")
        try require(a.dtype.isFloatingPoint, "needs a floating-point dtype, got \(a.dtype); cast first")
        let rank = a.shape.rank
        try require(rank >= 2 && b.shape.rank == rank, "\(a.shape) × \(b.shape): ranks must be equal and at least 2")
        try require(
            a.shape[rank - 1] == b.shape[rank - 2],
            "\(a.shape) × \(b.shape): inner dimensions \(a.shape[rank - 1]) and \(b.shape[rank - 2]) differ")
        try require(
            a.shape.dimensions.dropLast(2) == b.shape.dimensions.dropLast(2),
            "\(a.shape) × \(b.shape): batch dimensions differ")
        return TensorType(Shape(Array(a.shape.dropLast()) + [b.shape[rank - 1]]), a.dtype)
    }

    private func convolved(_ x: TensorType, _ weight: TensorType, _ g: Convolution) throws(TensorError) -> TensorType {
        let n = g.spatialRank
        try require(
            x.dtype == weight.dtype && x.dtype.isFloatingPoint,
            "\(x) with \(weight): one floating-point dtype is needed")
        try require((1...3).contains(n), "\(n) spatial axes: 1 to 3 are possible")
        try require(
            x.shape.rank == n + 2 && weight.shape.rank == n + 2,
            "\(x.shape) with weight \(weight.shape): both need batch, channel and \(n) spatial axes")
        let channels = x.shape[1]
        let outputs = weight.shape[0]
        try require(
            g.groups >= 1 && channels == weight.shape[1] * g.groups,
            "\(x.shape) has \(channels) channels, weight \(weight.shape) with \(g.groups) groups takes \(weight.shape[1] * g.groups)"
        )
        try require(outputs % g.groups == 0, "\(outputs) output channels do not divide into \(g.groups) groups")
        try require(
            (g.stride + g.dilation).allSatisfy { $0 >= 1 } && (g.paddingLow + g.paddingHigh).allSatisfy { $0 >= 0 },
            "stride and dilation must be at least 1 and padding at least 0")
        let kernel = Array(weight.shape.dropFirst(2))
        try require(kernel.allSatisfy { $0 >= 1 }, "an empty kernel \(kernel)")
        let size = g.outputSize(input: Array(x.shape.dropFirst(2)), kernel: kernel)
        try require(
            size.allSatisfy { $0 >= 1 }, "input \(x.shape) with its padding is smaller than the kernel \(weight.shape)")
        return TensorType(Shape([x.shape[0], outputs] + size), x.dtype)
    }

    private func attended(_ operands: [TensorType]) throws(TensorError) -> TensorType {
        let (query, key, value) = (operands[0], operands[1], operands[2])
        let (q, k, v) = (query.shape.dimensions, key.shape.dimensions, value.shape.dimensions)
        try require(query.dtype.isFloatingPoint, "needs a floating-point dtype, got \(query.dtype); cast first")
        try require(key.dtype == query.dtype && value.dtype == query.dtype, "\(query), \(key), \(value): dtypes differ")
        let fits =
            q.count >= 2 && k.count == q.count && v.count == q.count && k[q.count - 1] == q[q.count - 1]
            && v[q.count - 2] == k[q.count - 2] && k.dropLast(2) == q.dropLast(2) && v.dropLast(2) == q.dropLast(2)
        try require(
            fits, "query \(query.shape), key \(key.shape), value \(value.shape) are not (…, L, E), (…, S, E), (…, S, V)"
        )
        if operands.count > 3 {
            let expected = TensorType(Shape(q.dropLast(1) + [k[q.count - 2]]), query.dtype.ofArithmetic)
            try require(operands[3] == expected, "mask \(operands[3]), expected \(expected)")
        }
        return TensorType(Shape(q.dropLast(1) + [v[q.count - 1]]), query.dtype)
    }

    private func recurrent(_ unit: RecurrentUnit, _ operands: [TensorType]) throws(TensorError) -> TensorType {
        let (projected, weight, bias) = (operands[0], operands[1], operands[2])
        let gates = unit.gateCount
        try require(projected.dtype.isFloatingPoint, "needs a floating-point dtype, got \(projected.dtype); cast first")
        try require(operands.allSatisfy { $0.dtype == projected.dtype }, "one dtype is needed")
        try require(
            projected.shape.rank == 3 && projected.shape[0] > 0 && projected.shape[2] % gates == 0,
            "projected inputs \(projected.shape) must be (time, batch, \(gates) · hidden) with at least one step")
        let shape = RecurrenceShape(unit, projected: projected.shape)
        try require(
            weight.shape == [gates * shape.hidden, shape.hidden] && bias.shape == [gates * shape.hidden],
            "weight \(weight.shape) and bias \(bias.shape) for projected inputs \(projected.shape)")
        try require(
            operands.dropFirst(3).allSatisfy { $0.shape == [shape.batch, shape.hidden] },
            "states \(operands.dropFirst(3).map(\.shape)) for projected inputs \(projected.shape)")
        return TensorType([shape.stackCount, shape.batch, shape.hidden], projected.dtype)
    }

    private func pooled(_ x: TensorType, _ p: Pooling) throws(TensorError) -> TensorType {
        let n = p.windowSize.count
        try require(x.dtype.isFloatingPoint, "needs a floating-point dtype, got \(x.dtype); cast first")
        try require(x.shape.rank == n + 2, "\(x.shape) needs batch, channel and \(n) axes to pool")
        try require(x.shape.suffix(n).allSatisfy { $0 >= 1 }, "\(x.shape) has an empty axis to pool")
        try require(
            p.kind == .maximum || x.dtype.isFloatingPoint, "needs a floating-point dtype, got \(x.dtype); cast first")
        try require(
            p.windowSize.allSatisfy { $0 >= 1 } && p.stride.allSatisfy { $0 >= 1 },
            "window and stride must be at least 1")
        let padded = p.windowSize.indices.allSatisfy { axis in
            let (low, high) = (p.paddingLow[axis], p.paddingHigh[axis])
            return low >= 0 && high >= 0 && low < p.windowSize[axis] && high < p.windowSize[axis]
        }
        try require(padded, "padding \(p.paddingLow), \(p.paddingHigh) must be smaller than the window \(p.windowSize)")
        let size = p.outputSize(input: Array(x.shape.suffix(n)))
        try require(size.allSatisfy { $0 >= 1 }, "\(x.shape) is smaller than the window \(p.windowSize)")
        return TensorType(Shape(Array(x.shape.prefix(2)) + size), x.dtype)
    }

    private func factored(_ a: TensorType, _ kind: Factorization) throws(TensorError) -> TensorType {
        let rank = a.shape.rank
        try require(rank >= 2, "\(kind) of \(a.shape): a matrix is needed")
        try requireDoubleOrSingle(a)
        let (m, n) = (a.shape[rank - 2], a.shape[rank - 1])
        try require(m == n || !kind.needsSquare, "\(kind) of \(a.shape): a square matrix is needed")
        return TensorType(Shape(a.shape.dropLast(2) + [FactorizationShape(kind, m, n).elementCount]), a.dtype)
    }

    private func solved(_ a: TensorType, _ b: TensorType) throws(TensorError) -> TensorType {
        let rank = a.shape.rank
        try require(
            rank >= 2 && b.shape.rank == rank && a.shape[rank - 1] == a.shape[rank - 2]
                && a.shape.dropLast() == b.shape.dropLast(), "\(a.shape) with right sides \(b.shape)")
        try require(a.dtype == b.dtype, "\(a) with \(b)")
        try requireDoubleOrSingle(a)
        return b
    }

    private func transformed(_ x: TensorType, _ transform: FourierTransform) throws(TensorError) -> TensorType {
        try requireDoubleOrSingle(x)
        try require(transform.length > 0, "of length \(transform.length)")
        let (input, output) = (transform.inputExtents, transform.outputExtents)
        let rank = x.shape.rank
        try require(
            rank >= input.count && Array(x.shape.suffix(input.count)) == input,
            "\(x.shape) where the last axes must be \(input)")
        return TensorType(Shape(x.shape.dropLast(input.count) + output), x.dtype)
    }

    // MARK: Checks

    private func requireDoubleOrSingle(_ x: TensorType) throws(TensorError) {
        try require(x.dtype == .float32 || x.dtype == .float64, "needs float32 or float64, got \(x.dtype)")
    }

    /// The word that errors and debugging output use.
    public var name: String {
        switch self {
        case .unary(let operation): "\(operation)"
        case .binary(let operation): "\(operation)"
        case .compare(let comparison): "\(comparison)"
        case .reduce(let reduction, _): "\(reduction)"
        case .argReduce(let reduction, _): reduction == .maximum ? "argMax" : "argMin"
        case .scan(let scan, _, _): "cumulative \(scan)"
        case .pool(let pooling): "\(pooling.kind) pool"
        case .poolGradient(let pooling, _): "\(pooling.kind) pool gradient"
        default: String("\(self)".prefix { $0 != "(" })
        }
    }

    private func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(TensorError) {
        if !condition { throw TensorError("\(name): \(message())") }
    }

    private func requireAlike(_ operands: [TensorType]) throws(TensorError) {
        try require(operands[0] == operands[1], "\(operands[0]) with \(operands[1])")
    }

    private func requireAxes(_ axes: [Int], _ shape: Shape) throws(TensorError) {
        let ascending = zip(axes, axes.dropFirst()).allSatisfy { $0 < $1 }
        try require(ascending && axes.allSatisfy(shape.indices.contains), "axes \(axes) of shape \(shape)")
    }
}
