import ApusIO
import ApusTensor
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

private struct Interruption: Error {}

/// The notes of the checkpoints in these tests.
struct Progress: Codable, Equatable {
    var epoch: Int
    var best: Double
}

private func checkpoint(_ epoch: Int, count: Int = 50_000) -> Checkpoint<Progress> {
    let weights = Tensor([Float](repeating: Float(epoch), count: count))
    return Checkpoint(tensors: ["weights": weights], metadata: Progress(epoch: epoch, best: .infinity))
}

@Suite struct AtomicFiles {
    @Test func makesAndReplaces() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.txt")
            try AtomicFile.write("one", to: url)
            #expect(try String(contentsOf: url, encoding: .utf8) == "one")
            try AtomicFile.write("two, longer", to: url)
            #expect(try String(contentsOf: url, encoding: .utf8) == "two, longer")
            try AtomicFile.write("", to: url)
            #expect(try Data(contentsOf: url).isEmpty)
            #expect(try names(in: folder) == ["a.txt"])
        }
    }

    @Test func smallAndLargePiecesKeepTheirOrder() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.bin")
            let pieces = [1, 100, 70_000, 65_536, 3, 0, 65_535, 2].enumerated().map { index, count in
                Data(repeating: UInt8(index), count: count)
            }
            // More is announced than comes: the file ends where the writing did.
            try AtomicFile.write(to: url, byteCount: 1 << 20) { file in for piece in pieces { try file.write(piece) } }
            #expect(try Data(contentsOf: url) == pieces.reduce(Data(), +))
        }
    }

    @Test func anErrorLeavesTheOldFile() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.txt")
            try AtomicFile.write("old", to: url)
            #expect(throws: Interruption.self) {
                try AtomicFile.write(to: url) { file in
                    try file.write("half of the new")
                    throw Interruption()
                }
            }
            #expect(try String(contentsOf: url, encoding: .utf8) == "old")
            #expect(try names(in: folder) == ["a.txt"])
        }
    }

    @Test func permissionsAndLinksStay() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.txt")
            let link = folder.appendingPathComponent("link.txt")
            try AtomicFile.write("one", to: url)
            chmod(url.path, 0o640)
            symlink("a.txt", link.path)
            try AtomicFile.write("two", to: link)
            #expect(try String(contentsOf: url, encoding: .utf8) == "two")
            var status = stat()
            #expect(lstat(link.path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
            #expect(stat(url.path, &status) == 0 && status.st_mode & 0o777 == 0o640)
        }
    }

    @Test func unwritablePathsAreNamed() throws {
        try withTemporaryFolder { folder in
            func message(_ path: String) -> String {
                let url = path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path)
                let error = #expect(throws: FileError.self) { try AtomicFile.write("x", to: url) }
                return error?.description ?? ""
            }
            #expect(message("none/a.txt").contains("none/a.txt: cannot write: no such file or folder"))
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("b"), withIntermediateDirectories: false)
            #expect(message("b").contains("not a regular file"))
            #expect(message("/dev/null").contains("not a regular file"))
            #expect(message("/proc/a.txt").contains("/proc/a.txt"))
            #expect(try names(in: folder) == ["b"])
        }
    }

    @Test func aFullDisk() throws {
        try withTemporaryFolder { folder in
            // Only root may mount; the limit on file sizes in the next test is the same to everybody.
            guard mount("tmpfs", folder.path, "tmpfs", 0, "size=256k") == 0 else { return }
            defer { umount(folder.path) }
            let url = folder.appendingPathComponent("model.safetensors")
            try checkpoint(1, count: 20_000).save(to: url)
            let error = #expect(throws: FileError.self) { try checkpoint(2).save(to: url) }
            let message = error?.description ?? ""
            #expect(message.hasPrefix(url.path + ": the disk is full: 200"))
            #expect(message.hasSuffix("bytes needed; free space or choose another --out"))
            // Where the size is not known, the disk fills while writing.
            #expect(throws: FileError.self) {
                try AtomicFile.write(to: url) { file in
                    for _ in 0..<100 { try file.write(Data(count: 10_000)) }
                }
            }
            let arrays = ["x": Tensor([Float](repeating: 1, count: 100_000))]
            let npz = #expect(throws: FileError.self) {
                try NpzFile.write(arrays, to: folder.appendingPathComponent("x.npz"))
            }
            #expect(npz?.description.contains("the disk is full") == true)
            #expect(try Checkpoint<Progress>(contentsOf: url).metadata.epoch == 1)
            #expect(try names(in: folder) == ["model.safetensors"])
        }
    }

    @Test func aLimitOnFileSizes() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            try withTemporaryFolder { folder in
                let url = folder.appendingPathComponent("model.safetensors")
                try checkpoint(1).save(to: url)
                var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                let error = #expect(throws: FileError.self) { try checkpoint(2).save(to: url) }
                #expect(error?.description.contains("limit on file sizes") == true)
                #expect(throws: FileError.self) {
                    try AtomicFile.write(to: url) { try $0.write(Data(count: 200_000)) }
                }
                #expect(try Checkpoint<Progress>(contentsOf: url).metadata.epoch == 1)
                #expect(try names(in: folder) == ["model.safetensors"])
            }
        }
    }

    /// A process killed in the middle of writing leaves the old file whole; the next writing clears its remains away.
    @Test func aKillInTheMiddle() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-io-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = folder.appendingPathComponent("model.safetensors")
        try checkpoint(1).save(to: url)
        let path = url.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            try AtomicFile.write(to: URL(fileURLWithPath: path)) { file in
                try file.write(Data(count: 1_000_000))
                kill(getpid(), SIGKILL)
            }
        }
        #expect(try Checkpoint<Progress>(contentsOf: url).metadata.epoch == 1)
        #expect(try names(in: folder).count == 2)
        try checkpoint(2).save(to: url)
        #expect(try Checkpoint<Progress>(contentsOf: url).metadata.epoch == 2)
        #expect(try names(in: folder) == ["model.safetensors"])
    }

    /// Wherever the kill strikes in a loop of saves, what is there is one of the checkpoints, whole.
    @Test(arguments: 1...5)
    func aKillAtAnyMoment(_ round: Int) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-io-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = folder.appendingPathComponent("model.safetensors")
        try checkpoint(0).save(to: url)
        let path = url.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, round = round as Int] in
            Thread.detachNewThread {
                usleep(UInt32(3_000 + 7_919 * round))
                kill(getpid(), SIGKILL)
            }
            for epoch in 1... { try checkpoint(epoch).save(to: URL(fileURLWithPath: path)) }
        }
        let saved = try Checkpoint<Progress>(contentsOf: url)
        let weights = try #require(saved.tensors["weights"])
        #expect(values(weights) == [Double](repeating: Double(saved.metadata.epoch), count: 50_000))
    }

    /// A file that another writer is still busy with is none of the remains.
    @Test func writersDoNotDisturbOneAnother() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.txt")
            try AtomicFile.write(to: url) { file in
                try file.write("first")
                try AtomicFile.write("second", to: url)
                #expect(try names(in: folder).count == 2)
            }
            #expect(try String(contentsOf: url, encoding: .utf8) == "first")
            #expect(try names(in: folder) == ["a.txt"])
        }
    }
}

@Suite struct Checkpoints {
    @Test func savingAndLoading() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("last.safetensors")
            try checkpoint(3, count: 4).save(to: url)
            let loaded = try Checkpoint<Progress>(contentsOf: url)
            #expect(loaded.metadata == Progress(epoch: 3, best: .infinity))
            #expect(loaded.tensors.keys.sorted() == ["weights"])
            #expect(values(loaded.tensors["weights"]!) == [3, 3, 3, 3])
        }
    }

    @Test func otherFiles() throws {
        expectFormatError("native.safetensors", "no checkpoint") {
            _ = try Checkpoint<Progress>(contentsOf: fixture("native.safetensors"))
        }
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("last.safetensors")
            try Checkpoint(tensors: [:], metadata: ["epoch": 3]).save(to: url)
            expectFormatError("last.safetensors", "Progress", "\"best\" is missing") {
                _ = try Checkpoint<Progress>(contentsOf: url)
            }
        }
    }
}
