import Apus

/// A language model of one LSTM layer between an embedding and a decoder.
final class RecurrentLanguageModel: Module, Layer {
    let embedding: Embedding
    let lstm: LSTM
    let decoder: Linear

    init(vocabulary: Int, width: Int) {
        embedding = Embedding(vocabulary, width)
        lstm = LSTM(width, width)
        decoder = Linear(width, vocabulary)
    }

    /// Logits: `(T, B)` → `(T, B, vocabulary)`.
    func callAsFunction(_ tokens: Tensor) -> Tensor { decoder(lstm(embedding(tokens)).output) }
}

/// 32 sequences of 35 words out of 1,000.
let lstm = languageModel("lstm", vocabulary: 1000, tokens: [35, 32]) {
    RecurrentLanguageModel(vocabulary: 1000, width: 256)
}

/// A model of the next token that sees one batch of noise over and over.
func languageModel<Model: Module & Layer>(
    _ name: String, precision: Precision = .float32, vocabulary: Int, tokens: Shape,
    model: @escaping @Sendable () -> Model
) -> TrainingWorkload<Model> {
    TrainingWorkload(
        name, precision: precision, items: (Double(tokens.elementCount), "tokens"),
        inputs: ["tokens": .integers(tokens, below: vocabulary), "targets": .integers(tokens, below: vocabulary)],
        model: model
    ) { crossEntropy($0($1["tokens"]!).flattened(to: 1), $1["targets"]!.flattened()) }
}
