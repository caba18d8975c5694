/// What stands between the two products of a transformer's feed-forward part.
public enum TransformerActivation: String, Sendable, Codable {
    case relu, gelu, silu

    func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .relu: ApusTensor.relu(x)
        case .gelu: ApusTensor.gelu(x)
        case .silu: ApusTensor.silu(x)
        }
    }
}

/// Self-attention and a feed-forward network, each with a residual and a norm (Vaswani et al. 2017).
///
/// - Input and output: `(L, B, features)`, with `batchFirst` `(B, L, features)`.
public final class TransformerEncoderLayer: Module {
    /// Attention of the sequence to itself.
    public let selfAttn: MultiheadAttention
    /// The feed-forward network's first product, features to `feedForward`.
    public let linear1: Linear
    /// The feed-forward network's second product, `feedForward` to features.
    public let linear2: Linear
    /// The norm of the attention.
    public let norm1: LayerNorm
    /// The norm of the feed-forward network.
    public let norm2: LayerNorm
    /// Applied to what each part gives and between the two products.
    public let dropout: Dropout
    /// What stands between the two products.
    public let activation: TransformerActivation
    /// Whether norms stand before the parts rather than after the residuals.
    public let isNormFirst: Bool

    public init(
        _ features: Int, heads: Int, feedForward: Int = 2048, dropout: Double = 0.1,
        activation: TransformerActivation = .relu, epsilon: Double = 1e-5, batchFirst: Bool = false,
        normFirst: Bool = false, bias: Bool = true, generator: Generator = .current
    ) {
        selfAttn = MultiheadAttention(
            features, heads: heads, dropout: dropout, bias: bias, batchFirst: batchFirst, generator: generator)
        linear1 = Linear(features, feedForward, bias: bias, generator: generator)
        linear2 = Linear(feedForward, features, bias: bias, generator: generator)
        norm1 = LayerNorm(features, epsilon: epsilon, bias: bias)
        norm2 = LayerNorm(features, epsilon: epsilon, bias: bias)
        self.dropout = Dropout(dropout)
        self.activation = activation
        isNormFirst = normFirst
    }

    public func callAsFunction(
        _ x: Tensor, mask: Tensor? = nil, keyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        func attend(_ x: Tensor) -> Tensor {
            dropout(selfAttn(x, x, x, attentionMask: mask, keyPaddingMask: keyPaddingMask, isCausal: isCausal).output)
        }
        func feedForward(_ x: Tensor) -> Tensor { dropout(linear2(dropout(activation(linear1(x))))) }

        if isNormFirst {
            let attended = x + attend(norm1(x))
            return attended + feedForward(norm2(attended))
        }
        let attended = norm1(x + attend(x))
        return norm2(attended + feedForward(attended))
    }
}

/// Self-attention, attention to an encoder's output, and a feed-forward network (Vaswani et al. 2017).
///
/// - Input: `x (L, B, features)` and `memory (S, B, features)`; with `batchFirst` the batch comes first. Output: like `x`.
public final class TransformerDecoderLayer: Module {
    /// Attention of the sequence to itself.
    public let selfAttn: MultiheadAttention
    /// Attention to the encoder's output.
    public let multiheadAttn: MultiheadAttention
    /// The feed-forward network's first product, features to `feedForward`.
    public let linear1: Linear
    /// The feed-forward network's second product, `feedForward` to features.
    public let linear2: Linear
    /// The norm of the self-attention.
    public let norm1: LayerNorm
    /// The norm of the attention to the encoder's output.
    public let norm2: LayerNorm
    /// The norm of the feed-forward network.
    public let norm3: LayerNorm
    /// Applied to what each part gives and between the two products.
    public let dropout: Dropout
    /// What stands between the two products.
    public let activation: TransformerActivation
    /// Whether norms stand before the parts rather than after the residuals.
    public let isNormFirst: Bool

    public init(
        _ features: Int, heads: Int, feedForward: Int = 2048, dropout: Double = 0.1,
        activation: TransformerActivation = .relu, epsilon: Double = 1e-5, batchFirst: Bool = false,
        normFirst: Bool = false, bias: Bool = true, generator: Generator = .current
    ) {
        func attention() -> MultiheadAttention {
            MultiheadAttention(
                features, heads: heads, dropout: dropout, bias: bias, batchFirst: batchFirst, generator: generator)
        }
        selfAttn = attention()
        multiheadAttn = attention()
        linear1 = Linear(features, feedForward, bias: bias, generator: generator)
        linear2 = Linear(feedForward, features, bias: bias, generator: generator)
        norm1 = LayerNorm(features, epsilon: epsilon, bias: bias)
        norm2 = LayerNorm(features, epsilon: epsilon, bias: bias)
        norm3 = LayerNorm(features, epsilon: epsilon, bias: bias)
        self.dropout = Dropout(dropout)
        self.activation = activation
        isNormFirst = normFirst
    }

    public func callAsFunction(
        _ x: Tensor, memory: Tensor, mask: Tensor? = nil, memoryMask: Tensor? = nil, keyPaddingMask: Tensor? = nil,
        memoryKeyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        run(x) {
            selfAttn($0, $0, $0, attentionMask: mask, keyPaddingMask: keyPaddingMask, isCausal: isCausal).output
        } attendToMemory: {
            multiheadAttn($0, memory, memory, attentionMask: memoryMask, keyPaddingMask: memoryKeyPaddingMask).output
        }
    }

