import ApusNN

/// A model that tells at every place of a text which token comes next.
public protocol LanguageModel: Module {
    /// Tokens are 0 ..< vocabularySize.
    var vocabularySize: Int { get }

    /// The longest sequence that it can look at; nil where there is no limit.
    var contextLength: Int? { get }

    /// Logits of the next token at every place: `(B, T)` → `(B, T, vocabulary)`.
    func callAsFunction(_ tokens: Tensor) -> Tensor

    /// What the model keeps of one text that it is going along, at the text's beginning.
    func makeMemory() -> ModelMemory

    /// Logits of what follows some tokens: `(1, T)` → `(vocabulary)`.
    ///
    /// - Parameters:
    ///   - position: how many tokens came before them, `()`.
    ///   - memory: of those, and afterwards of these as well.
    func callAsFunction(_ tokens: Tensor, at position: Tensor, memory: ModelMemory) -> Tensor
}

/// What a model keeps of a text to go on with it: recurrent states, or keys and values. Its tensors keep their shapes, so that a step's
/// plan is made once, and a compiled step overwrites them.
public final class ModelMemory: Module {
    /// In an order that is the model's.
    public let parts: [Module.Buffer<Tensor>]

    public init(_ parts: [Tensor]) { self.parts = parts.map { Module.Buffer(wrappedValue: $0) } }
}
