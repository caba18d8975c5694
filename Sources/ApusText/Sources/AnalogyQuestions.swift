import ApusData
import Foundation

/// Questions of the form “a is to b as c is to …?”, by category.
///
/// Reference: Mikolov, Chen, Corrado and Dean, “Efficient estimation of word representations in vector space”, 2013, section 4.1.
public struct AnalogyQuestions: Hashable, Sendable {
    /// “a is to b as c is to d”: `d` is the answer.
    public struct Question: Hashable, Sendable {
        /// The first pair's words.
        public var a: String, b: String
        /// The second pair's words; `d` is what is asked for.
        public var c: String, d: String

        public init(_ a: String, _ b: String, _ c: String, _ d: String) {
            (self.a, self.b, self.c, self.d) = (a, b, c, d)
        }
    }

    /// Questions about one relation.
    public struct Category: Hashable, Sendable {
        /// As the file calls it: `family`, `gram3-comparative`.
        public var name: String
        /// In the file's order.
        public var questions: [Question]

        public init(name: String, questions: [Question]) {
            self.name = name
            self.questions = questions
        }

        /// Whether it is about grammar, not about the world: `gram1-adjective-to-adverb` and the like.
        public var isSyntactic: Bool { name.hasPrefix("gram") }
    }

    /// In the file's order.
    public var categories: [Category]

    public init(categories: [Category]) { self.categories = categories }

    /// How many questions there are.
    public var count: Int { categories.reduce(0) { $0 + $1.questions.count } }

    /// Reads the format of `questions-words.txt`: a line `: name` begins a category, the others hold four words each.
    ///
    /// - Throws: `DataError` naming file and line.
    public init(contentsOf url: URL) throws {
        try self.init(text: plainText(contentsOf: url), input: url.path)
    }

    init(text: String, input: String) throws {
        categories = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            if words.isEmpty { continue }
            if line.hasPrefix(":") {
                categories.append(
                    Category(name: line.dropFirst().trimmingCharacters(in: .whitespaces), questions: []))
            } else if words.count == 4, !categories.isEmpty {
                categories[categories.count - 1].questions.append(Question(words[0], words[1], words[2], words[3]))
            } else {
                throw DataError(
                    .unrecognized, "\(input), line \(index + 1)",
                    "four words, or a category such as “: family”, are expected",
                    remedy: "Mend the line; the format is that of word2vec's questions-words.txt")
            }
        }
        if count == 0 { throw DataError(.empty, input, "holds no questions") }
    }

    /// The 19,544 questions of the reference, in 14 categories, from the catalogue, which fetches them the first time.
    public static func standard(
        catalogue: DataCatalogue = .standard, progress: @escaping (DataCatalogue.Progress) -> Void = { _ in }
    ) throws -> AnalogyQuestions {
        let folder = try catalogue.located("word-similarity", progress: progress)
        return try AnalogyQuestions(contentsOf: folder.appendingPathComponent("questions-words.txt"))
    }
}
