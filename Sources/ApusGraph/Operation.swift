/// Everything that a graph can compute. The enum is closed, so that the compiler names every place that a new case
/// needs: its shape rule (`ShapeInference.swift`), its gradient (`ApusTensor/Autodiff/GradientRules.swift`) and its kernel in
/// each backend.
///
/// Operands of a case are listed in its comment. Unless said otherwise they have one dtype, which is the result's, and pointwise
/// operands have one shape: broadcasting and promotion are explicit nodes put in by `ApusTensor`.
public enum Operation: Hashable, Sendable {
    // MARK: Leaves

    /// A value that is known: `() → value`. It becomes an input of a program, never part of its structure.
    case constant
    /// `() →` an argument of a function, or a value of each step of a loop; only while the function or the step is traced.
    case placeholder
    /// Indices along one axis: `() → 0, 1, 2 …` along `axis`, constant along the others.
    case iota(Shape, axis: Int, DType)
    /// Random numbers that depend on nothing but the key and the element's index: `(key: int64 []) → float or int32`.
    /// Philox4x32-10 in every backend; `ApusReference/Random.swift` says how words become elements.
    case random(Distribution, Shape, DType)

    // MARK: Pointwise

    case unary(UnaryOperation)
    case binary(BinaryOperation)
    /// `(a, b) → bool`
    case compare(Comparison)
    /// `(condition: bool, ifTrue, ifFalse)`
    case select
    /// Converts elements. Float to integer drops the fraction, NaN gives 0, and out of range gives the nearest bound; integer to
    /// integer wraps around; anything to bool is `x ≠ 0`.
    case cast(DType)

    // MARK: Reductions

    /// Removes `axes` (ascending, no repeats). An empty maximum or minimum gives the identity: −∞ or ∞, or the integer's bound.
    /// Sums and products of 16-bit floats accumulate in `float32`. On bool, maximum is "any" and minimum is "all".
    case reduce(Reduction, axes: [Int])
    /// Index of the first extreme element along `axis`, which is removed: `(x) → int64`. NaN counts as extreme.
    case argReduce(ArgReduction, axis: Int)
    /// Running reduction along `axis`, inclusive; `reverse` runs from the end. On bool, a sum is "any so far", a product "all".
    case scan(Scan, axis: Int, reverse: Bool)

    // MARK: Movement

    /// The same elements in row-major order, seen as another shape.
    case reshape(Shape)
    /// Axis `i` of the result is axis `permutation[i]` of the operand.
    case transpose([Int])
    /// NumPy's broadcasting to a shape: aligned at the last axis, extents of 1 repeat.
    case broadcast(Shape)
    /// One range for each axis.
    case slice([SliceRange])
    /// `(x, value: [])`: `low[i]` elements of `value` before and `high[i]` behind axis `i`; not negative.
    case pad(low: [Int], high: [Int])
    /// Flips the order of elements along `axes`.
    case reverse(axes: [Int])
    /// `(a, b, …)` end to end along `axis`.
    case concatenate(axis: Int)

    // MARK: Indexing. Indices are int64 in 0..<extent; one outside is an error when the graph is evaluated.

    /// `(x, indices of any shape)`: whole slices of `x` along `axis`. Result shape: `x[..<axis] + indices + x[axis+1...]`.
    case gather(axis: Int)
    /// `(base, indices, updates shaped like the gather's result)`: `base` with every update combined in at its index; repeats accumulate.
    case scatter(ScatterMode, axis: Int)
    /// `(x, indices of x's rank)`: `result[i…, j, k…] = x[i…, indices[i…, j, k…], k…]`. The other extents are equal.
    case gatherElements(axis: Int)
    /// `(base, indices, updates shaped like indices)`: the inverse of `gatherElements`.
    case scatterElements(ScatterMode, axis: Int)
    /// `(x, starts: int64 [rank])`: the block of `sizes` at a computed place, moved inward where it would stick out.
    case dynamicSlice(sizes: Shape)
    /// `(x, update, starts: int64 [rank])`: `x` with a block replaced, at the place that `dynamicSlice` would read.
    case dynamicUpdate
    /// Elements in order along `axis`; stable; NaN last, in either order.
    case sort(axis: Int, descending: Bool)
    /// The permutation that sorts: `(x) → int64`.
    case argSort(axis: Int, descending: Bool)

