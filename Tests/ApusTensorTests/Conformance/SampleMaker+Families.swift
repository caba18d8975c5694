import ApusTensor
import ApusTestSupport

extension SampleMaker {
    /// Samples of a family; those that are not defined on this dtype are to be skipped.
    func samples(of family: OperationFamily) -> [Sample] {
        switch family {
        case .constant: [Sample(.constant, wild(shape()))]
        case .iota, .random: leaves(family)
        case .unary, .binary, .compare, .select, .cast: pointwise(family)
        case .reduce, .argReduce, .scan: reductions(family)
        case .reshape, .transpose, .broadcast, .slice, .pad, .reverse, .concatenate: movements(family)
        case .gather, .scatter, .gatherElements, .scatterElements, .dynamicSlice, .dynamicUpdate: indexing(family)
        case .sort, .argSort: orders(family)
        case .matmul, .convolution, .convolutionInputGradient, .convolutionWeightGradient: contractions(family)
        case .factorization, .triangularSolve: systems(family)
        case .fourier: transforms()
        case .pool, .poolGradient: windows(family)
        case .softmax, .logSoftmax: composites(family)
        case .attention, .attentionGradient: attentions(family)
        case .recurrence, .recurrenceGradient: recurrences(family)
        case .loop: loops()
        case .variable, .stopGradient, .barrier, .customGradient, .invalid: identities(family)
        }
    }

    private func leaves(_ family: OperationFamily) -> [Sample] {
        let (shape, axis) = shapeAndAxis()
        if family == .iota { return dtype == .bool ? [] : [Sample(.iota(shape, axis: axis, dtype))] }
        return Distribution.allCases.map {
            Sample(.random($0, shape, dtype), Tensor(maker.integer(in: -(1 << 40)...(1 << 40))), slack: 4)
        }
    }

    private func pointwise(_ family: OperationFamily) -> [Sample] {
        let shape = shape()
        switch family {
        case .unary: return UnaryOperation.allCases.map { Sample(.unary($0), wild(shape)) }
        case .binary:
            return BinaryOperation.allCases.map { operation in
                let isShift = operation == .shiftLeft || operation == .shiftRight
                let other = isShift ? maker.integers(shape, in: 0...9).cast(to: dtype) : wild(shape)
                return Sample(.binary(operation), wild(shape), other)
            }
        case .compare: return Comparison.allCases.map { Sample(.compare($0), wild(shape), wild(shape)) }
        case .select: return [Sample(.select, tensor(shape, .bool), wild(shape), wild(shape))]
        default:
            // What a float out of an integer's range becomes is the processor's business.
            return DType.allCases.map { Sample(.cast($0), $0.isFloatingPoint ? wild(shape) : tensor(shape)) }
        }
    }

    private func reductions(_ family: OperationFamily) -> [Sample] {
        let (shape, axis) = shapeAndAxis(nonEmpty: family == .argReduce)
        let reverse = maker.chance(0.5)
        switch family {
        case .reduce:
            return Reduction.allCases.flatMap { reduction in
                [axes(of: shape), Array(shape.indices), [axis]].map { axes in
                    Sample(.reduce(reduction, axes: axes), reduction.isProduct ? nearOne(shape) : wild(shape), slack: 4)
                }
            }
        case .argReduce: return ArgReduction.allCases.map { Sample(.argReduce($0, axis: axis), wild(shape)) }
        default:
            return Scan.allCases.map { scan in
                let x = scan == .product ? nearOne(shape) : wild(shape)
                return Sample(.scan(scan, axis: axis, reverse: reverse), x, slack: 4)
            }
        }
    }

