/// `(x − mean) / √(variance + epsilon)` over `axes`.
func normalized(_ x: Tensor, axes: [Int], epsilon: Double) -> Tensor {
    let centred = x - x.mean(axes: axes, keepingAxes: true)
    return centred * rsqrt(square(centred).mean(axes: axes, keepingAxes: true) + epsilon)
}

/// Normalizes over the last axes (Ba et al. 2016): `y = weight · (x − mean) / √(variance + epsilon) + bias`.
///
/// - Input and output: `(…, shape…)`.
/// - Parameters: `weight` (ones at first) and `bias` (zeros), both of `shape`.
public final class LayerNorm: Module, Layer {
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?
    /// The extents of the last axes, over which it normalizes.
    public let shape: Shape
    /// Added to the variance, against division by 0.
    public let epsilon: Double

    public init(_ shape: Shape, epsilon: Double = 1e-5, affine: Bool = true, bias: Bool = true) {
        self.shape = shape
        self.epsilon = epsilon
        weight = affine ? .ones(shape) : nil
        self.bias = affine && bias ? .zeros(shape) : nil
    }

    public convenience init(_ features: Int, epsilon: Double = 1e-5, affine: Bool = true, bias: Bool = true) {
        self.init([features], epsilon: epsilon, affine: affine, bias: bias)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) { layerNorm(x, shape, weight, bias, epsilon: epsilon) }
    }
}

/// Normalizes over the last axes, whose extents are `shape`. See `LayerNorm`.
public func layerNorm(
    _ x: Tensor, _ shape: Shape, _ weight: Tensor? = nil, _ bias: Tensor? = nil, epsilon: Double = 1e-5
) -> Tensor {
    guard shape.rank <= x.rank, Array(x.shape.suffix(shape.rank)) == shape.dimensions else {
        reportTensorError(TensorError("layer norm: input \(x.shape) must end in \(shape)"))
        return x
    }
    var y = normalized(x, axes: Array((x.rank - shape.rank)..<x.rank), epsilon: epsilon)
    if let weight { y = y * weight }
    if let bias { y = y + bias }
    return y
}

/// Divides by the root of the mean square over the last axes (Zhang and Sennrich 2019): `y = weight · x / √(mean(x²) + epsilon)`.
///
/// - Input and output: `(…, shape…)`. Parameter: `weight` of `shape`, ones at first.
public final class RMSNorm: Module, Layer {
    @Parameter public var weight: Tensor?
    /// The extents of the last axes, over which it normalizes.
    public let shape: Shape
    /// nil is the distance from 1 to the next number of the input's dtype.
    public let epsilon: Double?

    public init(_ shape: Shape, epsilon: Double? = nil, affine: Bool = true) {
        self.shape = shape
        self.epsilon = epsilon
        weight = affine ? .ones(shape) : nil
    }

    public convenience init(_ features: Int, epsilon: Double? = nil, affine: Bool = true) {
        self.init([features], epsilon: epsilon, affine: affine)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) { rmsNorm(x, shape, weight, epsilon: epsilon) }
    }
}

/// Divides by the root of the mean square over the last axes, whose extents are `shape`. See `RMSNorm`.
public func rmsNorm(_ x: Tensor, _ shape: Shape, _ weight: Tensor? = nil, epsilon: Double? = nil) -> Tensor {
    guard shape.rank <= x.rank, Array(x.shape.suffix(shape.rank)) == shape.dimensions else {
        reportTensorError(TensorError("RMS norm: input \(x.shape) must end in \(shape)"))
        return x
    }
    let axes = Array((x.rank - shape.rank)..<x.rank)
    let meanSquare = square(x).mean(axes: axes, keepingAxes: true)
    let y = x * rsqrt(meanSquare + (epsilon ?? x.dtype.machineEpsilon))
    return weight.map { y * $0 } ?? y
}

extension DType {
    /// The distance from 1 to the next number; 0 for integers.
    package var machineEpsilon: Double {
        switch self {
        case .float64: Double.ulpOfOne
        case .float32: Double(Float.ulpOfOne)
        case .float16: 0x1p-10
        case .bfloat16: 0x1p-7
        case .int32, .int64, .uint8, .bool: 0
        }
    }
}

/// Normalizes over groups of channels and all positions (Wu and He 2018).
///
/// - Input and output: `(N, channels, …)`.
/// - Parameters: `weight` (ones at first) and `bias` (zeros), both `(channels)`.
public final class GroupNorm: Module, Layer {
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?
    /// Groups of channels that are normalized apart; divides the channels.
    public let groups: Int
    /// Added to the variance, against division by 0.
    public let epsilon: Double

    public init(groups: Int, _ channels: Int, epsilon: Double = 1e-5, affine: Bool = true) {
        precondition(groups >= 1 && channels % groups == 0, "GroupNorm: \(channels) channels in \(groups) groups")
        self.groups = groups
        self.epsilon = epsilon
        weight = affine ? .ones([channels]) : nil
        bias = affine ? .zeros([channels]) : nil
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) { groupNorm(x, groups: groups, weight, bias, epsilon: epsilon) }
    }
}

/// Normalizes over groups of channels and all positions. See `GroupNorm`.
public func groupNorm(
    _ x: Tensor, groups: Int, _ weight: Tensor? = nil, _ bias: Tensor? = nil, epsilon: Double = 1e-5
) -> Tensor {
    guard x.rank >= 2, x.shape[1] % groups == 0 else {
        reportTensorError(TensorError("GroupNorm: input \(x.shape) has no channels for \(groups) groups"))
        return x
    }
    // (N, C, …) → (N, groups, C / groups, positions) → (N, C, …)
    let size = x.shape[1] / groups
    var y = normalized(
        x.reshaped(x.shape[0], groups, size, x.shape.dropFirst(2).reduce(1, *)), axes: [2, 3], epsilon: epsilon)
    if let weight { y = y * weight.reshaped(groups, size, 1) }
    if let bias { y = y + bias.reshaped(groups, size, 1) }
    return y.reshaped(x.shape)
}

/// Divides by the squares of the neighbouring channels (Krizhevsky et al. 2012):
/// `y_c = x_c / (k + α/size · Σ x_j²)^β` over `size` channels around `c`. Input: `(N, C, …)`.
public func localResponseNorm(
    _ x: Tensor, size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1
) -> Tensor {
    guard x.rank >= 3, size >= 1 else {
        reportTensorError(TensorError("local response norm: \(size) channels of \(x.shape)"))
        return x
    }
    var widths = [(Int, Int)](repeating: (0, 0), count: x.rank)
    widths[1] = (size / 2, (size - 1) / 2)
    let squares = square(x).padded(widths)
    let sum = (0..<size).map { squares.sliced(axis: 1, $0, x.shape[1]) }.reduce(Tensor(0.0, dtype: x.dtype), +)
    return x / pow(sum * (alpha / Double(size)) + k, beta)
}

/// Divides by the squares of the neighbouring channels. See `localResponseNorm`.
public final class LocalResponseNorm: Module, Layer {
    /// How many channels count.
    public let size: Int
    /// The squares' factor, the denominator's power and what is added to the squares.
    public let alpha, beta, k: Double

    public init(_ size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1) {
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) { localResponseNorm(x, size: size, alpha: alpha, beta: beta, k: k) }
    }
}
