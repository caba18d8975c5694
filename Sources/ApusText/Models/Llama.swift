import ApusNN

/// Llama: blocks of causal attention with rotary positions and shared keys, and a gated feed-forward network, root-mean-square norms
/// before each, and no biases.
///
/// Its state has the names and shapes of Hugging Face's `LlamaForCausalLM`.
///
/// References: Touvron et al., “LLaMA: open and efficient foundation language models”, 2023; Shazeer, “GLU variants improve Transformer”,
/// 2020; Ainslie et al., “GQA: training generalized multi-query Transformer models from multi-head checkpoints”, 2023.
public final class Llama: Module, AttentionModel {
    /// The sizes of a model.
    public struct Configuration: Codable, Hashable, Sendable {
        public var vocabularySize: Int
        public var contextLength: Int
        public var width: Int
        /// Of the feed-forward network.
        public var hiddenWidth: Int
        public var layers: Int
        /// Of queries.
        public var heads: Int
        /// Of keys and values; each serves `heads / keyValueHeads` heads of queries.
        public var keyValueHeads: Int
        /// Whether the output layer's weight is the embedding.
        public var tiesEmbeddings: Bool
        public var rotaryBase: Double
        public var epsilon: Double
        /// Of the embeddings and of what each half of a block adds, in training. Llama itself has none.
        public var dropout: Double
        /// The standard deviation of all weights at first.
        public var initialDeviation: Double

        public init(
            vocabularySize: Int, contextLength: Int, width: Int, hiddenWidth: Int, layers: Int, heads: Int,
            keyValueHeads: Int, tiesEmbeddings: Bool = false, rotaryBase: Double = 10000, epsilon: Double = 1e-6,
            dropout: Double = 0, initialDeviation: Double = 0.02
        ) {
            precondition(
                heads > 0 && width % (2 * heads) == 0, "Llama: a width of \(width) in \(heads) heads of even widths")
            precondition(
                keyValueHeads > 0 && heads % keyValueHeads == 0,
                "Llama: \(heads) heads share \(keyValueHeads) of keys and values")
            self.vocabularySize = vocabularySize
            self.contextLength = contextLength
            self.width = width
            self.hiddenWidth = hiddenWidth
            self.layers = layers
            self.heads = heads
            self.keyValueHeads = keyValueHeads
            self.tiesEmbeddings = tiesEmbeddings
            self.rotaryBase = rotaryBase
            self.epsilon = epsilon
            self.dropout = dropout
            self.initialDeviation = initialDeviation
        }

        var headWidth: Int { width / heads }
    }

    let model: LlamaTransformer
    let lmHead: any Layer
    public let configuration: Configuration

    public init(_ configuration: Configuration, generator: Generator = .current) {
        self.configuration = configuration
        model = LlamaTransformer(configuration, generator)
        lmHead =
            configuration.tiesEmbeddings
            ? TiedHead(to: model.embedTokens)
            : Linear.normal(configuration.width, configuration.vocabularySize, configuration, generator)
    }

    public var vocabularySize: Int { configuration.vocabularySize }
    public var contextLength: Int? { configuration.contextLength }

    public func callAsFunction(_ tokens: Tensor) -> Tensor {
        traced(tokens) { lmHead(model(tokens)) }  // (B, T, vocabulary)
    }

    public func makeMemory() -> ModelMemory {
        KeyValues.memory(
            layers: configuration.layers, heads: configuration.keyValueHeads, capacity: configuration.contextLength,
            headWidth: configuration.headWidth)
    }

    public func callAsFunction(_ tokens: Tensor, at position: Tensor, memory: ModelMemory) -> Tensor {
        let place = KeyValues.Place(of: tokens.shape[1], from: position, capacity: configuration.contextLength)
        let x = model(tokens, memory: memory, at: place)  // (1, T, width)
        return lmHead(x.sliced(axis: 1, tokens.shape[1] - 1, 1)).flattened()
    }

    public func attentionWeights(_ tokens: Tensor) -> [Tensor] { model.attentionWeights(tokens) }
}

/// Llama without the output layer: tokens `(B, T)` → `(B, T, width)`.
final class LlamaTransformer: Module {
    let embedTokens: Embedding
    let dropout: Dropout
    let layers: [LlamaBlock]
    let norm: RMSNorm
    private let configuration: Llama.Configuration

    init(_ configuration: Llama.Configuration, _ generator: Generator) {
        self.configuration = configuration
        let shape: Shape = [configuration.vocabularySize, configuration.width]
        embedTokens = Embedding(
            weight: .normal(shape, standardDeviation: configuration.initialDeviation, generator: generator),
            freeze: false)
        dropout = Dropout(configuration.dropout)
        layers = (0..<configuration.layers).map { _ in LlamaBlock(configuration, generator) }
        norm = RMSNorm(configuration.width, epsilon: configuration.epsilon)
    }

    func callAsFunction(_ tokens: Tensor) -> Tensor {
        let rotary = rotary(.range(tokens.shape[1]))
        return norm(layers.reduce(dropout(embedTokens(tokens))) { $1($0, rotary) })
    }

