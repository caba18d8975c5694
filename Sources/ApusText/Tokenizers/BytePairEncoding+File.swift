import ApusData
import Foundation

/// `tokenizer.json` of Hugging Face's tokenizers, as far as byte-level encodings need it.
private struct TokenizerFile: Codable {
    struct Part: Codable {
        var type: String
        var addPrefixSpace: Bool?
        var trimOffsets: Bool?
        var useRegex: Bool?

        enum CodingKeys: String, CodingKey {
            case type
            case addPrefixSpace = "add_prefix_space"
            case trimOffsets = "trim_offsets"
            case useRegex = "use_regex"
        }
    }
    struct AddedToken: Codable {
        var id: Int
        var content: String
        var singleWord = false
        var lstrip = false
        var rstrip = false
        var normalized = false
        var special: Bool

        enum CodingKeys: String, CodingKey {
            case id, content, lstrip, rstrip, normalized, special
            case singleWord = "single_word"
        }
    }
    struct Model: Codable {
        var type: String?
        var dropout: Double?
        var unknown: String?
        var subwordPrefix: String?
        var wordSuffix: String?
        var fusesUnknown: Bool?
        var hasByteFallback: Bool?
        var vocabulary: [String: Int]
        var merges: [Merge]

        enum CodingKeys: String, CodingKey {
            case type, dropout, merges
            case unknown = "unk_token"
            case subwordPrefix = "continuing_subword_prefix"
            case wordSuffix = "end_of_word_suffix"
            case fusesUnknown = "fuse_unk"
            case hasByteFallback = "byte_fallback"
            case vocabulary = "vocab"
        }
    }
    /// `["a", "b"]`, or `"a b"` as older files have it.
    struct Merge: Codable {
        var left: String
        var right: String

        init(_ left: String, _ right: String) { (self.left, self.right) = (left, right) }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let parts: [String]
            if let text = try? container.decode(String.self) {
                parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            } else {
                parts = try container.decode([String].self)
            }
            guard parts.count == 2 else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "a merge is of two tokens")
            }
            (left, right) = (parts[0], parts[1])
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode([left, right])
        }
    }

    var version: String?
    var addedTokens: [AddedToken]
    var normalizer: Part?
    var preTokenizer: Part?
    var postProcessor: Part?
    var decoder: Part?
    var model: Model

    enum CodingKeys: String, CodingKey {
        case version, normalizer, decoder, model
        case addedTokens = "added_tokens"
        case preTokenizer = "pre_tokenizer"
        case postProcessor = "post_processor"
    }
}

extension BytePairEncoding {
    /// Reads a `tokenizer.json` of Hugging Face: a byte-level BPE model with GPT-2's pattern, as GPT-2, RoBERTa, or `write(to:)` have.
    ///
    /// What a post-processor puts around a text is left to the caller.
    ///
    /// - Throws: `DataError` naming the file where it can't be read, is broken, or holds another kind of tokenizer.
    public init(contentsOf url: URL) throws {
        let file: TokenizerFile
        do {
            file = try JSONDecoder().decode(TokenizerFile.self, from: readFile(url))
        } catch let error as DecodingError {
            throw DataError(
                .corrupt, url.path, "is no tokenizer.json of a BPE model: \(error.place)",
                remedy: "Give the tokenizer.json of a byte-level BPE tokenizer")
        }
        do { try self.init(file) } catch let problem as Unfit {
            throw DataError(
                problem.isOfAnotherKind ? .unrecognized : .corrupt, url.path, problem.description,
                remedy: "Give the tokenizer.json of a byte-level BPE tokenizer")
        }
    }

    /// Why a file is of no use.
    private struct Unfit: Error {
        var description: String
        var isOfAnotherKind = false
    }

