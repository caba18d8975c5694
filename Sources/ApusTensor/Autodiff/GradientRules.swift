// The gradient of every operation. `g` is the gradient of the node's result; each rule gives one for each operand, nil where there is none.

func operandGradients(of node: Node, _ operands: [Tensor], _ g: Tensor) -> [Tensor?] {
    let y = Tensor(node)
    switch node.operation {
    // Leaves, and what is flat or discrete
    case .constant, .placeholder, .iota, .random, .compare, .argReduce, .argSort, .stopGradient, .invalid:
        return operands.map { _ in nil }

    // Pointwise
    case .unary(let operation):
        return [unaryGradient(operation, operands[0], y, g)]
    case .binary(let operation):
        return binaryGradients(operation, operands[0], operands[1], y, g)
    case .select:
        let zero = Tensor.zeros(like: g)
        return [nil, `where`(operands[0], g, zero), `where`(operands[0], zero, g)]
    case .cast(let dtype):
        guard dtype.isFloatingPoint, operands[0].dtype.isFloatingPoint else { return [nil] }
        return [g.cast(to: operands[0].dtype)]

    // Reductions
    case .reduce(let reduction, let axes):
        return [reductionGradient(reduction, axes, operands[0], y, g)]
    case .scan(let scan, let axis, let reverse):
        return [scanGradient(scan, axis, reverse, operands[0], y, g)]

    // Movement: the inverse movement
    case .reshape:
        return [g.reshaped(operands[0].shape)]
    case .transpose(let permutation):
        let inverse = permutation.indices.map { permutation.firstIndex(of: $0)! }
        return [Tensor(.transpose(inverse), g)]
    case .broadcast:
        return [g.summed(to: operands[0].shape)]
    case .slice(let ranges):
        return [sliceGradient(ranges, operands[0].shape, g)]
    case .pad(let low, _):
        let ranges = operands[0].shape.enumerated().map { SliceRange(start: low[$0.offset], count: $0.element) }
        let inner = Tensor(.slice(ranges), g)
        return [inner, g.sum() - inner.sum()]
    case .reverse(let axes):
        return [Tensor(.reverse(axes: axes), g)]
    case .concatenate(let axis):
        return g.split(lengths: operands.map { $0.shape[axis] }, axis: axis).map { $0 }

    // Indexing: gather and scatter are each other's gradient
    case .gather(let axis):
        return [Tensor.zeros(like: operands[0]).scattered(operands[1], g, axis: axis), nil]
    case .scatter(.add, let axis):
        return [g, nil, g.gathered(operands[1], axis: axis)]
    case .scatter(.replace, let axis):
        let (base, winners) = replacementGradients(operands, g) { x, updates in
            Tensor(.scatter(.replace, axis: axis), x, operands[1], updates)
        }
        return [base, nil, winners { $0.gathered(operands[1], axis: axis) }]
    case .gatherElements(let axis):
        return [Tensor.zeros(like: operands[0]).scattered(elements: operands[1], g, axis: axis), nil]
    case .scatterElements(.add, let axis):
        return [g, nil, g.gathered(elements: operands[1], axis: axis)]
    case .scatterElements(.replace, let axis):
        let (base, winners) = replacementGradients(operands, g) { x, updates in
            Tensor(.scatterElements(.replace, axis: axis), x, operands[1], updates)
        }
        return [base, nil, winners { $0.gathered(elements: operands[1], axis: axis) }]
    case .dynamicSlice:
        return [Tensor(.dynamicUpdate, .zeros(like: operands[0]), g, operands[1]), nil]
    case .dynamicUpdate:
        let hole = Tensor(.dynamicUpdate, g, .zeros(like: operands[1]), operands[2])
        return [hole, Tensor(.dynamicSlice(sizes: operands[1].shape), g, operands[2]), nil]
    case .sort(let axis, let descending):
        let order = Tensor(.argSort(axis: axis, descending: descending), operands[0])
        return [Tensor.zeros(like: operands[0]).scattered(elements: order, g, axis: axis)]

    // Contractions
    case .matmul:
        // Y = A B:  ∂A = G Bᵀ,  ∂B = Aᵀ G
        let (a, b) = (operands[0], operands[1])
        return [Tensor(.matmul, g, b.T), Tensor(.matmul, a.T, g)]
    case .convolution(let geometry):
        let (x, weight) = (operands[0], operands[1])
        return [
            Tensor(.convolutionInputGradient(geometry, inputSize: Array(x.shape.dropFirst(2))), g, weight),
            Tensor(.convolutionWeightGradient(geometry, kernelSize: Array(weight.shape.dropFirst(2))), x, g),
        ]
    case .convolutionInputGradient(let geometry, _):
        // Linear in both operands: the roles of input and output are exchanged.
        let (h, weight) = (operands[0], operands[1])
        return [
            Tensor(.convolution(geometry), g, weight),
            Tensor(.convolutionWeightGradient(geometry, kernelSize: Array(weight.shape.dropFirst(2))), g, h),
        ]
    case .convolutionWeightGradient(let geometry, _):
        let (x, h) = (operands[0], operands[1])
        return [
            Tensor(.convolutionInputGradient(geometry, inputSize: Array(x.shape.dropFirst(2))), h, g),
            Tensor(.convolution(geometry), x, g),
        ]

    // Linear algebra
    case .factorization(let kind):
        return [factorizationGradient(kind, operands[0], y, g)]
    case .triangularSolve(let upper, let unitDiagonal):
        return triangularSolveGradients(upper: upper, unitDiagonal: unitDiagonal, operands[0], y, g)
    case .fourier(let transform):
        return [fourierGradient(transform, g)]

    // Windows
    case .pool(let pooling):
        let inputSize = Array(operands[0].shape.suffix(pooling.windowSize.count))
        switch pooling.kind {
        case .average: return [Tensor(.poolGradient(pooling, inputSize: inputSize), g)]
        case .maximum: return [Tensor(.poolGradient(pooling, inputSize: inputSize), g, operands[0])]
        }
    case .poolGradient(let pooling, _):
        switch pooling.kind {
        case .average: return [Tensor(.pool(pooling), g)]
        case .maximum: return [atMaxima(of: operands[1], pooling, g), nil]
        }

    // Composites
    case .softmax(let axis):
        return [y * (g - (g * y).sum(axes: axis, keepingAxes: true))]
    case .logSoftmax(let axis):
        return [g - exp(y) * g.sum(axes: axis, keepingAxes: true)]
    case .attention(let attention):
        let byTensor = AttentionOperand.allCases.map { operand in
            Tensor(Node.make(.attentionGradient(attention, by: operand), [g.node] + operands.map(\.node)))
        }
        return operands.count > 3 ? byTensor + [attentionMaskGradient(attention, operands, g)] : byTensor
    case .attentionGradient(let attention, let operand):
        return secondAttentionGradient(attention, by: operand, operands, g)
    case .recurrence(let unit):
        return recurrenceGradients(unit, operands, y, g)
    case .recurrenceGradient(let unit):
        return secondRecurrenceGradients(unit, operands, g)

    case .loop:
        preconditionFailure("the gradients of a loop's results are taken together: LoopGradients.swift")

    // Identities
    case .variable, .barrier:
        return [g]
    case .customGradient(let custom):
        return custom.rule(node, g.node).map { $0.map(Tensor.init) }
    }
}

