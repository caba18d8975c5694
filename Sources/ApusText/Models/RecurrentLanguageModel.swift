import ApusNN

/// An embedding, layers of recurrent cells, and a linear layer over the vocabulary, with dropout between layers but not from step to
/// step.
///
/// References: Elman, “Finding structure in time”, 1990; Graves, “Generating sequences with recurrent neural networks”, 2013; Zaremba,
/// Sutskever and Vinyals, “Recurrent neural network regularization”, 2014.
public final class RecurrentLanguageModel: Module, LanguageModel {
    /// The kinds of cells.
    public enum Cell: String, Codable, Sendable {
        /// Elman's, `h = tanh(W x + U h)`.
        case rnn
        /// Long short-term memory.
        case lstm
    }

    /// The sizes of a model.
    public struct Configuration: Codable, Hashable, Sendable {
        public var cell: Cell
        public var vocabularySize: Int
        /// Of the embedding and of the cells.
        public var width: Int
        public var layers: Int
        /// Of what goes from layer to layer, in training.
        public var dropout: Double

        public init(cell: Cell, vocabularySize: Int, width: Int, layers: Int, dropout: Double = 0) {
            self.cell = cell
            self.vocabularySize = vocabularySize
            self.width = width
            self.layers = layers
            self.dropout = dropout
        }

        /// The medium one of Zaremba et al.: two layers of 650 LSTM cells over 10,000 words, 19,780,400 parameters.
        public static let zarembaMedium = Configuration(
            cell: .lstm, vocabularySize: 10_000, width: 650, layers: 2, dropout: 0.5)
    }

    let embedding: Embedding
    let dropout: Dropout
    let rnn: RNN?
    let lstm: LSTM?
    let head: Linear
    public let configuration: Configuration

    public init(_ configuration: Configuration, generator: Generator = .current) {
        self.configuration = configuration
        let (width, layers) = (configuration.width, configuration.layers)
        embedding = Embedding(configuration.vocabularySize, width, generator: generator)
        dropout = Dropout(configuration.dropout)
        switch configuration.cell {
        case .rnn:
            rnn = RNN(
                width, width, layers: layers, batchFirst: true, dropout: configuration.dropout, generator: generator)
            lstm = nil
        case .lstm:
            rnn = nil
            lstm = LSTM(
                width, width, layers: layers, batchFirst: true, dropout: configuration.dropout, generator: generator)
        }
        head = Linear(width, configuration.vocabularySize, generator: generator)
    }

    public var vocabularySize: Int { configuration.vocabularySize }
    public var contextLength: Int? { nil }

    public func callAsFunction(_ tokens: Tensor) -> Tensor {
        traced(tokens) { head(dropout(run(tokens, from: nil).output)) }  // (B, T, vocabulary)
    }

    public func makeMemory() -> ModelMemory {
        let state = Tensor.zeros([configuration.layers, 1, configuration.width]).evaluated()
        return ModelMemory(Array(repeating: state, count: configuration.cell == .lstm ? 2 : 1))
    }

    public func callAsFunction(_ tokens: Tensor, at position: Tensor, memory: ModelMemory) -> Tensor {
        let (output, state) = run(tokens, from: memory.parts.map(\.wrappedValue))  // (1, T, width)
        for (part, value) in zip(memory.parts, state) { part.wrappedValue = value }
        return head(output.sliced(axis: 1, tokens.shape[1] - 1, 1)).flattened()
    }

    /// What the last layer's cells put out: `(B, T)` → `(B, T, width)`.
    public func activations(_ tokens: Tensor) -> Tensor { run(tokens, from: nil).output }

    /// - Parameter state: each part `(layers, B, width)`; zeros where nil.
    private func run(_ tokens: Tensor, from state: [Tensor]?) -> (output: Tensor, state: [Tensor]) {
        let x = dropout(embedding(tokens))
        if let lstm {
            let (output, hidden, cell) = lstm(x, state: state.map { ($0[0], $0[1]) })
            return (output, [hidden, cell])
        }
        let (output, hidden) = rnn!(x, hidden: state?[0])
        return (output, [hidden])
    }
}
