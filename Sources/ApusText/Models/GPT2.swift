import ApusNN

/// GPT-2: blocks of causal attention and a feed-forward network, norms before each, learned positions, and the token embedding as
/// the output layer's weight.
///
/// Its state has the names and shapes of Hugging Face's `GPT2LMHeadModel`.
///
/// Reference: Radford et al., “Language models are unsupervised multitask learners”, 2019.
public final class GPT2: Module, AttentionModel {
    /// The sizes of a model.
    public struct Configuration: Codable, Hashable, Sendable {
        public var vocabularySize: Int
        public var contextLength: Int
        public var width: Int
        public var layers: Int
        public var heads: Int
        /// Of the embeddings and of what each half of a block adds, in training.
        public var dropout: Double
        /// The standard deviation of all weights at first.
        public var initialDeviation: Double

        public init(
            vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int, dropout: Double = 0.1,
            initialDeviation: Double = 0.02
        ) {
            precondition(heads > 0 && width % heads == 0, "GPT2: a width of \(width) in \(heads) heads")
            self.vocabularySize = vocabularySize
            self.contextLength = contextLength
            self.width = width
            self.layers = layers
            self.heads = heads
            self.dropout = dropout
            self.initialDeviation = initialDeviation
        }

        /// The smallest one that was published: 124,439,808 parameters.
        public static let small = Configuration(
            vocabularySize: 50257, contextLength: 1024, width: 768, layers: 12, heads: 12)
    }

    let transformer: GPT2Transformer
    let lmHead: TiedHead
    public let configuration: Configuration

    public init(_ configuration: Configuration, generator: Generator = .current) {
        self.configuration = configuration
        transformer = GPT2Transformer(configuration, generator)
        lmHead = TiedHead(to: transformer.wte)
    }

    public var vocabularySize: Int { configuration.vocabularySize }
    public var contextLength: Int? { configuration.contextLength }

    public func callAsFunction(_ tokens: Tensor) -> Tensor {
        traced(tokens) { lmHead(transformer(tokens)) }  // (B, T, vocabulary)
    }

    public func makeMemory() -> ModelMemory {
        KeyValues.memory(
            layers: configuration.layers, heads: configuration.heads, capacity: configuration.contextLength,
            headWidth: configuration.width / configuration.heads)
    }

    public func callAsFunction(_ tokens: Tensor, at position: Tensor, memory: ModelMemory) -> Tensor {
        let place = KeyValues.Place(of: tokens.shape[1], from: position, capacity: configuration.contextLength)
        let x = transformer(tokens, memory: memory, at: place)  // (1, T, width)
        return lmHead(x.sliced(axis: 1, tokens.shape[1] - 1, 1)).flattened()
    }

    public func attentionWeights(_ tokens: Tensor) -> [Tensor] { transformer.attentionWeights(tokens) }
}

/// The output layer whose weight is an embedding's.
final class TiedHead: Module, Layer {
    @Parameter var weight: Tensor

    init(to table: Embedding) { _weight = table.$weight }

    func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { linear(x, weight) } }
}

/// GPT-2 without the output layer: tokens `(B, T)` → `(B, T, width)`.
final class GPT2Transformer: Module {
    let wte: Embedding
    let wpe: Embedding
    let drop: Dropout
    let h: [GPT2Block]
    let lnF: LayerNorm

    init(_ configuration: GPT2.Configuration, _ generator: Generator) {
        func table(_ rows: Int) -> Embedding {
            Embedding(
                weight: .normal(
                    [rows, configuration.width], standardDeviation: configuration.initialDeviation,
                    generator: generator),
                freeze: false)
        }
        wte = table(configuration.vocabularySize)
        wpe = table(configuration.contextLength)
        drop = Dropout(configuration.dropout)
        h = (0..<configuration.layers).map { _ in GPT2Block(configuration, generator) }
        lnF = LayerNorm(configuration.width)
    }

    func callAsFunction(_ tokens: Tensor) -> Tensor {
        lnF(h.reduce(embedded(tokens, at: .range(tokens.shape[1]))) { $1($0) })
    }

