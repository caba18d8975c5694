extension KneserNey {
    /// The n-grams of texts, over a tokenizer's tokens.
    public init(order: Int = 5, trainedOn texts: some Sequence<String>, _ tokenizer: some Tokenizer) {
        self.init(
            order: order, vocabularySize: tokenizer.vocabularySize, trainedOn: texts.map { tokenizer.encode($0) })
    }

    /// How well it knows texts of the same tokens.
    public func bitsPerCharacter(of texts: [ScoredText]) -> Double {
        var measured = BitsPerCharacter()
        for text in texts { measured.update(text, bits: bits(of: text.tokens, after: text.context)) }
        return measured.value
    }
}
