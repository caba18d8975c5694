import Foundation

/// A package that ships data, and the client that downloads it.
public struct DataPackage: Hashable, Sendable, Codable {
    /// A program that downloads packages.
    public enum Client: String, Hashable, Sendable, Codable {
        /// Debian's archive.
        case apt
        /// The Python package index.
        case pip
    }

    /// The program that downloads it.
    public let client: Client
    /// The package's name in its archive or index.
    public let name: String
    /// The version whose files the checksums are of. PyPI is asked for exactly this one; a Debian archive holds only
    /// one.
    public let version: String
    /// Bytes to download.
    public let byteCount: Int
    /// The files and folders that are taken from it.
    public let contents: [PackagedItem]

    public init(client: Client, name: String, version: String, byteCount: Int, contents: [PackagedItem]) {
        self.client = client
        self.name = name
        self.version = version
        self.byteCount = byteCount
        self.contents = contents
    }
}

/// A file, or a folder of files, inside a package.
public struct PackagedItem: Hashable, Sendable, Codable {
    /// Where it is in the package. It is kept under its last component's name.
    public let path: String
    /// How many files a folder holds; nil for a file. Python source, links and hidden files don't count and are left
    /// out.
    public let fileCount: Int?
    /// A file's digest. For a folder, that of the lines `digest␣␣path⏎` of its files, sorted by path, as `sha256sum`
    /// prints them.
    public let sha256: String

    public init(path: String, fileCount: Int?, sha256: String) {
        self.path = path
        self.fileCount = fileCount
        self.sha256 = sha256
    }

    /// The last component of `path`, under which it is kept.
    public var name: String { String(path.split(separator: "/").last ?? "") }

    static func file(_ path: String, _ sha256: String) -> PackagedItem {
        PackagedItem(path: path, fileCount: nil, sha256: sha256)
    }

    static func folder(_ path: String, files: Int, _ sha256: String) -> PackagedItem {
        PackagedItem(path: path, fileCount: files, sha256: sha256)
    }
}

/// A data set, or a pretrained model, that packages ship.
public struct CatalogueEntry: Hashable, Sendable, Codable {
    /// What `fetch` is given.
    public let name: String
    /// What it is, in a line.
    public let summary: String
    /// The terms under which the data may be used.
    public let licence: String
    /// The kinds of systems that use it.
    public let systems: [String]
    /// The packages that together hold it.
    public let packages: [DataPackage]

    public init(name: String, summary: String, licence: String, systems: [String], packages: [DataPackage]) {
        self.name = name
        self.summary = summary
        self.licence = licence
        self.systems = systems
        self.packages = packages
    }

    /// Bytes to download.
    public var byteCount: Int { packages.reduce(0) { $0 + $1.byteCount } }
}