    private init(_ file: TokenizerFile) throws {
        func require(_ condition: Bool, _ problem: String) throws {
            if !condition { throw Unfit(description: problem, isOfAnotherKind: true) }
        }
        let model = file.model
        try require(model.type ?? "BPE" == "BPE", "its model is \(model.type ?? "unknown"), not BPE")
        try require(
            file.normalizer == nil, "it normalizes text (\(file.normalizer?.type ?? "")), byte-level ones don't")
        try require(
            file.preTokenizer?.type == "ByteLevel", "its words are \(file.preTokenizer?.type ?? "none"), not ByteLevel")
        try require(file.preTokenizer?.useRegex ?? true, "its words are split by another pattern than GPT-2's")
        try require((model.dropout ?? 0) == 0, "its merges are random (dropout \(model.dropout ?? 0))")
        try require(model.hasByteFallback != true, "it falls back to bytes, and isn't made of them")
        try require(
            (model.subwordPrefix ?? "").isEmpty && (model.wordSuffix ?? "").isEmpty, "it marks the parts of words")

        var vocabulary = [[UInt8]?](repeating: nil, count: model.vocabulary.count)
        func place(_ token: Int, _ bytes: [UInt8], _ name: String) throws {
            guard token >= 0, token <= vocabulary.count else {
                throw Unfit(
                    description: "the token \"\(name)\" has the number \(token), and there are \(vocabulary.count)")
            }
            if token == vocabulary.count { vocabulary.append(nil) }
            guard vocabulary[token] ?? bytes == bytes else {
                throw Unfit(description: "two tokens have the number \(token), \"\(name)\" is one")
            }
            vocabulary[token] = bytes
        }
        let special = Set(file.addedTokens.map(\.content))
        for (name, token) in model.vocabulary {
            guard let bytes = special.contains(name) ? Array(name.utf8) : ByteAlphabet.bytes(of: name) else {
                throw Unfit(description: "the token \"\(name)\" has characters that stand for no byte")
            }
            try place(token, bytes, name)
        }
        for added in file.addedTokens.sorted(by: { $0.id < $1.id }) {
            try place(added.id, Array(added.content.utf8), added.content)
        }
        let full = vocabulary.compactMap { $0 }
        guard full.count == vocabulary.count else {
            throw Unfit(description: "its tokens are not numbered from 0 to \(vocabulary.count - 1)")
        }
        for byte in UInt8.min...UInt8.max where model.vocabulary[ByteAlphabet.text(of: [byte])] == nil {
            throw Unfit(description: "it has no token for the byte \(byte)")
        }
        let merges = try model.merges.map { merge in
            guard let left = model.vocabulary[merge.left], let right = model.vocabulary[merge.right],
                let token = model.vocabulary[merge.left + merge.right]
            else {
                throw Unfit(description: "the merge of \"\(merge.left)\" and \"\(merge.right)\" is of unknown tokens")
            }
            return (pair: Pair(left: left, right: right), token: token)
        }
        let names = file.addedTokens.map { ($0.content, $0.id) }
        self.init(
            vocabulary: full, merges: merges, specialTokens: Dictionary(names, uniquingKeysWith: { first, _ in first }),
            addsPrefixSpace: file.preTokenizer?.addPrefixSpace ?? true)
    }

    /// Writes a `tokenizer.json` that Hugging Face's `Tokenizer.from_file` reads.
    ///
    /// - Throws: `DataError` where it can't be written.
    public func write(to url: URL) throws {
        let special = Dictionary(uniqueKeysWithValues: specialTokens.map { ($1, $0) })
        let names = vocabulary.indices.map { special[$0] ?? ByteAlphabet.text(of: vocabulary[$0]) }
        let part = TokenizerFile.Part(
            type: "ByteLevel", addPrefixSpace: addsPrefixSpace, trimOffsets: true, useRegex: true)
        let file = TokenizerFile(
            version: "1.0",
            addedTokens: special.sorted { $0.key < $1.key }.map { .init(id: $0, content: $1, special: true) },
            preTokenizer: part, postProcessor: nil, decoder: part,
            model: .init(
                type: "BPE", fusesUnknown: false, hasByteFallback: false,
                vocabulary: Dictionary(uniqueKeysWithValues: zip(names, names.indices)),
                merges: merges.sorted { $0.value.rank < $1.value.rank }
                    .map { .init(names[$0.key.left], names[$0.key.right]) }))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try writeFile(encoder.encode(file), to: url)
    }
}

extension DecodingError {
    /// What is wrong and where, in a line.
    fileprivate var place: String {
        let context: Context
        switch self {
        case .keyNotFound(let key, let at): return "\"\(key.stringValue)\" is missing\(at.path)"
        case .typeMismatch(_, let at), .valueNotFound(_, let at), .dataCorrupted(let at): context = at
        @unknown default: return "\(self)"
        }
        return context.debugDescription + context.path
    }
}

extension DecodingError.Context {
    fileprivate var path: String {
        codingPath.isEmpty ? "" : " in " + codingPath.map(\.stringValue).joined(separator: ".")
    }
}