    // MARK: Contractions

    /// `(…, M, K) × (…, K, N) → (…, M, N)`, the leading axes equal. 16-bit floats accumulate in `float32`.
    case matmul
    /// `(x: (N, C, …), weight: (O, C/groups, …)) → (N, O, …)`: cross-correlation over 1 to 3 axes.
    case convolution(Convolution)
    /// `(gradient: (N, O, …), weight) → (N, C, input…)`: the gradient of `convolution` by its input; also transposed convolution.
    case convolutionInputGradient(Convolution, inputSize: [Int])
    /// `(x, gradient) → weight`: the gradient of `convolution` by its weight.
    case convolutionWeightGradient(Convolution, kernelSize: [Int])

    // MARK: Linear algebra on the last two axes, of float32 and float64

    /// `(a: (…, m, n)) → (…, factors)`: the factors of each matrix, flat and end to end. `FactorizationShape` tells them apart.
    case factorization(Factorization)
    /// `(a: (…, n, n), b: (…, n, k)) → x`: the solution of `a x = b`, the leading axes equal. Of `a` one triangle is read, without the
    /// diagonal where that is all ones. A zero on the diagonal gives infinities and NaN.
    case triangularSolve(upper: Bool, unitDiagonal: Bool)

    // MARK: Fourier transforms, of float32 and float64

    /// An unnormalized transform along one axis, behind which complex numbers have an axis of 2: real and imaginary part.
    case fourier(FourierTransform)

    // MARK: Windows over the last axes of (N, C, …)

    /// Averages count what `Pooling.countsPadding` says; a maximum ignores padding.
    case pool(Pooling)
    /// average: `(gradient)`; maximum: `(gradient, x)`, where the first of equal elements takes all. `inputSize` is the pooled axes'.
    case poolGradient(Pooling, inputSize: [Int])

    // MARK: Composites: a backend may have one kernel for them

    /// `exp(x) / Σ exp(x)` along `axis`.
    case softmax(axis: Int)
    /// `x − log Σ exp(x)` along `axis`.
    case logSoftmax(axis: Int)
    /// `(query: (…, L, E), key: (…, S, E), value: (…, S, V)) → (…, L, V)`: `softmax(q kᵀ · scale + mask) v`. A fourth operand is the
    /// mask `(…, L, S)`, float32 for 16-bit operands. A query that sees no key, every score −∞, gets 0.
    case attention(Attention)
    /// `(gradient: (…, L, V), query, key, value, mask?)`: the gradient of `attention` by one of its operands. A backend computes those
    /// that a program needs at once.
    case attentionGradient(Attention, by: AttentionOperand)
    /// `(projected: (T, B, gates · H), weight: (gates · H, H), bias: (gates · H), hidden: (B, H)[, cell: (B, H)]) → (…, B, H)`: a
    /// recurrent unit along a sequence, from the inputs' part of its gates and the state at first. `RecurrenceShape` tells the parts of
    /// the result. The hidden states and the last cell have gradients: the rest is there for theirs.
    case recurrence(RecurrentUnit)
    /// `(operands of recurrence…, its result, ∂outputs: (T, B, H)[, ∂cell: (B, H)]) → (…)`: the gradients of all gates and of the state
    /// at first, flat; `RecurrenceShape` tells them apart.
    case recurrenceGradient(RecurrentUnit)

    // MARK: Control flow

    /// `(state…, sequences…, ending?, captured…)`: one result of a part of the graph that repeats. See `Loop`.
    case loop(Loop, result: Loop.Result)

    // MARK: Identities that mean something to the graph, not to the value

