import ApusTensor
import ApusTestSupport

/// An operation as a function of some of its operands.
struct GradientSample {
    let operation: Operation
    /// What to differentiate by: the leading operands.
    let variables: [Tensor]
    let constants: [Tensor]
    /// Whether its gradient is worth differentiating again.
    var isSmooth = true

    init(_ operation: Operation, _ variables: Tensor..., constants: [Tensor] = [], isSmooth: Bool = true) {
        self.operation = operation
        self.variables = variables
        self.constants = constants
        self.isSmooth = isSmooth
    }

    /// Indices stand second among the operands of scatter and last among those of gather.
    func applied(_ variables: [Tensor]) -> Tensor {
        var operands = variables
        switch operation {
        case .scatter, .scatterElements: operands.insert(constants[0], at: 1)
        case .select: operands.insert(constants[0], at: 0)
        default: operands += constants
        }
        return Tensor(Node.make(operation, operands.map(\.node)))
    }
}

extension OperationFamily {
    /// Families that `GradientCheckTests` enumerates by their own cases, and those that gradients do not pass.
    var hasNoOwnCheck: Bool {
        switch self {
        case .unary, .binary, .reduce, .scan: true
        case .constant, .iota, .random, .compare, .argReduce, .argSort, .stopGradient, .invalid: true
        // These have tests of what they are there for: AutodiffTests.
        case .variable, .barrier, .customGradient: true
        // Only a part of their results has a gradient: RecurrenceTests.
        case .recurrence, .recurrenceGradient: true
        // Theirs are taken together: LoopTests.
        case .loop: true
        // Of symmetric matrices one triangle is read, and vectors have no sign of their own: goldens of their functions.
        case .factorization: true
        default: false
        }
    }

