/// Turns text into the numbers that a language model reads and writes, and back.
public protocol Tokenizer: Sendable {
    /// Tokens are 0 ..< vocabularySize.
    var vocabularySize: Int { get }

    /// The tokens of a text, in its order.
    func encode(_ text: String) -> [Int]

    /// The UTF-8 that a token stands for, which may be a part of a character; nothing for a token that stands for no text.
    ///
    /// Traps on a token outside of the vocabulary.
    func bytes(of token: Int) -> [UInt8]

    /// How many bits it takes to say which text a token stands for: 0 but for one that stands for many.
    func ambiguity(of token: Int) -> Double
}

extension Tokenizer {
    /// 0: every token stands for one text.
    public func ambiguity(of token: Int) -> Double { 0 }

    /// The text of tokens. Bytes that are no UTF-8 become U+FFFD.
    public func decode(_ tokens: some Sequence<Int>) -> String {
        String(decoding: tokens.flatMap(bytes), as: UTF8.self)
    }
}
