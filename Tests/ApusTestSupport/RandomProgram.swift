import ApusTensor

/// A random program, and values to run it on; the same for one seed.
///
/// Its operations are continuous and keep values small, so that roundings don't grow on their way through it. What jumps (comparisons, orders,
/// conversions to integers) is done only to values that every engine has exactly.
public struct RandomProgram {
    public let program: Program
    public let inputs: [Tensor]
    /// What is known about each of the program's values.
    public let traits: [ValueTraits]

    /// - Parameters:
    ///   - dtype: of most values; a floating-point one.
    ///   - shape: of the first input; odd, broadcast and empty ones if it isn't given.
    ///   - moves: how often something is added: an operation, or a pattern of several.
    public init(seed: UInt64, dtype: DType, shape: Shape? = nil, moves: Int? = nil) {
        let maker = TensorMaker(seed: seed)
        var growth = ProgramGrowth(maker, dtype, shape: shape)
        for _ in 0..<(moves ?? maker.integer(in: 3...25)) { growth.grow() }
        (program, inputs, traits) = growth.finished()
    }
}

/// How alike a value's bits are wherever a program is run.
public struct ValueTraits: Sendable {
    /// Every engine gives these very bits: moved and compared data, and integers.
    public var isExact: Bool
    /// No float was summed up on the way, nor rounded to 16 bits: one kernel after another gives the same bits as several fused.
    public var isElementwise: Bool
    /// The coarsest float on the way.
    public var coarsest: DType?

    /// What is to be allowed between two engines for this value.
    public func tolerance(slack: Double) -> Tolerance {
        guard !isExact, let coarsest else { return .exact }
        return .rounding(of: coarsest).scaled(by: slack)
    }

    /// Those of an operation's result.
    init(_ operation: Operation, _ operands: [ValueTraits], _ type: TensorType) {
        let isFloat = type.dtype.isFloatingPoint
        isExact = operands.allSatisfy(\.isExact) && (!isFloat || operation.isExactOnFloats)
        isElementwise =
            operands.allSatisfy(\.isElementwise) && type.dtype.byteCount != 2 && (!isFloat || !operation.accumulates)
        coarsest = (operands.map(\.coarsest) + [isFloat ? type.dtype : nil]).compactMap { $0 }
            .max { Tolerance.rounding(of: $0).relative < Tolerance.rounding(of: $1).relative }
    }
}

extension Operation {
    /// Whether floats come out as they went in, or as one of them did.
    fileprivate var isExactOnFloats: Bool {
        switch self {
        case .constant, .iota, .select, .argReduce, .argSort, .sort, .reshape, .transpose, .broadcast, .slice, .pad,
            .reverse, .concatenate, .gather, .gatherElements, .dynamicSlice, .dynamicUpdate, .variable, .stopGradient,
            .barrier, .customGradient, .invalid, .compare, .cast:
            true
        case .unary(let operation):
            [.negate, .absolute, .sign, .relu, .floor, .ceil, .round, .truncate].contains(operation)
        case .binary(let operation): operation == .maximum || operation == .minimum
        case .reduce(let reduction, _): reduction == .maximum || reduction == .minimum
        case .scan(let scan, _, _): scan == .maximum || scan == .minimum
        case .scatter(let mode, _), .scatterElements(let mode, _): mode == .replace
        case .pool(let pooling): pooling.kind == .maximum
        default: false
        }
    }

    /// Whether several floats are added up, in an order that is the engine's choice.
    fileprivate var accumulates: Bool {
        switch self {
        case .reduce(let reduction, _): reduction == .sum || reduction == .product
        case .scan(let scan, _, _): scan == .sum || scan == .product
        case .matmul, .convolution, .convolutionInputGradient, .convolutionWeightGradient, .pool, .poolGradient,
            .softmax, .logSoftmax, .attention, .attentionGradient, .scatter, .scatterElements:
            true
        default: false
        }
    }
}
