import ApusTensor

/// What a random program grows by.
enum ProgramMove: CaseIterable {
    case unary, binary, choice, roundTrip, repetition, identity, integers
    case sum, spreadSum, scan, sort, argument
    case transpose, reverse, slice, pad, concatenate, reshape, gather, gatherElements, scatter, window
    case softmax, writtenSoftmax, layerNorm, batchNorm, adam, attention, maskedGradient
    case linear, gram, convolution, convolutionGradients, pool

    /// Those that need no axis.
    static let onAnything: [ProgramMove] = [
        .unary, .binary, .choice, .roundTrip, .repetition, .identity, .integers, .adam,
    ]
}

extension ProgramGrowth {
    mutating func make(_ move: ProgramMove, _ x: Int) {
        let shape = shape(x)
        let axis = shape.isEmpty ? 0 : maker.integer(in: 0...(shape.rank - 1))
        switch move {
        case .unary:
            _ = add(.unary(maker.choose([.negate, .absolute, .tanh, .sigmoid, .sin, .cos, .erf, .atan, .relu])), x)
        case .binary:
            let operation = maker.choose([BinaryOperation.add, .subtract, .multiply, .maximum, .minimum])
            _ = bounded(add(.binary(operation), x, value(of: shape)))
        case .choice: choose(x)
        case .roundTrip: roundTrip(x)
        case .repetition: repeatAnInstruction()
        case .identity: addIdentity(x)
        case .integers: addIntegers()
        case .sum: _ = bounded(add(.reduce(reduction(), axes: axes(of: shape)), x))
        case .spreadSum:
            let reduced = bounded(add(.reduce(reduction(), axes: [axis]), x))
            _ = add(.binary(.add), spread(reduced, over: [axis], like: x), x)
        case .scan:
            _ = bounded(
                add(.scan(maker.choose([.sum, .maximum, .minimum]), axis: axis, reverse: maker.chance(0.5)), x))
        case .sort: _ = add(.sort(axis: axis, descending: maker.chance(0.5)), x)
        case .argument: addArgument()
        case .transpose:
            var source = maker.generator
            _ = add(.transpose(shape.indices.shuffled(using: &source)), x)
        case .reverse: _ = add(.reverse(axes: axes(of: shape)), x)
        case .slice:
            _ = add(.slice(shape.enumerated().map { $0 == axis ? range(of: $1) : SliceRange(start: 0, count: $1) }), x)
        case .pad:
            let filling = input([])
            let low = shape.map { _ in maker.choose([0, 0, 0, 1, 2]) }
            _ = add(.pad(low: low, high: low.reversed()), x, filling)
        case .concatenate: _ = add(.concatenate(axis: axis), x, maker.chance(0.5) ? x : value(of: shape))
        case .reshape: _ = add(.reshape(regrouped(shape)), x)
        case .gather, .gatherElements, .scatter, .window: index(move, x, axis)
        case .softmax: _ = maker.chance(0.7) ? add(.softmax(axis: axis), x) : bounded(add(.logSoftmax(axis: axis), x))
        case .writtenSoftmax: writeSoftmax(x, axis)
        case .layerNorm: normalize(x, axes: Array((maker.chance(0.7) ? shape.rank - 1 : axis)..<shape.rank))
        case .batchNorm: normalize(x, axes: shape.indices.filter { $0 != min(1, shape.rank - 1) })
        case .adam: updateParameters(x)
        case .attention: attend(x)
        case .maskedGradient: maskGradient()
        case .linear: addLinear(x)
        case .gram: addGram(x)
        case .convolution, .convolutionGradients: convolve(x, withGradients: move == .convolutionGradients)
        case .pool: addPool(x)
        }
    }

    // MARK: Pointwise

    private func reduction() -> Reduction { maker.choose([.sum, .sum, .maximum, .minimum]) }

    private func axes(of shape: Shape) -> [Int] { shape.indices.filter { _ in maker.chance(0.5) } }

    /// What a reduction over `axes` of `x` gave, repeated along them again.
    private mutating func spread(_ reduced: Int, over axes: [Int], like x: Int) -> Int {
        let kept = add(.reshape(shape(x).keeping(axes: axes)), reduced)
        return broadcast(kept, to: shape(x))
    }

    /// By a condition that everybody agrees about.
    private mutating func choose(_ x: Int) {
        let condition = any { isExact($0) && shape($0) == shape(x) } ?? input(shape(x))
        let limit = number(0.25, like: condition)
        let mask = add(.compare(maker.choose([.less, .greaterEqual, .equal])), condition, limit)
        _ = add(.select, mask, x, value(of: shape(x)))
    }

