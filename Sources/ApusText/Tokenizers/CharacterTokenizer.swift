import ApusData
import Foundation

/// One token for each character, that is, for each Unicode scalar.
///
/// Token 0 stands for every character that the vocabulary lacks, and is read as U+FFFD.
public struct CharacterTokenizer: Tokenizer, Codable, Hashable {
    /// The known characters in the order of their tokens, which start at 1.
    public let characters: [Unicode.Scalar]
    private let tokens: [Unicode.Scalar: Int]

    /// What an unknown character becomes.
    public static let unknown = 0

    /// The tokenizer whose tokens are these characters, from 1 up; traps where one appears twice.
    public init(characters: [Unicode.Scalar]) {
        self.characters = characters
        tokens = Dictionary(uniqueKeysWithValues: zip(characters, 1...))
    }

    /// The tokenizer of all characters of a text, in the order of their code points.
    public init(charactersOf text: String) {
        self.init(characters: Set(text.unicodeScalars).sorted())
    }

    public var vocabularySize: Int { characters.count + 1 }

    public func encode(_ text: String) -> [Int] { text.unicodeScalars.map { tokens[$0] ?? Self.unknown } }

    public func bytes(of token: Int) -> [UInt8] {
        precondition(
            (0..<vocabularySize).contains(token), "CharacterTokenizer: no token \(token) among \(vocabularySize)")
        return Array(String(token == Self.unknown ? "\u{FFFD}" : characters[token - 1]).utf8)
    }

    /// An unknown character is one of the others that Unicode has room for.
    public func ambiguity(of token: Int) -> Double {
        let scalars = 0x11_0000 - 0x800
        return token == Self.unknown ? log2(Double(scalars - characters.count)) : 0
    }

    /// The known characters, as a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        var text = String.UnicodeScalarView()
        text.append(contentsOf: characters)
        try container.encode(String(text))
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let characters = Array(try container.decode(String.self).unicodeScalars)
        guard Set(characters).count == characters.count else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a character appears twice")
        }
        self.init(characters: characters)
    }
}

extension CharacterTokenizer {
    /// Reads what `write(to:)` wrote: the characters as a string in JSON.
    ///
    /// - Throws: `DataError` naming the file where it can't be read or is broken.
    public init(contentsOf url: URL) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: readFile(url))
        } catch is DecodingError {
            throw DataError(
                .corrupt, url.path, "is no list of different characters", remedy: "Restore the file, or train anew")
        }
    }

    /// Writes the characters as a string in JSON.
    ///
    /// - Throws: `DataError` where it can't be written.
    public func write(to url: URL) throws { try writeFile(JSONEncoder().encode(self), to: url) }
}