    /// `(x)`: the root of a gradient: what `x` is differentiated by.
    case variable
    /// `(x)`: gradients stop here.
    case stopGradient
    /// `(x)`: what is behind it is computed anew, not shared with an equal computation (checkpointing).
    case barrier
    /// `(value, inputs…)`: `value`, whose gradients with respect to the inputs are given by a rule.
    case customGradient(CustomGradient)
    /// A mistake made inside `withTensorErrors`; a tensor of zeros.
    case invalid(TensorType)

    /// Whether each element of the result takes more than a few operations, so that a value is worth its memory.
    var isCostly: Bool {
        switch self {
        case .reduce, .argReduce, .scan, .sort, .argSort, .matmul, .convolution, .convolutionInputGradient,
            .convolutionWeightGradient, .pool, .poolGradient, .softmax, .logSoftmax, .attention, .attentionGradient,
            .recurrence, .recurrenceGradient, .loop, .factorization, .triangularSolve, .fourier:
            true
        default: false
        }
    }
}

/// Functions of one element.
public enum UnaryOperation: UInt8, Hashable, Sendable, CaseIterable {
    /// The sign of NaN is NaN.
    case negate, absolute, sign
    case exp, expm1, log, log1p, sqrt, rsqrt, reciprocal
    case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh
    case erf, erfinv, sigmoid
    /// `max(x, 0)`, whose gradient at 0 is 0.
    case relu
    /// `round` takes halves to even.
    case floor, ceil, round, truncate
    /// On bool: not. On integers: every bit flipped.
    case not
    /// To bool.
    case isNaN, isInfinite, isFinite

    /// Whether the result is bool.
    public var isPredicate: Bool { self == .isNaN || self == .isInfinite || self == .isFinite }

    /// Whether integers have it too.
    public var acceptsIntegers: Bool {
        switch self {
        case .negate, .absolute, .sign, .not, .isNaN, .isInfinite, .isFinite, .floor, .ceil, .round, .truncate: true
        default: false
        }
    }
}

/// Functions of two elements.
public enum BinaryOperation: UInt8, Hashable, Sendable, CaseIterable {
    case add, subtract, multiply
    /// On integers: toward zero; by zero gives 0.
    case divide
    /// On integers a negative exponent gives 0, but for the bases 1 and −1.
    case power
    /// `maximum` and `minimum` return NaN when either operand is NaN.
    case maximum, minimum
    /// `floorDivide` rounds down and `remainder` has the divisor's sign (Python's `//` and `%`); an integer by zero gives 0.
    case floorDivide, remainder
    case atan2
    /// On bool and integers.
    case and, or, xor
    /// On integers; `shiftRight` repeats the sign. An amount outside 0..<width shifts every bit out.
    case shiftLeft, shiftRight
}

/// Relations of two elements.
public enum Comparison: UInt8, Hashable, Sendable, CaseIterable {
    case equal, notEqual, less, lessEqual, greater, greaterEqual
}

/// What combines the elements of an axis.
public enum Reduction: UInt8, Hashable, Sendable, CaseIterable {
    case sum, product, maximum, minimum
}

/// Which element's position is wanted.
public enum ArgReduction: UInt8, Hashable, Sendable, CaseIterable {
    case maximum, minimum
}

/// What combines the elements up to each one.
public enum Scan: UInt8, Hashable, Sendable, CaseIterable {
    case sum, product, maximum, minimum
}

/// What an update does to the element at its place.
public enum ScatterMode: UInt8, Hashable, Sendable, CaseIterable {
    case add
    /// The last update of several at one place stays.
    case replace
}

/// How random numbers are distributed.
public enum Distribution: UInt8, Hashable, Sendable, CaseIterable {
    /// Floats in [0, 1).
    case uniform
    /// Floats of mean 0 and variance 1.
    case normal
    /// All 32 bits: int32.
    case bits
}

/// The elements `start, start + step, …` of an axis, `count` of them. `step` may be negative, never 0.
public struct SliceRange: Hashable, Sendable {
    /// The first element's index.
    public var start: Int
    /// How many elements.
    public var count: Int
    /// From one element's index to the next.
    public var step: Int