    private mutating func roundTrip(_ x: Int) {
        let others: [DType] = [.float64, .float64, .float32, .bfloat16, .float16]
        var y = bounded(add(.cast(maker.choose(others)), x))
        if maker.chance(0.5) { y = add(.cast(.float32), y) }
        if maker.chance(0.5) { y = add(.transpose(Array(shape(y).indices.reversed())), y) }
        if maker.chance(0.5) { y = add(.reshape([shape(y).elementCount]), y) }
        _ = add(.cast(dtype), y)
    }

    private mutating func addIdentity(_ x: Int) {
        let shape = shape(x)
        switch maker.integer(in: 0...6) {
        case 0: _ = add(.variable, x)
        case 1: _ = add(.stopGradient, x)
        case 2: _ = add(.barrier, x)
        case 3: _ = add(.cast(dtype), x)
        case 4: _ = add(.reduce(.sum, axes: []), x)
        case 5: _ = add(.transpose(Array(shape.indices)), x)
        default: _ = add(.reshape(shape), add(.reshape([shape.elementCount]), x))
        }
    }

    /// Some arithmetic of integers, and back to floats.
    private mutating func addIntegers() {
        let exact = any { isExact($0) }!
        let positive = add(.binary(.maximum), exact, number(0, like: exact))
        var x = add(.cast(maker.choose([.int32, .int64, .uint8])), positive)
        for _ in 0..<maker.integer(in: 1...4) {
            x = add(.binary(maker.choose([.add, .multiply, .maximum, .floorDivide, .xor])), x, x)
        }
        if !shape(x).isEmpty { x = add(.scan(.sum, axis: 0, reverse: false), x) }
        _ = bounded(add(.cast(dtype), x))
    }

    // MARK: Order and places

    private mutating func addArgument() {
        guard let x = any(where: { isExact($0) && !shape($0).isEmpty }) else { return }
        let axis = maker.integer(in: 0...(shape(x).rank - 1))
        let places: Int
        if shape(x)[axis] > 0 && maker.chance(0.5) {
            places = add(.argReduce(maker.choose([.maximum, .minimum]), axis: axis), x)
        } else {
            places = add(.argSort(axis: axis, descending: maker.chance(0.5)), x)
        }
        _ = bounded(add(.cast(dtype), places))
    }

    private func range(of extent: Int) -> SliceRange {
        let step = maker.choose([1, 1, 2, 3])
        let count = maker.integer(in: 0...((extent + step - 1) / step))
        guard count > 0 else { return SliceRange(start: 0, count: 0) }
        let span = (count - 1) * step
        let start = maker.integer(in: 0...(extent - 1 - span))
        return maker.chance(0.3)
            ? SliceRange(start: start + span, count: count, step: -step)
            : SliceRange(start: start, count: count, step: step)
    }

    /// Two neighbouring axes as one, or one as two.
    private func regrouped(_ shape: Shape) -> Shape {
        var extents = shape.dimensions
        let axis = maker.integer(in: 0...(extents.count - 1))
        if axis + 1 < extents.count && maker.chance(0.5) {
            extents.replaceSubrange(axis...(axis + 1), with: [extents[axis] * extents[axis + 1]])
        } else {
            let divisor = [2, 3, 5, 7].first { extents[axis] % $0 == 0 && extents[axis] > 0 } ?? 1
            extents.replaceSubrange(axis...axis, with: [extents[axis] / divisor, divisor])
        }
        return extents.count > 6 ? [shape.elementCount] : Shape(extents)
    }

    private mutating func index(_ move: ProgramMove, _ x: Int, _ axis: Int) {
        let extents = shape(x)
        guard extents[axis] > 0 else { return }
        func places(_ shape: Shape) -> Tensor { maker.integers(shape, in: 0...(extents[axis] - 1)) }
        switch move {
        case .gather:
            _ = add(.gather(axis: axis), x, input(places(maker.shape(rank: maker.integer(in: 0...2), largest: 9))))
        case .gatherElements:
            var shape = extents
            shape[axis] = maker.integer(in: 0...9)
            _ = add(.gatherElements(axis: axis), x, input(places(shape)))
        case .scatter:
            let count = maker.integer(in: 0...9)
            var shape = extents
            shape[axis] = count
            let updates = value(of: shape)
            _ = bounded(add(.scatter(.add, axis: axis), x, input(places([count])), updates))
        default:
            let block = Shape(extents.map { maker.integer(in: 0...$0) })
            let corner = input(maker.integers([extents.rank], in: -2...20))
            let seen = add(.dynamicSlice(sizes: block), x, corner)
            if maker.chance(0.5) { _ = add(.dynamicUpdate, x, add(.unary(.negate), seen), corner) }
        }
    }

