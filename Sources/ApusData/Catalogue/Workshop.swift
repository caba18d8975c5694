import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A temporary folder inside of the cache, so that what is made in it can be renamed into place at once.
struct Workshop {
    private let cache: URL
    private let root: URL

    private static let prefix = ".partial-"

    init(in cache: URL) throws {
        self.cache = cache
        root = cache.appendingPathComponent("\(Self.prefix)\(getpid())-\(UUID().uuidString)")
        try Self.create(root)
        removeLeftovers()
    }

    /// A new folder.
    func folder(_ name: String) throws -> URL {
        let folder = root.appendingPathComponent(name)
        try Self.create(folder)
        return folder
    }

    /// Renames a finished folder to its place; one that is there already gives way.
    func install(_ folder: URL, as destination: URL) throws {
        let files = FileManager.default
        do {
            if files.fileExists(atPath: destination.path) {
                try files.moveItem(at: destination, to: root.appendingPathComponent("replaced"))
            }
            try files.moveItem(at: folder, to: destination)
        } catch {
            throw DataError(
                .unwritable, destination.path, "can't be put in place: \(error.localizedDescription)",
                remedy: "Check that the cache may be written to")
        }
    }

    func remove() { try? FileManager.default.removeItem(at: root) }

    /// Removes the folders of processes that are gone.
    private func removeLeftovers() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: cache.path)) ?? []
        for name in names where name.hasPrefix(Self.prefix) {
            let number = name.dropFirst(Self.prefix.count).prefix { $0.isNumber }
            guard let process = pid_t(number), kill(process, 0) != 0, errno == ESRCH else { continue }
            try? FileManager.default.removeItem(at: cache.appendingPathComponent(name))
        }
    }

    private static func create(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw DataError(
                .unwritable, folder.path, "the folder can't be made: \(error.localizedDescription)",
                remedy: "Set APUS_CACHE to a folder that may be written to")
        }
    }
}
