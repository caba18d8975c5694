/// Zeros with probability `p`, the rest divided by `1 − p` (Srivastava et al. 2014).
///
/// - Parameter shape: that of the mask, which broadcasts to `x`; nil drops single elements.
public func dropout(
    _ x: Tensor, probability p: Double = 0.5, shape: Shape? = nil, generator: Generator = .current
) -> Tensor {
    guard p > 0 else { return x }
    guard p < 1 else { return .zeros(like: x) }
    let kept = Tensor.bernoulli(shape ?? x.shape, probability: 1 - p, generator: generator)
    return x * (kept.cast(to: x.dtype) * (1 / (1 - p)))
}

/// What the dropout layers share: in training, values of `Generator.current` decide what is dropped; in evaluation nothing is.
public class DropoutLayer: Module, Layer {
    /// The probability of dropping, in 0...1; 0.5 by default.
    public let probability: Double

    public init(_ probability: Double = 0.5) {
        precondition((0...1).contains(probability), "dropout: probability \(probability) is not in 0...1")
        self.probability = probability
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) { isTraining ? dropped(x) : x }
    }

    func dropped(_ x: Tensor) -> Tensor { dropout(x, probability: probability, shape: maskShape(x.shape)) }

    func maskShape(_ shape: Shape) -> Shape { shape }
}

/// Drops single elements in training. See `dropout`.
public final class Dropout: DropoutLayer {}

/// Drops whole channels of `(N, C, L)` or `(C, L)` in training.
public final class Dropout1d: DropoutLayer {
    override func maskShape(_ shape: Shape) -> Shape { channelMask(shape, spatialRank: 1) }
}

/// Drops whole channels of `(N, C, H, W)` in training.
public final class Dropout2d: DropoutLayer {
    override func maskShape(_ shape: Shape) -> Shape { channelMask(shape, spatialRank: nil) }
}

/// Drops whole channels of `(N, C, D, H, W)` or `(C, D, H, W)` in training.
public final class Dropout3d: DropoutLayer {
    override func maskShape(_ shape: Shape) -> Shape { channelMask(shape, spatialRank: 3) }
}

/// - Parameter spatialRank: tells channels without a batch; nil where there always is one.
private func channelMask(_ shape: Shape, spatialRank: Int?) -> Shape {
    let lead = shape.rank - 1 == spatialRank ? 1 : 2
    return shape.keeping(axes: Array(shape.indices.dropFirst(lead)))
}

// MARK: For self-normalizing networks

/// Dropout to SELU's smallest value, with mean and variance kept (Klambauer et al. 2017): `a (x m + α' (1 − m)) + b`, where `m` is 1 with
/// probability `1 − p` and 0 otherwise.
///
/// - Parameter shape: that of the mask, which broadcasts to `x`; nil drops single elements.
public func alphaDropout(
    _ x: Tensor, probability p: Double = 0.5, shape: Shape? = nil, generator: Generator = .current
) -> Tensor {
    guard p > 0 else { return x }
    guard p < 1 else { return .zeros(like: x) }
    let lowest = -1.7580993408473766
    let scale = 1 / ((1 - p) * (1 + p * lowest * lowest)).squareRoot()
    let kept = Tensor.bernoulli(shape ?? x.shape, probability: 1 - p, generator: generator)
    return `where`(kept, x, lowest) * scale - scale * p * lowest
}

/// Drops single elements to SELU's smallest value in training. See `alphaDropout`.
public class AlphaDropout: DropoutLayer {
    override func dropped(_ x: Tensor) -> Tensor {
        alphaDropout(x, probability: probability, shape: maskShape(x.shape))
    }
}

/// Drops whole channels of `(N, C, …)` to SELU's smallest value in training.
public final class FeatureAlphaDropout: AlphaDropout {
    override func maskShape(_ shape: Shape) -> Shape { channelMask(shape, spatialRank: nil) }
}
