import ApusData
import Foundation

/// Texts, each with a part that is held out to measure a model on.
public struct TextCorpus: Sendable {
    /// One text, of which the end is held out.
    public struct Document: Hashable, Sendable {
        /// A title or a path.
        public let name: String
        /// What a model is trained on.
        public let training: String
        /// What it is measured on; it follows `training` without a gap.
        public let heldOut: String

        /// - Parameter share: how much is held out, from the first line that begins in that part; 0 … 1.
        public init(name: String, text: String, heldOut share: Double) {
            let scalars = text.unicodeScalars
            let place = scalars.index(scalars.startIndex, offsetBy: Int(Double(scalars.count) * (1 - share)))
            let lineEnd = share < 1 ? scalars[place...].firstIndex(of: "\n").map { scalars.index(after: $0) } : place
            let cut = lineEnd ?? place
            self.name = name
            training = String(scalars[..<cut])
            heldOut = String(scalars[cut...])
        }
    }

    public let documents: [Document]

    public init(_ documents: [Document]) { self.documents = documents }

    /// Jane Austen's novels, a paragraph a line.
    ///
    /// - Throws: `DataError` where they can't be fetched or read.
    public static func austen(
        heldOut share: Double, progress: @escaping (DataCatalogue.Progress) -> Void = { _ in }
    ) throws -> TextCorpus {
        TextCorpus(
            try JaneAusten.load(progress: progress).map { novel in
                let text = novel.paragraphs.map { $0 + "\n" }.joined()
                return Document(name: novel.title.rawValue, text: text, heldOut: share)
            })
    }

    /// A text file, plain or gzipped, or all of a folder whose names end in `.txt`, `.md` or `.gz`.
    ///
    /// - Throws: `DataError` naming the file where one is missing, empty, or no text in UTF-8, or the folder where it has none.
    public init(contentsOf url: URL, heldOut share: Double) throws {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        guard isFolder.boolValue else {
            self.init([Document(name: url.path, text: try plainText(contentsOf: url), heldOut: share)])
            return
        }
        let endings = ["txt", "md", "gz"]
        let names = try FileManager.default.subpathsOfDirectory(atPath: url.path)
            .filter { name in endings.contains { name.lowercased().hasSuffix("." + $0) } }.sorted()
        guard !names.isEmpty else {
            throw DataError(.missing, url.path, "the folder holds no text", remedy: "Give .txt, .md or .gz files")
        }
        self.init(
            try names.map { name in
                let text = try plainText(contentsOf: url.appendingPathComponent(name))
                return Document(name: name, text: text, heldOut: share)
            })
    }

    /// All that a model is trained on.
    public var training: String { documents.map(\.training).joined() }
    /// Of all documents.
    public var heldOutCharacters: Int { documents.reduce(0) { $0 + $1.heldOut.unicodeScalars.count } }
    /// Of all documents.
    public var trainingCharacters: Int { documents.reduce(0) { $0 + $1.training.unicodeScalars.count } }
}