// MARK: Pointwise

private func unaryGradient(_ operation: UnaryOperation, _ x: Tensor, _ y: Tensor, _ g: Tensor) -> Tensor? {
    switch operation {
    case .sign, .floor, .ceil, .round, .truncate, .not, .isNaN, .isInfinite, .isFinite: nil
    case .negate: -g
    case .absolute: g * sign(x)
    case .exp: g * y
    case .expm1: g * (y + 1)
    case .log: g / x
    case .log1p: g / (x + 1)
    case .sqrt: g / (y * 2)
    case .rsqrt: g * y * y * y * -0.5
    case .reciprocal: -g * y * y
    case .sin: g * cos(x)
    case .cos: -g * sin(x)
    case .tan: g * (y * y + 1)
    case .asin: g * rsqrt(1 - x * x)
    case .acos: -g * rsqrt(1 - x * x)
    case .atan: g / (x * x + 1)
    case .sinh: g * cosh(x)
    case .cosh: g * sinh(x)
    case .tanh: g * (1 - y * y)
    case .asinh: g * rsqrt(x * x + 1)
    case .acosh: g * rsqrt(x * x - 1)
    case .atanh: g / (1 - x * x)
    case .erf: g * exp(-x * x) * 1.1283791670955126  // 2/√π
    case .erfinv: g * exp(y * y) * 0.886226925452758  // √π/2
    case .sigmoid: g * y * (1 - y)
    case .relu: `where`(y .> 0, g, 0)
    }
}

private func binaryGradients(
    _ operation: BinaryOperation, _ a: Tensor, _ b: Tensor, _ y: Tensor, _ g: Tensor
) -> [Tensor?] {
    switch operation {
    case .add: return [g, g]
    case .subtract: return [g, -g]
    case .multiply: return [g * b, g * a]
    case .divide: return [g / b, -g * y / b]
    case .power:
        // ∂/∂a = b a^(b−1), and 0 where b is 0;  ∂/∂b = y log a, and 0 where a is 0 and b is not negative
        let byBase = `where`(b .== 0, 0, g * b * pow(a, b - 1))
        let byExponent = `where`((a .== 0) .& (b .>= 0), 0, g * y * log(a))
        return [byBase, byExponent]
    case .maximum, .minimum:
        // Equal operands share the gradient, as in PyTorch.
        let wins = operation == .maximum ? a .> b : a .< b
        let share = `where`(a .== b, 0.5, wins.cast(to: g.dtype))
        return [g * share, g * (1 - share)]
    case .floorDivide: return [nil, nil]
    case .remainder: return [g, -g * floor(a / b)]
    case .atan2:
        let squares = a * a + b * b
        return [g * b / squares, -g * a / squares]
    case .and, .or, .xor, .shiftLeft, .shiftRight: return [nil, nil]
    }
}

