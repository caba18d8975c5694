import ApusData
import Foundation

/// The six completed novels of Jane Austen, 700,000 words, in the edition of Project Gutenberg.
///
/// ```swift
/// let novels = try JaneAusten.load()
/// let text = novels.map(\.text).joined(separator: "\n")
/// ```
///
/// Reference: Silge, “janeaustenr: Jane Austen's complete novels”, an R package, whose data are read.
public enum JaneAusten {
    /// The novels in the order in which they were published.
    public enum Title: String, CaseIterable, Codable, Hashable, Sendable {
        case senseAndSensibility = "Sense and Sensibility"
        case prideAndPrejudice = "Pride and Prejudice"
        case mansfieldPark = "Mansfield Park"
        case emma = "Emma"
        case northangerAbbey = "Northanger Abbey"
        case persuasion = "Persuasion"

        /// What the package calls it.
        var variable: String {
            switch self {
            case .senseAndSensibility: "sensesensibility"
            case .prideAndPrejudice: "prideprejudice"
            case .mansfieldPark: "mansfieldpark"
            case .emma: "emma"
            case .northangerAbbey: "northangerabbey"
            case .persuasion: "persuasion"
            }
        }
    }

    /// One of the novels.
    public struct Novel: Hashable, Sendable {
        /// Which it is.
        public let title: Title
        /// As they are printed, about 70 characters long; an empty one lies between two paragraphs.
        public let lines: [String]

        /// The lines, each with its break.
        public var text: String { lines.map { $0 + "\n" }.joined() }

        /// The paragraphs and headings, each in one line.
        public var paragraphs: [String] {
            lines.split(whereSeparator: { $0.allSatisfy(\.isWhitespace) }).map { $0.joined(separator: " ") }
        }
    }

    /// Loads novels from the folder of the package's data, or from the catalogue, which fetches them the first time.
    ///
    /// - Throws: `DataError` where they can't be fetched or read.
    public static func load(
        _ titles: [Title] = Title.allCases, from folder: URL? = nil, catalogue: DataCatalogue = .standard,
        progress: @escaping (DataCatalogue.Progress) -> Void = { _ in }
    ) throws -> [Novel] {
        let folder = try folder ?? catalogue.located("austen", progress: progress).appendingPathComponent("data")
        let database = try RLazyLoadDatabase(folder: folder)
        return try titles.map { title in
            guard case .strings(let lines) = try database.value(title.variable) else {
                throw DataError(.unrecognized, folder.path, "\(title.variable) is no text")
            }
            return Novel(title: title, lines: lines.map { $0 ?? "" })
        }
    }
}