    // MARK: Patterns that networks are made of

    /// exp(x − max x) / Σ exp(x − max x)
    private mutating func writeSoftmax(_ x: Int, _ axis: Int) {
        let most = spread(add(.reduce(.maximum, axes: [axis]), x), over: [axis], like: x)
        let powers = add(.unary(.exp), add(.binary(.subtract), x, most))
        let total = spread(add(.reduce(.sum, axes: [axis]), powers), over: [axis], like: x)
        _ = add(.binary(.divide), powers, total)
    }

    /// γ (x − mean) / √(variance + ε) + β, activated. A large ε keeps errors from growing.
    private mutating func normalize(_ x: Int, axes: [Int]) {
        let count = Double(max(1, axes.reduce(1) { $0 * shape(x)[$1] }))
        func mean(_ value: Int, _ growth: inout ProgramGrowth) -> Int {
            let sum = growth.add(.reduce(.sum, axes: axes), value)
            return growth.add(.binary(.divide), sum, growth.number(count, like: sum))
        }
        let center = mean(x, &self)
        let centered = add(.binary(.subtract), x, spread(center, over: axes, like: x))
        let variance = mean(add(.binary(.multiply), centered, centered), &self)
        let scale = add(.unary(.rsqrt), add(.binary(.add), variance, number(0.25, like: variance)))
        let normal = add(.binary(.multiply), centered, spread(scale, over: axes, like: x))
        let scaled = add(.binary(.multiply), normal, value(of: shape(x)))
        _ = bounded(add(.binary(.add), scaled, value(of: shape(x))))
        if maker.chance(0.3) { show(center, variance) }
    }

    /// Two moments and a parameter, all of which somebody wants.
    private mutating func updateParameters(_ gradient: Int) {
        let shape = shape(gradient)
        let (parameter, first, second) = (input(shape), value(of: shape), add(.unary(.absolute), value(of: shape)))
        func mix(_ old: Int, _ new: Int, _ share: Double, _ growth: inout ProgramGrowth) -> Int {
            let kept = growth.add(.binary(.multiply), old, growth.number(share, like: old))
            let added = growth.add(.binary(.multiply), new, growth.number(1 - share, like: new))
            return growth.add(.binary(.add), kept, added)
        }
        let momentum = mix(first, gradient, 0.875, &self)
        let spread = mix(second, add(.binary(.multiply), gradient, gradient), 0.75, &self)
        let root = add(.unary(.sqrt), add(.binary(.add), spread, number(0.25, like: spread)))
        let step = add(.binary(.multiply), add(.binary(.divide), momentum, root), number(0.125, like: root))
        show(add(.binary(.subtract), parameter, step), momentum, spread)
    }

    /// relu'(x) · gradient, where everybody agrees about x.
    private mutating func maskGradient() {
        guard let x = any(where: { isExact($0) }) else { return }
        let mask = add(.compare(.greater), x, number(0, like: x))
        let gradient = value(of: shape(x))
        _ = add(.select, mask, gradient, number(0, like: gradient))
    }

    /// softmax(q kᵀ / √d) v over the last two axes
    private mutating func attend(_ x: Int) {
        let extents = shape(x)
        guard extents.rank >= 2, extents[extents.rank - 2] < 100, extents.elementCount < 20_000 else { return }
        let (keys, values) = (value(of: extents), value(of: extents))
        if maker.chance(0.5) { return attendAtOnce(x, keys, values) }
        let scores = add(.matmul, x, add(.transpose(lastTwoExchanged(extents.rank)), keys))
        let width = Double(max(1, extents[extents.rank - 1]))
        let scaled = add(.binary(.multiply), scores, number(1 / width.squareRoot(), like: scores))
        _ = add(.matmul, add(.softmax(axis: extents.rank - 1), scaled), values)
    }