    /// The layer with other ways to attend, such as to keys and values that were computed before.
    package func run(
        _ x: Tensor, attend: (Tensor) -> Tensor, attendToMemory: (Tensor) -> Tensor
    ) -> Tensor {
        func feedForward(_ x: Tensor) -> Tensor { dropout(linear2(dropout(activation(linear1(x))))) }

        if isNormFirst {
            let attended = x + dropout(attend(norm1(x)))
            let informed = attended + dropout(attendToMemory(norm2(attended)))
            return informed + feedForward(norm3(informed))
        }
        let attended = norm1(x + dropout(attend(x)))
        let informed = norm2(attended + dropout(attendToMemory(attended)))
        return norm3(informed + feedForward(informed))
    }
}

/// Encoder layers one after the other, and a last norm if there is one.
public final class TransformerEncoder: Module {
    /// The layers in the order of their calls.
    public let layers: [TransformerEncoderLayer]
    /// Applied to the last layer's output; nil leaves it as it is.
    public let norm: LayerNorm?

    public init(layers count: Int, norm: LayerNorm? = nil, _ layer: () -> TransformerEncoderLayer) {
        layers = (0..<count).map { _ in layer() }
        self.norm = norm
    }

    public func callAsFunction(
        _ x: Tensor, mask: Tensor? = nil, keyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        let y = layers.reduce(x) { $1($0, mask: mask, keyPaddingMask: keyPaddingMask, isCausal: isCausal) }
        return norm.map { $0(y) } ?? y
    }
}

/// Decoder layers one after the other, and a last norm if there is one.
public final class TransformerDecoder: Module {
    /// The layers in the order of their calls.
    public let layers: [TransformerDecoderLayer]
    /// Applied to the last layer's output; nil leaves it as it is.
    public let norm: LayerNorm?

    public init(layers count: Int, norm: LayerNorm? = nil, _ layer: () -> TransformerDecoderLayer) {
        layers = (0..<count).map { _ in layer() }
        self.norm = norm
    }

    public func callAsFunction(
        _ x: Tensor, memory: Tensor, mask: Tensor? = nil, memoryMask: Tensor? = nil, keyPaddingMask: Tensor? = nil,
        memoryKeyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        let y = layers.reduce(x) { x, layer in
            layer(
                x, memory: memory, mask: mask, memoryMask: memoryMask, keyPaddingMask: keyPaddingMask,
                memoryKeyPaddingMask: memoryKeyPaddingMask, isCausal: isCausal)
        }
        return norm.map { $0(y) } ?? y
    }
}

/// The transformer as it was first described (Vaswani et al. 2017): an encoder and a decoder, each with a last norm.
///
/// - Input: `source (S, B, features)` and `target (L, B, features)`; with `batchFirst` the batch comes first. Output: like the target.
/// - Parameters: matrices are Xavier's uniform at first.
public final class Transformer: Module {
    /// The layers that read the source.
    public let encoder: TransformerEncoder
    /// The layers that read the target and the encoder's output.
    public let decoder: TransformerDecoder

    public init(
        _ features: Int = 512, heads: Int = 8, encoderLayers: Int = 6, decoderLayers: Int = 6,
        feedForward: Int = 2048, dropout: Double = 0.1, activation: TransformerActivation = .relu,
        epsilon: Double = 1e-5, batchFirst: Bool = false, normFirst: Bool = false, bias: Bool = true,
        generator: Generator = .current
    ) {
        func norm() -> LayerNorm { LayerNorm(features, epsilon: epsilon, bias: bias) }
        encoder = TransformerEncoder(layers: encoderLayers, norm: norm()) {
            TransformerEncoderLayer(
                features, heads: heads, feedForward: feedForward, dropout: dropout, activation: activation,
                epsilon: epsilon, batchFirst: batchFirst, normFirst: normFirst, bias: bias, generator: generator)
        }
        decoder = TransformerDecoder(layers: decoderLayers, norm: norm()) {
            TransformerDecoderLayer(
                features, heads: heads, feedForward: feedForward, dropout: dropout, activation: activation,
                epsilon: epsilon, batchFirst: batchFirst, normFirst: normFirst, bias: bias, generator: generator)
        }
        super.init()
        for slot in parameters {
            guard let shape = slot.tensor?.shape, shape.rank > 1 else { continue }
            slot.tensor = .xavierUniform(shape, generator: generator)
        }
    }

    /// - Parameters: masks as `MultiheadAttention` takes them: the source's, the target's and the decoder's of the encoder's output, the
    ///   paddings likewise. `isCausal`: whether a position of the target sees none behind it.
    public func callAsFunction(
        _ source: Tensor, _ target: Tensor, sourceMask: Tensor? = nil, targetMask: Tensor? = nil,
        memoryMask: Tensor? = nil, sourcePadding: Tensor? = nil, targetPadding: Tensor? = nil,
        memoryPadding: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        let memory = encoder(source, mask: sourceMask, keyPaddingMask: sourcePadding)
        return decoder(
            target, memory: memory, mask: targetMask, memoryMask: memoryMask, keyPaddingMask: targetPadding,
            memoryKeyPaddingMask: memoryPadding, isCausal: isCausal)
    }
}

/// A mask to be added to scores: −∞ above the diagonal, 0 elsewhere, so that no position sees one behind it.
public func causalMask(_ count: Int, dtype: DType = .float32) -> Tensor {
    Tensor.full([count, count], -Double.infinity, dtype: dtype).upperTriangle(offset: 1)
}