    private func movements(_ family: OperationFamily) -> [Sample] {
        let (shape, axis) = shapeAndAxis()
        let x = wild(shape)
        switch family {
        case .reshape: return [Sample(.reshape(Shape(shape.reversed())), x), Sample(.reshape(Shape([1] + shape)), x)]
        case .transpose:
            var source = maker.generator
            return [Sample(.transpose(shape.indices.shuffled(using: &source)), x)]
        case .broadcast:
            let extents = shape.map { maker.chance(0.5) ? 1 : $0 }
            let smaller = Shape(Array(extents.dropFirst(maker.integer(in: 0...shape.rank))))
            return [Sample(.broadcast(shape), wild(smaller))]
        case .slice: return [Sample(.slice(shape.map(range)), x)]
        case .pad:
            let widths = shape.map { _ in (maker.integer(in: 0...3), maker.integer(in: 0...2)) }
            return [Sample(.pad(low: widths.map(\.0), high: widths.map(\.1)), x, tensor([]))]
        case .reverse: return [Sample(.reverse(axes: axes(of: shape)), x)]
        default:
            let parts = (0..<maker.integer(in: 1...4)).map { _ -> Tensor in
                var part = shape
                part[axis] = maker.integer(in: 0...5)
                return wild(part)
            }
            return [Sample(.concatenate(axis: axis), parts)]
        }
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

    private func indexing(_ family: OperationFamily) -> [Sample] {
        let (shape, axis) = shapeAndAxis(nonEmpty: true)
        let rows = self.maker.shape(rank: maker.integer(in: 0...2))
        let places = indices(rows, below: shape[axis])
        var slices = shape.dimensions
        slices.replaceSubrange(axis...axis, with: rows.dimensions)
        var elements = shape
        elements[axis] = maker.integer(in: 0...7)
        let elementPlaces = indices(elements, below: shape[axis])
        let block = Shape(shape.map { maker.integer(in: 0...$0) })
        let corner = maker.integers([shape.rank], in: -2...20)
        switch family {
        case .gather: return [Sample(.gather(axis: axis), wild(shape), places)]
        case .scatter:
            return ScatterMode.allCases.map {
                Sample(.scatter($0, axis: axis), tensor(shape), places, tensor(Shape(slices)))
            }
        case .gatherElements: return [Sample(.gatherElements(axis: axis), wild(shape), elementPlaces)]
        case .scatterElements:
            return ScatterMode.allCases.map {
                Sample(.scatterElements($0, axis: axis), tensor(shape), elementPlaces, tensor(elements))
            }
        case .dynamicSlice: return [Sample(.dynamicSlice(sizes: block), wild(shape), corner)]
        default: return [Sample(.dynamicUpdate, wild(shape), wild(block), corner)]
        }
    }

    private func orders(_ family: OperationFamily) -> [Sample] {
        let (shape, axis) = shapeAndAxis()
        return [false, true].map {
            family == .sort
                ? Sample(.sort(axis: axis, descending: $0), wild(shape))
                : Sample(.argSort(axis: axis, descending: $0), wild(shape))
        }
    }

    // MARK: Contractions

    private func contractions(_ family: OperationFamily) -> [Sample] {
        if family == .matmul {
            let batch = Array(maker.shape(rank: maker.integer(in: 0...2), largest: 4))
            let (m, k, n) =
                size == .large
                ? (67, 130, 259) : (maker.integer(in: 0...9), maker.integer(in: 0...17), maker.integer(in: 1...33))
            return [Sample(.matmul, tensor(Shape(batch + [m, k])), tensor(Shape(batch + [k, n])), slack: 4)]
        }
        let (geometry, x, weight) = convolutionOperands()
        let (inputSize, kernelSize) = (Array(x.shape.dropFirst(2)), Array(weight.shape.dropFirst(2)))
        let output = Shape([x.shape[0], weight.shape[0]] + geometry.outputSize(input: inputSize, kernel: kernelSize))
        switch family {
        case .convolution: return [Sample(.convolution(geometry), x, weight, slack: 4)]
        case .convolutionInputGradient:
            return [Sample(.convolutionInputGradient(geometry, inputSize: inputSize), tensor(output), weight, slack: 4)]
        default:
            return [Sample(.convolutionWeightGradient(geometry, kernelSize: kernelSize), x, tensor(output), slack: 4)]
        }
    }

    private func convolutionOperands() -> (Convolution, Tensor, Tensor) {
        let rank = maker.integer(in: 1...3)
        let isLarge = size == .large
        let groups = maker.choose([1, 1, 2, 3])
        let (channels, outputs) = (groups * maker.integer(in: 1...4), groups * maker.integer(in: 1...(isLarge ? 8 : 4)))
        let kernel = (0..<rank).map { _ in maker.integer(in: 1...3) }
        let dilation = (0..<rank).map { _ in maker.choose([1, 1, 2]) }
        let extents = (0..<rank).map { axis in
            dilation[axis] * (kernel[axis] - 1) + (isLarge ? [0, 400, 40, 12][rank] : maker.integer(in: 1...6))
        }
        let geometry = Convolution(
            stride: (0..<rank).map { _ in maker.choose([1, 1, 2, 3]) },
            paddingLow: (0..<rank).map { _ in maker.integer(in: 0...2) },
            paddingHigh: (0..<rank).map { _ in maker.integer(in: 0...2) }, dilation: dilation, groups: groups)
        let batch = isLarge ? 3 : maker.choose([0, 1, 2, 2, 3])
        return (
            geometry, tensor(Shape([batch, channels] + extents)), tensor(Shape([outputs, channels / groups] + kernel))
        )
    }

    // MARK: Windows and composites

    private func windows(_ family: OperationFamily) -> [Sample] {
        let rank = maker.integer(in: 1...3)
        let window = (0..<rank).map { _ in maker.integer(in: 1...4) }
        let extents = window.map { $0 + (size == .large ? [0, 4000, 70, 14][rank] : maker.integer(in: 0...6)) }
        let shape = Shape(
            [size == .large ? 3 : maker.choose([0, 1, 2]), size == .large ? 9 : maker.integer(in: 1...5)] + extents)
        return PoolingKind.allCases.flatMap { kind in
            [true, false].map { countsPadding in
                let pooling = Pooling(
                    kind, windowSize: window, stride: window.map { _ in maker.integer(in: 1...3) },
                    paddingLow: window.map { maker.integer(in: 0...($0 - 1)) },
                    paddingHigh: window.map { maker.integer(in: 0...($0 - 1)) }, countsPadding: countsPadding)
                let x = tensor(shape)
                if family == .pool { return Sample(.pool(pooling), x) }
                let output = Shape(Array(shape.prefix(2)) + pooling.outputSize(input: extents))
                let gradient = tensor(output)
                return Sample(
                    .poolGradient(pooling, inputSize: extents), kind == .maximum ? [gradient, x] : [gradient])
            }
        }
    }

    private func composites(_ family: OperationFamily) -> [Sample] {
        let (shape, axis) = shapeAndAxis()
        return [Sample(family == .softmax ? .softmax(axis: axis) : .logSoftmax(axis: axis), tensor(shape), slack: 2)]
    }

    private func attentions(_ family: OperationFamily) -> [Sample] {
        let isLarge = size == .large
        let batch = isLarge ? Shape([2]) : shape(rank: maker.integer(in: 0...2))
        func extent() -> Int { isLarge ? maker.choose([33, 65, 129]) : maker.integer(in: 0...9) }
        let (queries, keys, features, values) = (extent(), extent(), extent(), extent())
        let attention = Attention(scale: 0.25, isCausal: maker.chance(0.5))
        func operand(_ rows: Int, _ columns: Int, _ dtype: DType? = nil) -> Tensor {
            tensor(Shape(batch + [rows, columns]), dtype ?? self.dtype)
        }
        var operands = [operand(queries, features), operand(keys, features), operand(keys, values)]
        if maker.chance(0.5) {
            let mask = operand(queries, keys, dtype.ofArithmetic)
            operands.append(dtype.isFloatingPoint ? `where`(mask .> 0.5, -Double.infinity, mask) : mask)
        }
        if family == .attention { return [Sample(.attention(attention), operands, slack: isLarge ? 20 : 4)] }
        let gradient = operand(queries, values)
        return AttentionOperand.allCases.map {
            Sample(.attentionGradient(attention, by: $0), [gradient] + operands, slack: isLarge ? 200 : 20)
        }
    }

    private func recurrences(_ family: OperationFamily) -> [Sample] {
        guard dtype.isFloatingPoint else { return [] }
        return RecurrentUnit.allCases.map { unit in
            // More rows than go through the steps together, and no whole number of panels.
            let (steps, batch, hidden) =
                size == .large
                ? (3, 35, 70) : (maker.integer(in: 1...4), maker.integer(in: 0...5), maker.integer(in: 1...9))
            let width = unit.gateCount * hidden
            let states = (0..<unit.stateCount).map { _ in tensor([batch, hidden]) }
            let weight = maker.eighths([width, hidden], in: -0.25...0.25, dtype: dtype)
            let operands = [tensor([steps, batch, width]), weight, tensor([width])] + states
            if family == .recurrence { return Sample(.recurrence(unit), operands, slack: 16) }
            let result = Tensor(Node.make(.recurrence(unit), operands.map(\.node)))
            let gradients = [tensor([steps, batch, hidden])] + (unit == .lstm ? [tensor([batch, hidden])] : [])
            return Sample(.recurrenceGradient(unit), operands + [result] + gradients, slack: 16)
        }
    }

    /// Running maxima below a bound, all results of them.
    private func loops() -> [Sample] {
        let element = shape(rank: 2)
        let steps = maker.integer(in: 0...4)
        let type = TensorType(element, dtype)
        let body = Program(
            inputs: [TensorType([], .int64), type, type, type],
            instructions: [
                .init(.binary(.maximum), [1, 2], type), .init(.binary(.minimum), [4, 3], type),
            ],
            outputs: [5, 4])
        let loop = Loop(
            body: body, stateCount: 1, sequenceCount: 1, stepCount: steps, isReversed: maker.integer(in: 0...1) == 1)
        let operands = [wild(element), wild(Shape([steps] + element.dimensions)), wild(element)]
        return [Loop.Result.state(0), .output(0), .history(0), .count].map { Sample(.loop(loop, result: $0), operands) }
    }

    private func identities(_ family: OperationFamily) -> [Sample] {
        let x = wild(shape())
        switch family {
        case .variable: return [Sample(.variable, x)]
        case .stopGradient: return [Sample(.stopGradient, x)]
        case .barrier: return [Sample(.barrier, x)]
        case .customGradient: return [Sample(.customGradient(CustomGradient { _, gradient in [gradient] }), x, x)]
        default: return [Sample(.invalid(x.node.type))]
        }
    }
}

extension Reduction {
    fileprivate var isProduct: Bool { self == .product }
}
