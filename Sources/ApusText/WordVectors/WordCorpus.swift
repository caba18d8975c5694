import ApusData
import Foundation

/// A text as numbers: sentences of words, each distinct word a number in the order in which they first occur.
public struct WordCorpus: Sendable {
    /// Every distinct word, by its number.
    public private(set) var words: [String] = []
    /// How often each word occurs.
    public private(set) var counts: [Int] = []
    /// Every sentence's words by number, with −1 after each sentence.
    package private(set) var tokens: [Int32] = []
    /// How many sentences there are.
    public private(set) var sentenceCount = 0
    private var numbers: [String: Int32] = [:]

    public init() {}

    /// Sentences given as words.
    public init(sentences: some Sequence<[String]>) {
        for sentence in sentences { append(sentence: sentence) }
    }

    /// How many words there are in all, each occurrence counted.
    public var wordCount: Int { tokens.count - sentenceCount }

    /// Adds a sentence. One without words adds nothing.
    public mutating func append(sentence: some Sequence<some StringProtocol>) {
        let before = tokens.count
        for word in sentence {
            let word = String(word)
            if let number = numbers[word] {
                counts[Int(number)] += 1
                tokens.append(number)
            } else {
                let number = Int32(words.count)
                numbers[word] = number
                words.append(word)
                counts.append(1)
                tokens.append(number)
            }
        }
        guard tokens.count > before else { return }
        tokens.append(-1)
        sentenceCount += 1
    }

    /// Adds a paragraph of prose. It counts as one sentence: words are about the same thing beyond a full stop.
    public mutating func append(prose paragraph: some StringProtocol) { append(sentence: proseWords(of: paragraph)) }
}

extension WordCorpus {
    /// What a text file holds.
    public enum Format: String, CaseIterable, Codable, Hashable, Sendable {
        /// A sentence a line, words between spaces, taken as they are: the format of text8 and of gensim's `LineSentence`.
        case lines
        /// Text for people, with capitals and punctuation, a blank line between two paragraphs.
        case prose

        /// Prose has sentences that end with a stop and capitals; words for machines have neither.
        package init(guessing text: String) {
            let beginning = text.utf8.prefix(1 << 16)
            let capitals = beginning.count { $0 >= 0x41 && $0 <= 0x5A }
            let stops = beginning.count { $0 == 0x2E }
            self = capitals * 400 > beginning.count && stops * 2000 > beginning.count ? .prose : .lines
        }
    }

    /// Reads a text file, plain or gzipped, or a folder of such (`*.txt`, `*.gz`, in the order of their names).
    ///
    /// - Parameter format: of all files; each file's is found out where nil.
    /// - Throws: `DataError` naming the file that is missing, empty or no text.
    public init(contentsOf url: URL, format: Format? = nil) throws {
        for file in try Self.files(at: url) {
            let text = try plainText(contentsOf: file)
            switch format ?? Format(guessing: text) {
            case .lines: append(lines: text)
            case .prose: append(paragraphsOf: text)
            }
        }
        if tokens.isEmpty {
            throw DataError(.empty, url.path, "holds no words", remedy: "Give a text file, or a folder of text files")
        }
    }

    private static func files(at url: URL) throws -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
            return [url]
        }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
        let texts = names.filter { $0.hasSuffix(".txt") || $0.hasSuffix(".gz") || $0.hasSuffix(".cor") }
        guard !texts.isEmpty else {
            throw DataError(
                .empty, url.path, "the folder has no text files", remedy: "Text files end with .txt or .txt.gz")
        }
        return texts.map { url.appendingPathComponent($0) }
    }

    private mutating func append(lines text: String) {
        for line in text.split(separator: "\n") {
            append(sentence: line.split(whereSeparator: { $0 == " " || $0 == "\t" }))
        }
    }

    /// Lines up to a blank one are a paragraph.
    private mutating func append(paragraphsOf text: String) {
        var paragraph = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.allSatisfy(\.isWhitespace) {
                append(prose: paragraph)
                paragraph = ""
            } else {
                paragraph += paragraph.isEmpty ? line : " " + line
            }
        }
        append(prose: paragraph)
    }
}
