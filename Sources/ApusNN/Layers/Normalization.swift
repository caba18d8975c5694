/// `(x − mean) / √(variance + epsilon)` over `axes`.
private func normalized(_ x: Tensor, axes: [Int], epsilon: Double) -> Tensor {
    let centred = x - x.mean(axes: axes, keepingAxes: true)
    return centred * rsqrt(square(centred).mean(axes: axes, keepingAxes: true) + epsilon)
}

/// Normalizes over the last axes (Ba et al. 2016): `y = weight · (x − mean) / √(variance + epsilon) + bias`.
///
/// - Input and output: `(…, shape…)`.
/// - Parameters: `weight` (ones at first) and `bias` (zeros), both of `shape`.
public final class LayerNorm: Module, Layer {
    /// The extents of the last axes, over which it normalizes.
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?
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
    /// The extents of the last axes, over which it normalizes.
    @Parameter public var weight: Tensor?
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
        traced(x) {
            let axes = Array((x.rank - shape.rank)..<x.rank)
            let meanSquare = square(x).mean(axes: axes, keepingAxes: true)
            let y = x * rsqrt(meanSquare + (epsilon ?? x.dtype.machineEpsilon))
            return weight.map { y * $0 } ?? y
        }
    }
}

extension DType {
    /// The distance from 1 to the next number; 0 for integers.
    fileprivate var machineEpsilon: Double {
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
    /// Groups of channels that are normalized apart; divides the channels.
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?
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
        traced(x) {
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
    }
}

/// Normalizes each channel of each example over its positions (Ulyanov et al. 2016): what InstanceNorm1d, 2d and 3d share.
///
/// - Input and output: `(N, channels, …)`. Parameters, where `affine`: `weight` and `bias`, both `(channels)`.
public class InstanceNormLayer: Module, Layer {
    /// Added to the variance, against division by 0.
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?
    public let epsilon: Double
    let spatialRank: Int

    init(spatialRank: Int, _ channels: Int, epsilon: Double, affine: Bool) {
        self.spatialRank = spatialRank
        self.epsilon = epsilon
        weight = affine ? .ones([channels]) : nil
        bias = affine ? .zeros([channels]) : nil
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            guard x.rank == spatialRank + 2 else {
                reportTensorError(TensorError("\(type(of: self)): input \(x.shape) must have rank \(spatialRank + 2)"))
                return x
            }
            var y = normalized(x, axes: Array(2..<x.rank), epsilon: epsilon)
            if let weight { y = y * weight.alongChannels(of: x) }
            if let bias { y = y + bias.alongChannels(of: x) }
            return y
        }
    }
}

/// Instance normalization of `(N, C, L)`. See `InstanceNormLayer`.
public final class InstanceNorm1d: InstanceNormLayer {
    public init(_ channels: Int, epsilon: Double = 1e-5, affine: Bool = false) {
        super.init(spatialRank: 1, channels, epsilon: epsilon, affine: affine)
    }
}

/// Instance normalization of `(N, C, H, W)`. See `InstanceNormLayer`.
public final class InstanceNorm2d: InstanceNormLayer {
    public init(_ channels: Int, epsilon: Double = 1e-5, affine: Bool = false) {
        super.init(spatialRank: 2, channels, epsilon: epsilon, affine: affine)
    }
}

/// Instance normalization of `(N, C, D, H, W)`. See `InstanceNormLayer`.
public final class InstanceNorm3d: InstanceNormLayer {
    public init(_ channels: Int, epsilon: Double = 1e-5, affine: Bool = false) {
        super.init(spatialRank: 3, channels, epsilon: epsilon, affine: affine)
    }
}
