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
        traced(x) { isTraining ? dropout(x, probability: probability, shape: maskShape(x.shape)) : x }
    }

    func maskShape(_ shape: Shape) -> Shape { shape }
}

/// Drops single elements in training. See `dropout`.
public final class Dropout: DropoutLayer {}

/// Drops whole channels of `(N, C, L)` in training.
public final class Dropout1d: DropoutLayer {
    override func maskShape(_ shape: Shape) -> Shape { channelMask(shape) }
}

/// Drops whole channels of `(N, C, H, W)` in training.
public final class Dropout2d: DropoutLayer {
    override func maskShape(_ shape: Shape) -> Shape { channelMask(shape) }
}

/// Drops whole channels of `(N, C, D, H, W)` in training.
public final class Dropout3d: DropoutLayer {
    override func maskShape(_ shape: Shape) -> Shape { channelMask(shape) }
}

private func channelMask(_ shape: Shape) -> Shape { shape.keeping(axes: Array(shape.indices.dropFirst(2))) }