// MARK: Reductions

private func reductionGradient(_ reduction: Reduction, _ axes: [Int], _ x: Tensor, _ y: Tensor, _ g: Tensor) -> Tensor {
    if axes.isEmpty { return g }
    let kept = x.shape.keeping(axes: axes)
    let (y, g) = (y.reshaped(kept), g.reshaped(kept))
    switch reduction {
    case .sum:
        return g.broadcast(to: x.shape)
    case .product:
        // The product of the others: exclusive products from both sides, right with zeros too.
        let count = axes.reduce(1) { $0 * x.shape[$1] }
        let others = x.shape.indices.filter { !axes.contains($0) }
        let rows = x.transposed(others + axes).reshaped(Shape(others.map { x.shape[$0] } + [count]))
        let rest = exclusiveProduct(rows, reverse: false) * exclusiveProduct(rows, reverse: true)
        let unpacked = rest.reshaped(Shape((others + axes).map { x.shape[$0] }))
        let inverse = x.shape.indices.map { (others + axes).firstIndex(of: $0)! }
        return g * unpacked.transposed(inverse)
    case .maximum, .minimum:
        // Equal extremes share the gradient, as in PyTorch's amax.
        let isExtreme = (x .== y).cast(to: g.dtype)
        return g * isExtreme / isExtreme.sum(axes: axes, keepingAxes: true)
    }
}

/// The product of all elements before each one (behind it, reversed) along the last axis.
private func exclusiveProduct(_ x: Tensor, reverse: Bool) -> Tensor {
    let count = x.shape[x.rank - 1]
    guard count > 0 else { return x }
    let products = x.cumulativeProduct(axis: -1, reverse: reverse)
    let one = Tensor.ones(Shape(x.shape.dropLast() + [1]), dtype: x.dtype)
    return reverse
        ? concatenate([products.sliced(axis: -1, 1, count - 1), one], axis: -1)
        : concatenate([one, products.sliced(axis: -1, 0, count - 1)], axis: -1)
}

private func scanGradient(
    _ scan: Scan, _ axis: Int, _ reverse: Bool, _ x: Tensor, _ y: Tensor, _ g: Tensor
) -> Tensor {
    switch scan {
    case .sum:
        return Tensor(.scan(.sum, axis: axis, reverse: !reverse), g)
    case .product:
        return cumulativeProductGradient(axis, reverse, x, g)
    case .maximum, .minimum:
        // The gradient of each result goes to the latest element that set it.
        let count = x.shape[axis]
        let positions = Tensor.iota(x.shape, axis: axis)
        let order = reverse ? (count - 1) - positions : positions
        let setter = Tensor(.scan(.maximum, axis: axis, reverse: reverse), `where`(x .== y, order, -1))
        let source = reverse ? (count - 1) - setter : setter
        return Tensor.zeros(like: x).scattered(elements: source, g, axis: axis)
    }
}

/// `∂x_k = Σ_{i ≥ k} g_i Π_{j ≤ i, j ≠ k} x_j`, without dividing by `x`: a (n, n) table of products for each row.
private func cumulativeProductGradient(_ axis: Int, _ reverse: Bool, _ x: Tensor, _ g: Tensor) -> Tensor {
    let last = x.rank - 1
    var (x, g) = (x.swappingAxes(axis, last), g.swappingAxes(axis, last))
    if reverse { (x, g) = (x.reversed(axes: -1), g.reversed(axes: -1)) }
    let n = x.shape[last]
    // x[…, k, j] with ones at j = k, then cumulated over j: Π_{j ≤ i, j ≠ k} x_j
    let isSelf = Tensor.identity(n, dtype: .bool)
    let rows = `where`(isSelf, 1, x.expandingDims(-2).broadcast(to: Shape(x.shape + [n])))  // (…, n, n)
    let products = rows.cumulativeProduct(axis: -1)
    let isLater = Tensor.iota([n, n], axis: 1) .>= Tensor.iota([n, n], axis: 0)
    let terms = `where`(isLater, products * g.expandingDims(-2), 0)
    var result = terms.sum(axes: -1)
    if reverse { result = result.reversed(axes: -1) }
    return result.swappingAxes(axis, last)
}

// MARK: Movement

