import Foundation

/// MovieLens 100k: who rated which film how, and when, in the files that RecBole ships (`ml-100k.inter`, `.user`, `.item`).
///
/// Its terms let it be used for research, not passed on. Reference: Harper and Konstan, “The MovieLens datasets: history and
/// context”, 2015.
public struct MovieLens: Sendable {
    /// Who rates.
    public struct User: Hashable, Sendable {
        public let id: String
        public let age: Int
        public let gender: String
        public let occupation: String
        public let zip: String
    }

    /// What is rated.
    public struct Film: Hashable, Sendable {
        public let id: String
        public let title: String
        /// Of its release; empty where unknown.
        public let year: String
        public let genres: [String]
    }

    /// One to five stars at a time.
    public struct Rating: Hashable, Sendable {
        public let user: String
        public let film: String
        public let stars: Int
        /// Seconds since 1970.
        public let time: Int
    }

    /// By their ids.
    public let users: [String: User]
    /// By their ids.
    public let films: [String: Film]
    /// From the first to the last; those of one second by user and film.
    public let ratings: [Rating]

    /// Loads the files of a folder, or those of the catalogue, which fetches them the first time.
    ///
    /// - Throws: `DataError` naming file and line.
    public static func load(
        from folder: URL? = nil, catalogue: DataCatalogue = .standard,
        progress: @escaping (DataCatalogue.Progress) -> Void = { _ in }
    ) throws -> MovieLens {
        let folder =
            try folder ?? catalogue.located("movielens-100k", progress: progress).appendingPathComponent("ml-100k")
        return try MovieLens(contentsOf: folder)
    }

    /// - Parameter folder: holds one file each that ends in `.inter`, `.user` and `.item`.
    public init(contentsOf folder: URL) throws {
        func rows(_ ending: String, _ columns: [String]) throws -> (url: URL, [(line: Int, fields: [String])]) {
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
            guard let name = names.first(where: { $0.hasSuffix(ending) }) else {
                throw DataError(
                    .missing, folder.path, "there is no file that ends in \(ending)",
                    remedy: "Give the folder with ml-100k.inter, ml-100k.user and ml-100k.item")
            }
            let url = folder.appendingPathComponent(name)
            return (url, try Self.rows(url, columns))
        }
        users = try Self.unique(rows(".user", ["user_id", "age", "gender", "occupation", "zip_code"])) { row in
            let age = try Self.integer(row[1], "age", 0...150)
            return (row[0], User(id: row[0], age: age, gender: row[2], occupation: row[3], zip: row[4]))
        }
        films = try Self.unique(rows(".item", ["item_id", "movie_title", "release_year", "class"])) { row in
            let genres = row[3].split(separator: " ").map(String.init)
            return (row[0], Film(id: row[0], title: row[1], year: row[2], genres: genres))
        }
        let (url, lines) = try rows(".inter", ["user_id", "item_id", "rating", "timestamp"])
        let (users, films) = (users, films)
        ratings = try lines.map { line, row in
            try Self.at(line, of: url) {
                guard users[row[0]] != nil else { throw Self.problem("user \(row[0]) is not in the .user file") }
                guard films[row[1]] != nil else { throw Self.problem("film \(row[1]) is not in the .item file") }
                return Rating(
                    user: row[0], film: row[1], stars: try Self.integer(row[2], "rating", 1...5),
                    time: try Self.integer(row[3], "timestamp", 0...(1 << 40)))
            }
        }.sorted { ($0.time, $0.user, $0.film) < ($1.time, $1.user, $1.film) }
        guard !ratings.isEmpty else { throw DataError(.empty, url.path, "there are no ratings") }
    }

    /// The rows of a file of tab-separated values, whose first line gives the columns as `name:type`.
    private static func rows(_ url: URL, _ columns: [String]) throws -> [(line: Int, fields: [String])] {
        let reader = try LineReader(contentsOf: url)
        guard let head = try reader.next() else { throw DataError(.empty, url.path, "the file is empty") }
        let names = head.text.split(separator: "\t", omittingEmptySubsequences: false).map {
            String($0.prefix { $0 != ":" })
        }
        let places = try columns.map { column in
            guard let place = names.firstIndex(of: column) else {
                throw DataError(
                    .unrecognized, url.path, "line 1 names no column “\(column)”",
                    remedy: "Give MovieLens in RecBole's atomic files")
            }
            return place
        }
        var rows: [(line: Int, fields: [String])] = []
        while let line = try reader.next() {
            if line.bytes.isEmpty { continue }
            let fields = line.text.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == names.count else {
                throw DataError(
                    .corrupt, url.path, "line \(line.number): \(fields.count) fields, and \(names.count) are expected",
                    remedy: "Correct the line, or fetch the file again")
            }
            rows.append((line.number, places.map { String(fields[$0]) }))
        }
        return rows
    }

    private static func unique<Value>(
        _ table: (url: URL, rows: [(line: Int, fields: [String])]), _ make: ([String]) throws -> (String, Value)
    ) throws -> [String: Value] {
        var values: [String: Value] = [:]
        for (line, row) in table.rows {
            try at(line, of: table.url) {
                let (id, value) = try make(row)
                guard values.updateValue(value, forKey: id) == nil else { throw problem("\(id) is there twice") }
            }
        }
        return values
    }

    private static func integer(_ text: String, _ name: String, _ range: ClosedRange<Int>) throws -> Int {
        // The files write some whole numbers as 3.0.
        guard let number = Double(text), number == number.rounded(), range.contains(Int(exactly: number) ?? -1) else {
            throw problem(
                "the \(name) is “\(text)”, and a whole number from \(range.lowerBound) to \(range.upperBound) is expected"
            )
        }
        return Int(number)
    }

    private static func at<Result>(_ line: Int, of url: URL, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as DataError {
            throw DataError(error.kind, url.path, "line \(line): \(error.problem)", remedy: error.remedy)
        }
    }

    private static func problem(_ text: String) -> DataError {
        DataError(.corrupt, "MovieLens", text, remedy: "Correct the line, or fetch the file again")
    }
}
