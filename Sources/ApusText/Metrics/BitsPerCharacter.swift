import Foundation

/// A text to be measured, in tokens.
public struct ScoredText: Sendable {
    /// What comes before it; a model sees that and isn't measured on it.
    public let context: [Int]
    /// What is measured.
    public let tokens: [Int]
    /// Its Unicode scalars, whatever the tokens are.
    public let characters: Int
    /// Bits that no model can save: which character an unknown one is.
    let ambiguity: Double

    public init(_ text: String, after context: String = "", _ tokenizer: some Tokenizer) {
        // More than any model looks at here.
        let tail = String(String.UnicodeScalarView(context.unicodeScalars.suffix(20_000)))
        self.context = tokenizer.encode(tail)
        tokens = tokenizer.encode(text)
        characters = text.unicodeScalars.count
        ambiguity = tokens.reduce(0) { $0 + tokenizer.ambiguity(of: $1) }
    }
}

/// How well a model knows texts, by the bits that it takes to write them down with its help.
public struct BitsPerCharacter: Codable, Hashable, Sendable {
    private var bits = 0.0
    private var characters = 0

    public init() {}

    /// Adds a text, given the bits of each of its tokens.
    public mutating func update(_ text: ScoredText, bits tokenBits: [Double]) {
        bits += tokenBits.reduce(0, +) + text.ambiguity
        characters += text.characters
    }

    /// Bits of all texts by characters of all texts, so that models over different tokens compare.
    public var value: Double { bits / Double(characters) }
}