    public init(start: Int, count: Int, step: Int = 1) {
        self.start = start
        self.count = count
        self.step = step
    }

    /// The last element's index; only where there is one.
    public var last: Int { start + (count - 1) * step }
}

/// The geometry of a convolution, one entry for each spatial axis.
public struct Convolution: Hashable, Sendable {
    /// Steps of the window over the input.
    public var stride: [Int]
    /// Elements before the first.
    public var paddingLow: [Int]
    /// Elements behind the last.
    public var paddingHigh: [Int]
    /// Distance between the kernel's elements.
    public var dilation: [Int]
    /// Channels are split into so many parts that don't see each other.
    public var groups: Int

    public init(stride: [Int], paddingLow: [Int], paddingHigh: [Int], dilation: [Int], groups: Int = 1) {
        self.stride = stride
        self.paddingLow = paddingLow
        self.paddingHigh = paddingHigh
        self.dilation = dilation
        self.groups = groups
    }

    /// The number of spatial axes, 1 to 3.
    public var spatialRank: Int { stride.count }

    /// `⌊(size + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1` on each axis.
    public func outputSize(input: [Int], kernel: [Int]) -> [Int] {
        stride.indices.map { axis in
            let reach = dilation[axis] * (kernel[axis] - 1) + 1
            let free = input[axis] + paddingLow[axis] + paddingHigh[axis] - reach
            return free < 0 ? 0 : free / stride[axis] + 1
        }
    }
}

/// How queries see keys.
public struct Attention: Hashable, Sendable {
    /// What the products of queries and keys are multiplied by.
    public var scale: Double
    /// Whether query i sees keys 0 … i only.
    public var isCausal: Bool

    public init(scale: Double, isCausal: Bool = false) {
        self.scale = scale
        self.isCausal = isCausal
    }
}

/// What attention can be differentiated by.
public enum AttentionOperand: UInt8, Hashable, Sendable, CaseIterable {
    case query, key, value
}

/// What is taken of a window.
public enum PoolingKind: UInt8, Hashable, Sendable, CaseIterable {
    case maximum, average
}

/// A window sliding over the last `windowSize.count` axes of (N, C, …).
public struct Pooling: Hashable, Sendable {
    /// What is taken of a window.
    public var kind: PoolingKind
    /// Elements of the window on each axis.
    public var windowSize: [Int]
    /// Steps of the window over the input.
    public var stride: [Int]
    /// Elements before the first.
    public var paddingLow: [Int]
    /// Elements behind the last.
    public var paddingHigh: [Int]
    /// Whether an average divides by the window's whole size (true) or by its elements inside the input (false).
    public var countsPadding: Bool

    public init(
        _ kind: PoolingKind, windowSize: [Int], stride: [Int], paddingLow: [Int], paddingHigh: [Int],
        countsPadding: Bool = true
    ) {
        self.kind = kind
        self.windowSize = windowSize
        self.stride = stride
        self.paddingLow = paddingLow
        self.paddingHigh = paddingHigh
        self.countsPadding = countsPadding
    }

    /// `⌊(size + padding − window) / stride⌋ + 1` on each axis.
    public func outputSize(input: [Int]) -> [Int] {
        windowSize.indices.map { axis in
            let free = input[axis] + paddingLow[axis] + paddingHigh[axis] - windowSize[axis]
            return free < 0 ? 0 : free / stride[axis] + 1
        }
    }
}

/// The gradient that a user gave to a function.
///
/// All rules count as equal: the value does not depend on them, so programs that differ in nothing else share a plan.
public final class CustomGradient: Hashable, Sendable {
    /// From the node itself and the gradient of its value to the gradients of its inputs (nil: none).
    public let rule: @Sendable (_ node: Node, _ gradient: Node) -> [Node?]

    public init(_ rule: @escaping @Sendable (_ node: Node, _ gradient: Node) -> [Node?]) { self.rule = rule }

    public static func == (a: CustomGradient, b: CustomGradient) -> Bool { true }
    public func hash(into hasher: inout Hasher) {}
}
