/// Turns tokens into text as they come, a character as soon as its last byte is there.
///
/// What `append` and `finish` return, joined, is what `Tokenizer.decode` says of all tokens.
public struct StreamingDecoder {
    private let tokenizer: any Tokenizer
    /// The beginning of a character whose end hasn't come.
    private var pending: [UInt8] = []

    public init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    /// The text that one more token completes; empty in the middle of a character.
    public mutating func append(_ token: Int) -> String {
        pending += tokenizer.bytes(of: token)
        let complete = pending.count - Self.incompleteSuffix(of: pending)
        defer { pending.removeFirst(complete) }
        return String(decoding: pending[..<complete], as: UTF8.self)
    }

    /// What is left at the end: U+FFFD for a character without its end.
    public mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end may become a character with those that follow.
    private static func incompleteSuffix(of bytes: [UInt8]) -> Int {
        for (count, byte) in zip(1...3, bytes.reversed()) where byte & 0xC0 != 0x80 {
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > count ? count : 0
        }
        return 0
    }
}