    var gradientSamples: [GradientSample] {
        let maker = TensorMaker(seed: 9)
        func x(_ shape: Int...) -> Tensor { maker.uniform(Shape(shape), dtype: .float64) }
        func distinct(_ shape: Int...) -> Tensor { maker.distinct(Shape(shape)) }
        let places = Tensor([2, 0, 2])
        let table = Tensor([0, 2, 1, 1, 2, 2], shape: [2, 3])

        switch self {
        case .constant, .iota, .random, .compare, .argReduce, .argSort, .stopGradient, .invalid: return []
        case .unary, .binary, .reduce, .scan, .variable, .barrier, .customGradient: return []
        case .recurrence, .recurrenceGradient, .loop, .factorization: return []
        case .triangularSolve:
            let a = x(2, 3, 3) + Tensor.identity(3, dtype: .float64) * 4
            return [false, true].flatMap { upper in
                [false, true].map { unit in
                    GradientSample(.triangularSolve(upper: upper, unitDiagonal: unit), a, x(2, 3, 2))
                }
            }
        case .fourier:
            return [1, 2, 5, 6].flatMap { n in
                FourierTransform.Kind.allCases.map { kind in
                    let transform = FourierTransform(kind, length: n)
                    return GradientSample(
                        .fourier(transform), maker.uniform(Shape([2] + transform.inputExtents), dtype: .float64))
                }
            }
        case .select:
            return [GradientSample(.select, x(4), x(4), constants: [Tensor([true, false, true, false])])]
        case .cast: return [GradientSample(.cast(.float64), x(3))]
        case .reshape: return [GradientSample(.reshape([3, 2]), x(2, 3)), GradientSample(.reshape([1]), x())]
        case .transpose: return [GradientSample(.transpose([2, 0, 1]), x(2, 3, 2))]
        case .broadcast:
            return [GradientSample(.broadcast([2, 3, 2]), x(3, 1)), GradientSample(.broadcast([2, 2]), x())]
        case .slice:
            return [
                GradientSample(
                    .slice([SliceRange(start: 4, count: 3, step: -2), SliceRange(start: 1, count: 1)]), x(5, 2)),
                GradientSample(
                    .slice([SliceRange(start: 0, count: 2, step: 3), SliceRange(start: 0, count: 2)]), x(5, 2)),
                GradientSample(.slice([SliceRange(start: 0, count: 0)]), x(3)),
            ]
        case .pad: return [GradientSample(.pad(low: [1, 0], high: [0, 2]), x(2, 2), x())]
        case .reverse: return [GradientSample(.reverse(axes: [0, 1]), x(2, 3))]
        case .concatenate: return [GradientSample(.concatenate(axis: 1), x(2, 1), x(2, 3), x(2, 0))]
        case .gather:
            return [
                GradientSample(.gather(axis: 0), x(3, 2), constants: [places]),
                GradientSample(.gather(axis: 1), x(2, 3), constants: [table]),
            ]
        case .scatter:
            return ScatterMode.allCases.map {
                GradientSample(.scatter($0, axis: 0), x(4, 2), x(3, 2), constants: [places])
            }
        case .gatherElements:
            return [GradientSample(.gatherElements(axis: 1), x(2, 3), constants: [table])]
        case .scatterElements:
            return ScatterMode.allCases.map {
                GradientSample(.scatterElements($0, axis: 1), x(2, 4), x(2, 3), constants: [table])
            }
        case .dynamicSlice:
            return [GradientSample(.dynamicSlice(sizes: [2, 1]), x(3, 3), constants: [Tensor([2, 1])])]
        case .dynamicUpdate: return [GradientSample(.dynamicUpdate, x(3, 3), x(2, 1), constants: [Tensor([2, 1])])]
        case .sort:
            return [false, true].map { GradientSample(.sort(axis: 1, descending: $0), distinct(2, 4)) }
        case .matmul:
            return [GradientSample(.matmul, x(2, 3), x(3, 2)), GradientSample(.matmul, x(2, 1, 3), x(2, 3, 2))]
        case .convolution:
            return Convolution.examples.map { geometry, x, weight, _ in
                GradientSample(.convolution(geometry), x, weight)
            }
        case .convolutionInputGradient:
            return Convolution.examples.map { geometry, x, weight, y in
                GradientSample(.convolutionInputGradient(geometry, inputSize: Array(x.shape.dropFirst(2))), y, weight)
            }
        case .convolutionWeightGradient:
            return Convolution.examples.map { geometry, x, weight, y in
                GradientSample(.convolutionWeightGradient(geometry, kernelSize: Array(weight.shape.dropFirst(2))), x, y)
            }
        case .pool:
            return Pooling.examples.map { GradientSample(.pool($0), distinct(1, 2, 4, 5)) }
        case .poolGradient:
            return Pooling.examples.map { pooling in
                let output = Shape([1, 2] + pooling.outputSize(input: [4, 5]))
                let operation = Operation.poolGradient(pooling, inputSize: [4, 5])
                let gradient = maker.uniform(output, dtype: .float64)
                return pooling.kind == .maximum
                    ? GradientSample(operation, gradient, constants: [distinct(1, 2, 4, 5)])
                    : GradientSample(operation, gradient)
            }
        case .softmax: return (0..<2).map { GradientSample(.softmax(axis: $0), x(2, 3)) }
        case .attention:
            let mask = Tensor([0, -1, -Double.infinity], shape: [1, 3], dtype: .float64).broadcast(to: [2, 2, 3])
            return [false, true].map {
                GradientSample(.attention(Attention(scale: 0.5, isCausal: $0)), x(2, 2, 3), x(2, 3, 3), x(2, 3, 1))
            } + [
                GradientSample(
                    .attention(Attention(scale: 0.5)), x(2, 2, 2), x(2, 3, 2), x(2, 3, 1), constants: [mask]),
                GradientSample(.attention(Attention(scale: 0.5)), x(2, 2), x(3, 2), x(3, 2), x(2, 3)),
            ]
        case .attentionGradient:
            return AttentionOperand.allCases.map {
                GradientSample(
                    .attentionGradient(Attention(scale: 0.5, isCausal: true), by: $0), x(2, 1), x(2, 2), x(2, 2),
                    x(2, 1),
                    isSmooth: false)
            }
        case .logSoftmax: return (0..<2).map { GradientSample(.logSoftmax(axis: $0), x(2, 3)) }
        }
    }
}

extension Convolution {
    /// Geometries with an input, a weight and an output's gradient.
    fileprivate static var examples: [(Convolution, Tensor, Tensor, Tensor)] {
        let maker = TensorMaker(seed: 11)
        func example(_ geometry: Convolution, _ x: Shape, _ weight: Shape) -> (Convolution, Tensor, Tensor, Tensor) {
            let size = geometry.outputSize(input: Array(x.dropFirst(2)), kernel: Array(weight.dropFirst(2)))
            func random(_ shape: Shape) -> Tensor { maker.uniform(shape, dtype: .float64) }
            return (geometry, random(x), random(weight), random(Shape([x[0], weight[0]] + size)))
        }
        return [
            example(Convolution(stride: [2], paddingLow: [1], paddingHigh: [0], dilation: [1]), [2, 2, 5], [3, 2, 3]),
            example(
                Convolution(stride: [1, 2], paddingLow: [0, 1], paddingHigh: [1, 1], dilation: [2, 1], groups: 2),
                [1, 2, 4, 3], [2, 1, 2, 2]),
            example(
                Convolution(stride: [1, 1, 2], paddingLow: [0, 0, 1], paddingHigh: [0, 0, 0], dilation: [1, 1, 1]),
                [1, 1, 2, 3, 3], [2, 1, 2, 1, 2]),
        ]
    }
}

extension Pooling {
    fileprivate static var examples: [Pooling] {
        PoolingKind.allCases.flatMap { kind in
            [true, false].map { counts in
                Pooling(
                    kind, windowSize: [2, 3], stride: [1, 2], paddingLow: [1, 0], paddingHigh: [0, 1],
                    countsPadding: counts)
            }
        }
    }
}
