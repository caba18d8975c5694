import ApusIO
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The events of a run in `metrics.jsonl`, one JSON object a line.
///
/// Each line is handed to the system as it is made, so a crash can tear the last line at most. Readers skip a torn line, and
/// whoever goes on with the run cuts it off.
public final class MetricsLog: RunObserver {
    private let descriptor: Int32
    private let path: String
    /// Told once if a line cannot be written: a full disk must not end a training.
    private let warn: (String) -> Void
    private var hasWarned = false

    /// Opens the log to append to it. A torn last line is cut off, and so are steps after `step`, which will be made again.
    ///
    /// - Parameter step: where the run goes on; 0 begins anew.
    /// - Throws: `FileError` where the file cannot be written, `RunError` where it cannot be opened.
    public convenience init(
        _ url: URL, continuingAfter step: Int = 0, warn: @escaping (String) -> Void = { _ in }
    ) throws {
        if FileManager.default.fileExists(atPath: url.path) {
            let kept = try Self.read(url).filter { ($0.position ?? 0) <= step && step > 0 }
            try AtomicFile.write(kept.map { try JSONLine.encode($0) + "\n" }.joined(), to: url)
        }
        try self.init(appendingTo: url.path, warn: warn)
    }

    package init(appendingTo path: String, warn: @escaping (String) -> Void) throws {
        self.path = path
        self.warn = warn
        descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw RunError(
                path: path, problem: "the log cannot be opened (\(String(cString: strerror(errno))))",
                remedy: "choose an --out that can be written")
        }
    }

    deinit { close(descriptor) }

    /// Appends events that belong to a step; a log that cannot be written is warned of once.
    public func receive(_ event: RunEvent) {
        guard event.position != nil, let line = try? JSONLine.encode(event) else { return }
        let bytes = Array((line + "\n").utf8)
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written != bytes.count, !hasWarned {
            hasWarned = true
            warn(
                "\(path): the log cannot be written (\(String(cString: strerror(errno)))); training goes on without it")
        }
    }

    /// The events in a log. Lines that are no events, such as a torn last one, are skipped.
    ///
    /// - Throws: `RunError` where the file cannot be read.
    public static func read(_ url: URL) throws -> [RunEvent] {
        guard let data = FileManager.default.contents(atPath: url.path) else {
            throw RunError(path: url.path, problem: "the log cannot be read", remedy: "check the path")
        }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap {
            try? JSONLine.decode(RunEvent.self, $0)
        }
    }
}

extension RunEvent {
    /// The steps done when it happened; nil for what belongs to the command rather than to the course of training.
    var position: Int? {
        switch self {
        case .started(let start): start.fromStep
        case .epoch(let epoch): epoch.step
        case .step(let step): step.step
        case .evaluation(let evaluation): evaluation.step
        case .checkpoint(let checkpoint): checkpoint.step
        case .warning, .interrupted, .finished: nil
        }
    }
}
