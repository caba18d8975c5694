import Foundation

/// Arithmetic with words: `king - man + woman`, or a word alone.
public struct WordExpression: Hashable, Sendable, CustomStringConvertible {
    /// A word and its factor.
    public struct Term: Hashable, Sendable {
        /// The word.
        public var word: String
        /// +1 or −1.
        public var sign: Double
    }

    /// In the order in which they are written.
    public let terms: [Term]

    /// Nil where the text isn't words with `+` and `-` between them. A hyphen without spaces belongs to its word.
    public init?(_ text: String) {
        var terms: [Term] = []
        var sign: Double? = 1
        for cell in text.replacingOccurrences(of: "−", with: "-").split(whereSeparator: \.isWhitespace) {
            if cell == "+" || cell == "-" {
                // One sign stands between two words, and one may stand before the first.
                guard sign == nil || terms.isEmpty else { return nil }
                sign = cell == "+" ? 1 : -1
            } else {
                guard let factor = sign else { return nil }
                terms.append(Term(word: String(cell), sign: factor))
                sign = nil
            }
        }
        guard sign == nil, !terms.isEmpty else { return nil }
        self.terms = terms
    }

    /// The words, each once.
    public var words: [String] { terms.map(\.word) }

    /// As it would be written.
    public var description: String {
        terms.enumerated().map { index, term in
            (term.sign < 0 ? (index == 0 ? "- " : " - ") : (index == 0 ? "" : " + ")) + term.word
        }.joined()
    }
}