    /// The same as one operation, and perhaps some of its gradients.
    private mutating func attendAtOnce(_ queries: Int, _ keys: Int, _ values: Int) {
        let width = Double(max(1, shape(queries).last!))
        let attention = Attention(scale: 1 / width.squareRoot(), isCausal: maker.chance(0.5))
        let y = add(.attention(attention), queries, keys, values)
        let gradient = value(of: shape(y))
        for operand in AttentionOperand.allCases where maker.chance(0.5) {
            _ = bounded(add(.attentionGradient(attention, by: operand), gradient, queries, keys, values))
        }
    }

    // MARK: Contractions

    private func lastTwoExchanged(_ rank: Int) -> [Int] { Array(0..<(rank - 2)) + [rank - 1, rank - 2] }

    /// Activated x W + b, with weights seen plainly or transposed.
    private mutating func addLinear(_ x: Int) {
        let extents = shape(x)
        guard extents.rank >= 2, extents.elementCount < 50_000 else { return }
        let (inner, outer) = (extents[extents.rank - 1], maker.integer(in: 1...40))
        var weight = maker.chance(0.5) ? input([inner, outer]) : add(.transpose([1, 0]), input([outer, inner]))
        if extents.rank > 2 { weight = add(.broadcast(Shape(extents.dropLast(2) + [inner, outer])), weight) }
        var y = add(.matmul, x, weight)
        if maker.chance(0.7) { y = add(.binary(.add), y, broadcast(input([outer]), to: shape(y))) }
        y = bounded(y)
        if maker.chance(0.3) { _ = add(.binary(.add), y, value(of: shape(y))) }
    }

    /// x xᵀ, or the transpose of it.
    private mutating func addGram(_ x: Int) {
        let extents = shape(x)
        guard extents.rank >= 2, extents[extents.rank - 2] < 100, extents.elementCount < 20_000 else { return }
        var y = add(.matmul, x, add(.transpose(lastTwoExchanged(extents.rank)), x))
        if maker.chance(0.5) { y = add(.transpose(lastTwoExchanged(extents.rank)), y) }
        _ = bounded(y)
    }

    /// A small kernel over what axes there are, with a bias and an activation.
    private mutating func convolve(_ x: Int, withGradients: Bool) {
        let extents = shape(x)
        guard (3...5).contains(extents.rank), extents.elementCount < 20_000 else { return }
        let spatial = Array(extents.dropFirst(2))
        let groups = maker.chance(0.7) || extents[1] == 0 ? 1 : extents[1]
        let kernel = spatial.map { _ in maker.integer(in: 1...3) }
        let geometry = Convolution(
            stride: spatial.map { _ in maker.choose([1, 1, 2]) }, paddingLow: kernel.map { $0 / 2 },
            paddingHigh: kernel.map { ($0 - 1) / 2 }, dilation: spatial.map { _ in maker.choose([1, 1, 1, 2]) },
            groups: groups)
        guard geometry.outputSize(input: spatial, kernel: kernel).allSatisfy({ $0 > 0 }) else { return }
        let weight = input(Shape([groups * maker.integer(in: 1...4), extents[1] / groups] + kernel))
        var y = add(.convolution(geometry), x, weight)
        if withGradients {
            let gradient = value(of: shape(y))
            _ = bounded(add(.convolutionInputGradient(geometry, inputSize: spatial), gradient, weight))
            _ = bounded(add(.convolutionWeightGradient(geometry, kernelSize: kernel), x, gradient))
        }
        if maker.chance(0.7) {
            let bias = input(Shape([shape(y)[1]] + spatial.map { _ in 1 }))
            y = add(.binary(.add), y, broadcast(bias, to: shape(y)))
        }
        y = bounded(y)
        if maker.chance(0.3) { _ = add(.binary(.add), y, value(of: shape(y))) }
    }

    private mutating func addPool(_ x: Int) {
        let extents = shape(x)
        let spatial = Array(extents.dropFirst(2))
        guard (3...5).contains(extents.rank), spatial.allSatisfy({ $0 > 0 }) else { return }
        let window = spatial.map { _ in maker.integer(in: 1...3) }
        let pooling = Pooling(
            maker.choose([.maximum, .average]), windowSize: window,
            stride: window.map { _ in maker.integer(in: 1...2) },
            paddingLow: window.map { $0 / 2 }, paddingHigh: window.map { ($0 - 1) / 2 },
            countsPadding: maker.chance(0.5))
        let y = add(.pool(pooling), x)
        if pooling.kind == .average {
            _ = add(.poolGradient(pooling, inputSize: spatial), value(of: shape(y)))
        } else if isExact(x) {
            _ = add(.poolGradient(pooling, inputSize: spatial), value(of: shape(y)), x)
        }
    }
}