    /// Behind the tokens in a memory.
    func callAsFunction(_ tokens: Tensor, memory: ModelMemory, at place: KeyValues.Place) -> Tensor {
        var x = embedded(tokens, at: place.positions)
        for (index, block) in h.enumerated() { x = block(x, behind: KeyValues(layer: index, of: memory, at: place)) }
        return lnF(x)
    }

    private func embedded(_ tokens: Tensor, at positions: Tensor) -> Tensor { drop(wte(tokens) + wpe(positions)) }

    func attentionWeights(_ tokens: Tensor) -> [Tensor] {
        var x = embedded(tokens, at: .range(tokens.shape[1]))
        return h.map { block in
            defer { x = block(x) }
            return block.attn.weights(block.ln1(x)).squeezed(0)
        }
    }
}

/// `x + attention(norm(x))`, and that `+ mlp(norm(…))`: `(B, T, width)` → the same.
final class GPT2Block: Module {
    let ln1: LayerNorm
    let attn: GPT2Attention
    let ln2: LayerNorm
    let mlp: GPT2MLP

    init(_ configuration: GPT2.Configuration, _ generator: Generator) {
        ln1 = LayerNorm(configuration.width)
        attn = GPT2Attention(configuration, generator)
        ln2 = LayerNorm(configuration.width)
        mlp = GPT2MLP(configuration, generator)
    }

    override func stateName(of property: String) -> String {
        switch property {
        case "ln1": "ln_1"
        case "ln2": "ln_2"
        default: super.stateName(of: property)
        }
    }

    func callAsFunction(_ x: Tensor, behind past: KeyValues? = nil) -> Tensor {
        traced(x) {
            let attended = x + attn(ln1(x), behind: past)
            return attended + mlp(ln2(attended))
        }
    }
}

final class GPT2Attention: Module {
    let cAttn: TransposedLinear
    let cProj: TransposedLinear
    let residDropout: Dropout
    let heads: Int

    init(_ configuration: GPT2.Configuration, _ generator: Generator) {
        let width = configuration.width
        cAttn = TransposedLinear(width, 3 * width, deviation: configuration.initialDeviation, generator: generator)
        cProj = TransposedLinear(width, width, deviation: configuration.residualDeviation, generator: generator)
        residDropout = Dropout(configuration.dropout)
        heads = configuration.heads
    }

    func callAsFunction(_ x: Tensor, behind past: KeyValues?) -> Tensor {
        let (q, k, v) = projected(x)
        let y = past?.attended(q, k, v) ?? scaledDotProductAttention(q, k, v, isCausal: true)
        return residDropout(cProj(headsJoined(y)))
    }

    func weights(_ x: Tensor) -> Tensor {
        let (q, k, _) = projected(x)
        return causalWeights(q, k)
    }

    /// `(B, T, width)` → three times `(B, heads, T, width / heads)`
    private func projected(_ x: Tensor) -> (q: Tensor, k: Tensor, v: Tensor) {
        let parts = cAttn(x).chunked(3, axis: -1).map { headsApart($0, heads) }
        return (parts[0], parts[1], parts[2])
    }
}

final class GPT2MLP: Module, Layer {
    let cFc: TransposedLinear
    let cProj: TransposedLinear
    let dropout: Dropout

    init(_ configuration: GPT2.Configuration, _ generator: Generator) {
        let width = configuration.width
        cFc = TransposedLinear(width, 4 * width, deviation: configuration.initialDeviation, generator: generator)
        cProj = TransposedLinear(4 * width, width, deviation: configuration.residualDeviation, generator: generator)
        dropout = Dropout(configuration.dropout)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { dropout(cProj(gelu(cFc(x), approximate: .tanh))) }
}

extension GPT2.Configuration {
    /// Of the weights whose outputs are added up through all layers.
    fileprivate var residualDeviation: Double { initialDeviation / (2 * Double(layers)).squareRoot() }
}

/// `x W + b`, with the weight the other way round than in `Linear`: `(inputs, outputs)`. OpenAI's code has it so.
final class TransposedLinear: Module, Layer {
    @Parameter var weight: Tensor
    @Parameter var bias: Tensor

    init(_ inputs: Int, _ outputs: Int, deviation: Double, generator: Generator) {
        weight = .normal([inputs, outputs], standardDeviation: deviation, generator: generator)
        bias = .zeros([outputs])
    }

    func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { matmul(x, weight) + bias } }
}