    /// Behind the tokens in a memory.
    func callAsFunction(_ tokens: Tensor, memory: ModelMemory, at place: KeyValues.Place) -> Tensor {
        let rotary = rotary(place.positions)
        var x = dropout(embedTokens(tokens))
        for (index, block) in layers.enumerated() {
            x = block(x, rotary, behind: KeyValues(layer: index, of: memory, at: place))
        }
        return norm(x)
    }

    func attentionWeights(_ tokens: Tensor) -> [Tensor] {
        let rotary = rotary(.range(tokens.shape[1]))
        var x = embedTokens(tokens)
        return layers.map { block in
            defer { x = block(x, rotary) }
            return block.selfAttn.weights(block.inputLayernorm(x), rotary).squeezed(0)
        }
    }

    private func rotary(_ positions: Tensor) -> RotaryPositions {
        RotaryPositions(positions, headWidth: configuration.headWidth, base: configuration.rotaryBase)
    }
}

/// `x + attention(norm(x))`, and that `+ mlp(norm(…))`: `(B, T, width)` → the same.
final class LlamaBlock: Module {
    let inputLayernorm: RMSNorm
    let selfAttn: LlamaAttention
    let postAttentionLayernorm: RMSNorm
    let mlp: LlamaMLP
    let dropout: Dropout

    init(_ configuration: Llama.Configuration, _ generator: Generator) {
        inputLayernorm = RMSNorm(configuration.width, epsilon: configuration.epsilon)
        selfAttn = LlamaAttention(configuration, generator)
        postAttentionLayernorm = RMSNorm(configuration.width, epsilon: configuration.epsilon)
        mlp = LlamaMLP(configuration, generator)
        dropout = Dropout(configuration.dropout)
    }

    func callAsFunction(_ x: Tensor, _ rotary: RotaryPositions, behind past: KeyValues? = nil) -> Tensor {
        traced(x) {
            let attended = x + dropout(selfAttn(inputLayernorm(x), rotary, behind: past))
            return attended + dropout(mlp(postAttentionLayernorm(attended)))
        }
    }
}

final class LlamaAttention: Module {
    let qProj: Linear, kProj: Linear, vProj: Linear, oProj: Linear
    private let heads: Int
    private let keyValueHeads: Int

    init(_ configuration: Llama.Configuration, _ generator: Generator) {
        let (width, headWidth) = (configuration.width, configuration.headWidth)
        heads = configuration.heads
        keyValueHeads = configuration.keyValueHeads
        qProj = .normal(width, heads * headWidth, configuration, generator)
        kProj = .normal(width, keyValueHeads * headWidth, configuration, generator)
        vProj = .normal(width, keyValueHeads * headWidth, configuration, generator)
        oProj = .normal(heads * headWidth, width, configuration, generator)
    }

    func callAsFunction(_ x: Tensor, _ rotary: RotaryPositions, behind past: KeyValues?) -> Tensor {
        let (q, k) = rotated(x, rotary)
        let v = headsApart(vProj(x), keyValueHeads)
        let isGrouped = heads != keyValueHeads
        let y =
            past?.attended(q, k, v, isGrouped: isGrouped)
            ?? scaledDotProductAttention(q, k, v, isCausal: true, isGrouped: isGrouped)
        return oProj(headsJoined(y))
    }

    func weights(_ x: Tensor, _ rotary: RotaryPositions) -> Tensor {
        let (q, k) = rotated(x, rotary)
        return causalWeights(q, k.repeatInterleaved(heads / keyValueHeads, axis: 1))
    }

    /// Queries `(B, heads, T, E)` and keys `(B, keyValueHeads, T, E)`
    private func rotated(_ x: Tensor, _ rotary: RotaryPositions) -> (q: Tensor, k: Tensor) {
        (rotary(headsApart(qProj(x), heads)), rotary(headsApart(kProj(x), keyValueHeads)))
    }
}

/// SwiGLU: `down(silu(gate(x)) · up(x))`
final class LlamaMLP: Module, Layer {
    let gateProj: Linear, upProj: Linear, downProj: Linear

    init(_ configuration: Llama.Configuration, _ generator: Generator) {
        gateProj = .normal(configuration.width, configuration.hiddenWidth, configuration, generator)
        upProj = .normal(configuration.width, configuration.hiddenWidth, configuration, generator)
        downProj = .normal(configuration.hiddenWidth, configuration.width, configuration, generator)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { downProj(silu(gateProj(x)) * upProj(x)) }
}

extension Linear {
    /// Without bias, and normal at first with the one deviation that Llama has everywhere.
    fileprivate static func normal(
        _ inputs: Int, _ outputs: Int, _ configuration: Llama.Configuration, _ generator: Generator
    ) -> Linear {
        let layer = Linear(inputs, outputs, bias: false, generator: generator)
        layer.weight = .normal(
            [outputs, inputs], standardDeviation: configuration.initialDeviation, generator: generator)
        return layer
    }
}
