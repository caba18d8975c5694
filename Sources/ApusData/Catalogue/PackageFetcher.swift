import Foundation

/// Downloads a package with its client, without installing it or running anything in it, and unpacks it.
struct PackageFetcher {
    private let package: DataPackage
    private let workshop: Workshop
    private let progress: (DataCatalogue.Progress) -> Void

    init(_ package: DataPackage, _ workshop: Workshop, _ progress: @escaping (DataCatalogue.Progress) -> Void) {
        self.package = package
        self.workshop = workshop
        self.progress = progress
    }

    /// A folder with the package's files.
    func unpacked() throws -> URL {
        let downloads = try workshop.folder("download-\(package.name)")
        try download(into: downloads)
        guard let archive = try listFolder(downloads).first(where: { ["deb", "whl"].contains($0.pathExtension) }) else {
            throw DataError(.missing, package.name, "the download left no package")
        }
        progress(.unpacking(package: package.name))
        let folder = try workshop.folder("unpacked-\(package.name)")
        switch package.client {
        case .apt: try run(["dpkg-deb", "-x", archive.path, folder.path])
        case .pip: try run(["python3", "-m", "zipfile", "-e", archive.path, folder.path])
        }
        try? FileManager.default.removeItem(at: downloads)
        return folder
    }

    private func download(into folder: URL) throws {
        progress(.downloading(package: package.name, bytes: 0, of: package.byteCount))
        let command =
            switch package.client {
            case .apt: ["apt-get", "download", package.name]
            case .pip:
                [
                    "python3", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:",
                    "--disable-pip-version-check", "-d", ".", "\(package.name)==\(package.version)",
                ]
            }
        try run(command, in: folder) {
            let bytes = Self.byteCount(of: folder)
            progress(.downloading(package: package.name, bytes: min(bytes, package.byteCount), of: package.byteCount))
        }
    }

    /// Bytes of the files right in a folder.
    private static func byteCount(of folder: URL) -> Int {
        let urls = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [])) ?? []
        return urls.reduce(0) { sum, url in
            let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }

    /// Runs a program found on the path to its end, calling `tick` ten times a second.
    private func run(_ command: [String], in folder: URL? = nil, tick: () -> Void = {}) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = folder
        // A file, not a pipe: nobody has to drain it.
        let log = try workshop.folder("log-\(UUID().uuidString)").appendingPathComponent("output")
        try writeFile(Data(), to: log)
        let output = try FileHandle(forWritingTo: log)
        defer { try? output.close() }
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw DataError(.toolFailed, command[0], "can't be run: \(error.localizedDescription)")
        }
        while process.isRunning {
            Thread.sleep(forTimeInterval: 0.1)
            tick()
        }
        guard process.terminationStatus == 0 else {
            let words = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            throw failure(command, status: process.terminationStatus, words: words)
        }
    }

    private func failure(_ command: [String], status: Int32, words: String) -> DataError {
        let tail = words.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " / ")
        let remedy =
            switch (package.client, status) {
            case (.apt, 127): "This needs a Debian system with apt-get and dpkg-deb"
            case (.apt, _): "Run apt-get update, and check that Debian's archive can be reached"
            case (.pip, _) where status == 127 || words.contains("No module named pip"):
                "Install python3 and python3-pip"
            case (.pip, _): "Check that the Python package index can be reached"
            }
        return DataError(
            .toolFailed, command.joined(separator: " "), "failed with status \(status): \(tail)", remedy: remedy)
    }
}
