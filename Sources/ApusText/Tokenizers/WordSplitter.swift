/// Splits text into the words that byte-pair encoding works on: letters, digits and other signs apart, each run with the space
/// before it, and English contractions (`'s`, `'ll` …).
///
/// The words are the matches of GPT-2's pattern
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, and joined they are the text.
///
/// Reference: Radford et al., “Language models are unsupervised multitask learners”, 2019.
struct WordSplitter {
    private enum Kind: UInt8 {
        case letter, number, space, other
    }

    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// - Parameter text: valid UTF-8.
    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// The next word; nil at the end.
    mutating func next() -> Slice<UnsafeBufferPointer<UInt8>>? {
        guard position < text.count else { return nil }
        let start = position
        position = contractionEnd(start) ?? runEnd(start)
        return text[start..<position]
    }

    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.utf8) }

    private func contractionEnd(_ start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "'") else { return nil }
        let contraction = Self.contractions.first { text[start...].starts(with: $0) }
        return contraction.map { start + $0.count }
    }

    private func runEnd(_ start: Int) -> Int {
        let hasSpace = text[start] == UInt8(ascii: " ")
        let first = hasSpace ? start + 1 : start
        if first < text.count {
            let kind = kind(at: first).kind
            if kind != .space { return end(ofRunOf: kind, from: first).end }
        }
        // White space before a word leaves its last character to it.
        let (end, last) = end(ofRunOf: .space, from: start)
        return end == text.count || last == start ? end : last
    }

    /// The end of a run of characters of one kind, and where its last one begins.
    private func end(ofRunOf kind: Kind, from start: Int) -> (end: Int, last: Int) {
        var (end, last) = (start, start)
        while end < text.count {
            let (next, width) = self.kind(at: end)
            guard next == kind else { break }
            last = end
            end += width
        }
        return (end, last)
    }

    private static let asciiKinds: [Kind] = (0..<128).map { kind(of: Unicode.Scalar(UInt8($0))) }

    private func kind(at position: Int) -> (kind: Kind, width: Int) {
        let first = text[position]
        if first < 0x80 { return (Self.asciiKinds[Int(first)], 1) }
        let width = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var value = UInt32(first) & (0x7F >> UInt32(width))
        for byte in text[(position + 1)..<(position + width)] { value = value << 6 | UInt32(byte & 0x3F) }
        return (Self.kind(of: Unicode.Scalar(value)!), width)
    }

    private static func kind(of scalar: Unicode.Scalar) -> Kind {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
        case .decimalNumber, .letterNumber, .otherNumber: .number
        default: scalar.properties.isWhitespace ? .space : .other
        }
    }
}
