import ApusData
import ApusTensor
import Foundation

/// Sentences in two languages, each pair the translation of one another.
public struct ParallelText: Sendable {
    /// A sentence and its translation.
    public struct Pair: Hashable, Sendable {
        public var source: String
        public var target: String

        public init(_ source: String, _ target: String) {
            self.source = source
            self.target = target
        }

        /// The same pair, to be translated the other way.
        public var reversed: Pair { Pair(target, source) }
    }

    /// What people call the text.
    public var name: String
    public var pairs: [Pair]

    public init(name: String, pairs: [Pair]) {
        self.name = name
        self.pairs = pairs
    }

    /// The same text, to be translated the other way.
    public var reversed: ParallelText { ParallelText(name: name, pairs: pairs.map(\.reversed)) }
}

// MARK: The formats in which people keep it

extension ParallelText {
    /// A file with a source sentence, a tab and its translation in each line, plain or gzipped. More columns are left out.
    ///
    /// - Throws: `DataError` naming the file, and the line that has no tab.
    public init(tsv url: URL) throws {
        let pairs = try Self.lines(of: url).enumerated().compactMap { number, line -> Pair? in
            if line.allSatisfy(\.isWhitespace) { return nil }
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard columns.count >= 2 else {
                throw DataError(
                    .unrecognized, "\(url.path), line \(number + 1)", "has no tab between two sentences",
                    remedy: "Write: source sentence, tab, translation")
            }
            return Pair(Self.trimmed(columns[0]), Self.trimmed(columns[1]))
        }
        try self.init(checked: pairs, name: url.lastPathComponent, url)
    }

    /// Two files of one sentence a line each, as Moses and most shared tasks keep them: `corpus.en` and `corpus.es`.
    ///
    /// - Throws: `DataError` naming the files where their lines are not as many.
    public init(source: URL, target: URL) throws {
        let (sources, targets) = (try Self.lines(of: source), try Self.lines(of: target))
        guard sources.count == targets.count else {
            throw DataError(
                .mismatch, target.path,
                "has \(targets.count) lines, and \(source.lastPathComponent) \(sources.count)",
                remedy: "Give files whose lines belong together")
        }
        let pairs = zip(sources, targets).map { Pair(Self.trimmed($0), Self.trimmed($1)) }
        try self.init(checked: pairs, name: source.deletingPathExtension().lastPathComponent, source)
    }

    /// The verses that two Bibles of the same canon have in common.
    public init(name: String, _ source: SwordBible, _ target: SwordBible) {
        let translations = Dictionary(uniqueKeysWithValues: target.verses.map { ($0.reference, $0.text) })
        let pairs = source.verses.compactMap { verse in
            translations[verse.reference].map { Pair(verse.text, $0) }
        }
        self.init(name: name, pairs: pairs)
    }

    /// Without pairs that lack a side.
    private init(checked pairs: [Pair], name: String, _ url: URL) throws {
        let whole = pairs.filter { !$0.source.isEmpty && !$0.target.isEmpty }
        guard !whole.isEmpty else {
            throw DataError(.empty, url.path, "holds no pair of sentences", remedy: "Give a file with some")
        }
        self.init(name: name, pairs: whole)
    }

    private static func lines(of url: URL) throws -> [Substring] {
        var lines = try plainText(contentsOf: url).split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func trimmed(_ text: Substring) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

// MARK: Holding out

extension ParallelText {
    /// Parts to train with, to choose by, and to measure with.
    public struct Split: Sendable {
        public var training: ParallelText
        public var validation: ParallelText
        public var test: ParallelText
    }

    /// Holds pairs out, drawn by a seed. A pair that is held out shares neither sentence with a training pair: texts repeat
    /// themselves, and what was learned by heart says nothing about translating.
    public func split(validation: Int, test: Int, seed: UInt64) -> Split {
        let order = Generator(seed: seed).permutation(of: pairs.count)
        func part(_ indices: some Collection<Int>) -> ParallelText {
            ParallelText(name: name, pairs: indices.sorted().map { pairs[$0] })
        }
        let held = (test: part(order.prefix(test)), validation: part(order.dropFirst(test).prefix(validation)))
        let unseen = Set((held.test.pairs + held.validation.pairs).flatMap { [$0.source, $0.target] })
        let rest = order.dropFirst(test + validation).filter {
            !unseen.contains(pairs[$0].source) && !unseen.contains(pairs[$0].target)
        }
        return Split(training: part(rest), validation: held.validation, test: held.test)
    }
}