extension Tensor {
    /// The gradient of broadcasting from `shape`: the sum over the axes that repeated.
    func summed(to shape: Shape) -> Tensor {
        if self.shape == shape { return self }
        let added = rank - shape.rank
        let axes = self.shape.indices.filter { $0 < added || (shape[$0 - added] == 1 && self.shape[$0] != 1) }
        return sum(axes: axes).reshaped(shape)
    }
}

/// Puts the gradient back where a slice took it from.
func sliceGradient(_ ranges: [SliceRange], _ shape: Shape, _ g: Tensor) -> Tensor {
    if g.elementCount == 0 { return .zeros(shape, dtype: g.dtype) }
    let flipped = ranges.indices.filter { ranges[$0].step < 0 }
    var result = flipped.isEmpty ? g : Tensor(.reverse(axes: flipped), g)
    for (axis, range) in ranges.enumerated() where abs(range.step) > 1 && range.count > 1 {
        result = result.spread(axis: axis, by: abs(range.step))
    }
    let low = ranges.map { min($0.start, $0.last) }
    let high = shape.indices.map { shape[$0] - low[$0] - result.shape[$0] }
    if low.allSatisfy({ $0 == 0 }) && high.allSatisfy({ $0 == 0 }) { return result }
    return result.padded(Array(zip(low, high)))
}

extension Tensor {
    /// Zeros between the elements of an axis: n elements become (n − 1)·step + 1.
    fileprivate func spread(axis: Int, by step: Int) -> Tensor {
        let n = shape[axis]
        var widths = [(Int, Int)](repeating: (0, 0), count: rank + 1)
        widths[axis + 1] = (0, step - 1)
        var merged = shape
        merged[axis] = n * step
        // (…, n, …) → (…, n, 1, …) → (…, n, step, …) → (…, n·step, …) → without the last zeros
        return expandingDims(axis + 1).padded(widths).reshaped(merged).sliced(axis: axis, 0, (n - 1) * step + 1)
    }
}

// MARK: Indexing

/// Gradients of a scatter that replaces: the base keeps what was not written, an update gets a gradient where it was the last at its place.
private func replacementGradients(
    _ operands: [Tensor], _ g: Tensor, scatter: (Tensor, Tensor) -> Tensor
) -> (base: Tensor, updates: ((Tensor) -> Tensor) -> Tensor) {
    let updates = operands[2]
    let base = scatter(g, .zeros(like: updates))
    // Number the updates, write the numbers, and read them back: who reads its own number was last.
    let numbers = Tensor.range(updates.elementCount, dtype: .float64).reshaped(updates.shape)
    let owners = scatter(Tensor.full(operands[0].shape, -1.0, dtype: .float64), numbers)
    return (base, { gather in `where`(gather(owners) .== numbers, gather(g), 0) })
}

// MARK: Windows

/// The elements of `g` at the positions of the maxima of `x`'s windows: the transpose of max pooling's gradient.
private func atMaxima(of x: Tensor, _ pooling: Pooling, _ g: Tensor) -> Tensor {
    let spatial = pooling.windowSize.count
    let inputSize = Array(x.shape.suffix(spatial))
    let outputSize = pooling.outputSize(input: inputSize)
    let lead = Array(x.shape.prefix(2))
    let windows = x.windows(pooling, fill: -Double.infinity)  // (N, C, out, window)
    let winner = windows.argMax(axis: -1, keepingAxes: true)
    let values = g.windows(pooling, fill: 0).gathered(elements: winner, axis: windows.rank - 1)
    return values.reshaped(Shape(lead + outputSize))
}

extension Tensor {
    /// Every window of a pooling, its elements along a last axis: `(N, C, …) → (N, C, Π outputs, Π window)`.
    fileprivate func windows(_ pooling: Pooling, fill: Double) -> Tensor {
        let spatial = pooling.windowSize.count
        let padded = self.padded(
            [(0, 0), (0, 0)] + (0..<spatial).map { (pooling.paddingLow[$0], pooling.paddingHigh[$0]) }, value: fill)
        let extents = Array(padded.shape.suffix(spatial))
        let outputs = pooling.outputSize(input: Array(shape.suffix(spatial)))
        // Flat positions in the padded image of each (output, window) pair.
        var positions = [0]
        for axis in 0..<spatial {
            positions = positions.flatMap { base in
                (0..<outputs[axis]).map { base * extents[axis] + $0 * pooling.stride[axis] }
            }
        }
        var offsets = [0]
        for axis in 0..<spatial {
            offsets = offsets.flatMap { base in (0..<pooling.windowSize[axis]).map { base * extents[axis] + $0 } }
        }
        let table = Tensor(positions).expandingDims(1) + Tensor(offsets)  // (Π outputs, Π window)
        return padded.reshaped(shape[0], shape[1], -1).gathered(table, axis: 2)
    }
}
