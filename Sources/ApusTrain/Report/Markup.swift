/// A piece of HTML or SVG. Interpolated text is escaped, interpolated markup is not:
///
/// ```swift
/// let cell: Markup = "<td>\("a < b")</td>"   // <td>a &lt; b</td>
/// ```
///
/// Elements are written so that the text is well-formed XML too: each is closed, each attribute has a value in quotes.
public struct Markup: Hashable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    public var description: String

    /// Text that is markup already.
    public init(raw: String) { description = raw }

    public init(stringLiteral value: String) { description = value }

    public init(stringInterpolation: StringInterpolation) { description = stringInterpolation.text }

    /// Collects an interpolated literal and escapes what is not markup.
    public struct StringInterpolation: StringInterpolationProtocol {
        var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(2 * literalCapacity) }

        /// Adds the literal's own text, which is markup already.
        public mutating func appendLiteral(_ literal: String) { text += literal }

        /// Adds markup as it is.
        public mutating func appendInterpolation(_ markup: Markup) { text += markup.description }

        /// Adds pieces of markup one after another.
        public mutating func appendInterpolation(_ markups: [Markup]) {
            for markup in markups { text += markup.description }
        }

        /// Adds text, escaped.
        public mutating func appendInterpolation(_ value: String) { text += Markup.escaped(value) }

        /// Adds a whole number in digits.
        public mutating func appendInterpolation(_ value: Int) { text += String(value) }

        /// A coordinate: two decimals are finer than a screen.
        public mutating func appendInterpolation(_ value: Double) {
            precondition(abs(value) < 1e12, "Markup: \(value) is no place in a drawing")
            let hundredths = (value * 100).rounded() / 100
            text += hundredths == hundredths.rounded() ? String(Int(hundredths)) : String(hundredths)
        }
    }

    /// One piece of markup after another.
    public static func + (a: Markup, b: Markup) -> Markup { Markup(raw: a.description + b.description) }

    /// `text` with what means something to HTML and XML escaped, and without the control characters that XML forbids.
    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result.unicodeScalars.append(character)
            case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            case _ where character.value < 0x20: result += "\u{FFFD}"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
