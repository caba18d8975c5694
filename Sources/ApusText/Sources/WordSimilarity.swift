import ApusData
import Foundation

/// Pairs of words with how alike people find them.
public struct WordSimilarity: Hashable, Sendable {
    /// Two words and people's mean rating.
    public struct Pair: Hashable, Sendable {
        /// The words.
        public var first: String, second: String
        /// More is more alike.
        public var rating: Double

        public init(_ first: String, _ second: String, _ rating: Double) {
            self.first = first
            self.second = second
            self.rating = rating
        }
    }

    /// What the set is called: `WordSim-353`.
    public var name: String
    /// In the file's order.
    public var pairs: [Pair]

    public init(name: String, pairs: [Pair]) {
        self.name = name
        self.pairs = pairs
    }

    /// Reads tab-separated lines of two words and a rating; those that begin with `#` say something about the file.
    ///
    /// - Throws: `DataError` naming file and line.
    public init(contentsOf url: URL, name: String? = nil) throws {
        self.name = name ?? url.deletingPathExtension().lastPathComponent
        pairs = try plainText(contentsOf: url).split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .compactMap { index, line in
                if line.hasPrefix("#") || line.allSatisfy(\.isWhitespace) { return nil }
                let cells = line.split(separator: "\t").map { $0.trimmingCharacters(in: .whitespaces) }
                guard cells.count >= 3, let rating = Double(cells[2]), rating.isFinite else {
                    throw DataError(
                        .unrecognized, "\(url.path), line \(index + 1)",
                        "two words and a number, with tabs, are expected",
                        remedy: "Mend the line, or begin it with # where it is a comment")
                }
                return Pair(cells[0], cells[1], rating)
            }
        if pairs.isEmpty { throw DataError(.empty, url.path, "holds no pairs of words") }
    }

    /// 353 pairs rated for being related in any way (Finkelstein et al., “Placing search in context”, 2002), from the catalogue.
    public static func wordSim353(
        catalogue: DataCatalogue = .standard, progress: @escaping (DataCatalogue.Progress) -> Void = { _ in }
    ) throws -> WordSimilarity {
        try located("wordsim353.tsv", "WordSim-353", catalogue, progress)
    }

    /// 999 pairs rated for meaning the same (Hill, Reichart and Korhonen, “SimLex-999”, 2015), from the catalogue.
    public static func simLex999(
        catalogue: DataCatalogue = .standard, progress: @escaping (DataCatalogue.Progress) -> Void = { _ in }
    ) throws -> WordSimilarity {
        try located("simlex999.txt", "SimLex-999", catalogue, progress)
    }

    private static func located(
        _ file: String, _ name: String, _ catalogue: DataCatalogue,
        _ progress: @escaping (DataCatalogue.Progress) -> Void
    ) throws -> WordSimilarity {
        let folder = try catalogue.located("word-similarity", progress: progress)
        return try WordSimilarity(contentsOf: folder.appendingPathComponent(file), name: name)
    }
}
