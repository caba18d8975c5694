import Apus
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Events in the order in which they were accepted, on the disk before anybody is told so: a write-ahead log.
///
/// An event is a line of a segment's file, `journal-<number of its first event>.log`: where it came from, a tab, the event's own line.
/// A line without its break was being written when the process was killed; nobody was told that it was accepted, and it is cut off.
/// What a checkpoint holds is removed, a segment at a time.
package final class EventJournal: @unchecked Sendable {
    // Unchecked: what changes is touched with `lock` locked only, once the journal is open.
    private let lock = NSLock()
    /// Where in a file or pipe an event came from.
    package struct Source: Codable, Hashable, Sendable {
        /// Tells one source from another.
        package var key: Int
        /// The place behind the event's line.
        package var position: Int
        /// The line's number.
        package var number: Int

        package init(key: Int, position: Int, number: Int) {
            (self.key, self.position, self.number) = (key, position, number)
        }
    }

    /// An event, and where it came from: nil for one that came over a socket.
    package struct Entry: Sendable {
        package var line: ArraySlice<UInt8>
        package var source: Source?

        package init(_ line: ArraySlice<UInt8>, from source: Source? = nil) {
            (self.line, self.source) = (line, source)
        }
    }

    private let folder: URL
    private let segmentLength: Int
    /// The numbers of the segments' first events, in order.
    private var segments: [Int]
    private var descriptor: Int32 = -1
    private var byteCount = 0
    /// How many events were ever accepted.
    private var count: Int

    /// Opens the journal of a folder to go on with it.
    ///
    /// - Parameters:
    ///   - start: the number of the first event that is still needed.
    ///   - replay: called with each event from there on that was accepted before.
    /// - Throws: `InputError` where it can't be written, or where events are missing.
    package init(
        _ folder: URL, from start: Int, segmentLength: Int = 50_000, replay: (_ number: Int, Entry) throws -> Void
    ) throws {
        (self.folder, self.segmentLength) = (folder, segmentLength)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        segments = names.compactMap { name in
            name.hasPrefix("journal-") && name.hasSuffix(".log") ? Int(name.dropFirst(8).dropLast(4)) : nil
        }.sorted()
        count = segments.first ?? start
        guard count <= start else {
            throw InputError(
                folder.path, "events \(start) to \(count - 1) are missing from the journal",
                remedy: "Restore the folder, or remove it to begin again where training ended")
        }
        for (place, first) in segments.enumerated() {
            guard first == count else {
                throw InputError(
                    url(first).path, "event \(count) is missing before it",
                    remedy: "Restore the folder, or remove it to begin again where training ended")
            }
            let isLast = place == segments.count - 1
            let reader = try LineReader(contentsOf: url(first))
            var end = 0
            while let line = try reader.next(), line.isComplete {
                if count >= start { try replay(count, try Self.entry(line, url(first))) }
                count += 1
                end = line.end
            }
            if isLast { try open(first, cutTo: end) }
        }
        guard count >= start else {
            throw InputError(
                folder.path, "the journal ends at event \(count), before the checkpoint's \(start)",
                remedy: "Restore the folder, or remove it to begin again where training ended")
        }
        if segments.isEmpty { try begin(count) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private func url(_ first: Int) -> URL { folder.appendingPathComponent(String(format: "journal-%015d.log", first)) }

    private func begin(_ first: Int) throws {
        try open(first, cutTo: 0)
        segments.append(first)
    }

    private func open(_ first: Int, cutTo length: Int) throws {
        let path = url(first).path
        let opened = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0o666)
        guard opened >= 0, ftruncate(opened, off_t(length)) == 0 else { throw Self.failure(path) }
        if descriptor >= 0 { close(descriptor) }
        (descriptor, byteCount) = (opened, length)
    }

    /// Accepts events: they are on the disk when this returns, all or none.
    ///
    /// - Returns: the number of the first of them.
    /// - Throws: `InputError` where the disk takes no more.
    package func append(_ entries: [Entry]) throws -> Int {
        lock.lock()
        defer { lock.unlock() }
        if count - segments.last! >= segmentLength { try begin(count) }
        var bytes: [UInt8] = []
        for entry in entries {
            let source = entry.source.map { "\($0.key):\($0.position):\($0.number)" } ?? "-"
            bytes += source.utf8
            bytes.append(0x09)
            bytes += entry.line
            bytes.append(0x0A)
        }
        guard writeAll(bytes), fdatasync(descriptor) == 0 else {
            let error = Self.failure(url(segments.last!).path)
            // Half an event must not stand before the next one.
            ftruncate(descriptor, off_t(byteCount))
            throw error
        }
        byteCount += bytes.count
        count += entries.count
        return count - entries.count
    }

    private func writeAll(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                written += count
            }
            return true
        }
    }

    /// Removes the segments that hold only events before `number`.
    package func forget(before number: Int) {
        lock.lock()
        defer { lock.unlock() }
        while segments.count > 1, segments[1] <= number {
            try? FileManager.default.removeItem(at: url(segments.removeFirst()))
        }
    }

    private static func entry(_ line: LineReader.Line, _ url: URL) throws -> Entry {
        let parts = line.bytes.split(separator: 0x09, maxSplits: 1, omittingEmptySubsequences: false)
        let origin = parts[0].split(separator: 0x3A).map { Int(String(decoding: $0, as: UTF8.self)) }
        guard parts.count == 2, origin.count == 3 || parts[0].elementsEqual([0x2D]) else {
            throw InputError(
                url.path, "line \(line.number) is no event",
                remedy: "Restore the file, or remove the folder to begin again where training ended")
        }
        guard origin.count == 3, let key = origin[0], let position = origin[1], let number = origin[2] else {
            return Entry(parts[1])
        }
        return Entry(parts[1], from: Source(key: key, position: position, number: number))
    }

    private static func failure(_ path: String) -> InputError {
        let isFull = [ENOSPC, EDQUOT, EFBIG].contains(errno)
        let reason = isFull ? "the disk is full" : String(cString: strerror(errno))
        return InputError(path, "events can't be written: \(reason)", remedy: "Free space; nothing accepted is lost")
    }
}
