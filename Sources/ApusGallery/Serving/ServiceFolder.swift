import Apus
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// What a model in service leaves behind, in the folder `service` of its run:
///
/// | file | holds |
/// | --- | --- |
/// | `checkpoint.safetensors` | the model, its optimizer, and up to which event they have learned |
/// | `journal-….log` | the events since then |
/// | `progress.jsonl` | progressive validation, one window a line |
/// | `lock` | nothing; it is locked while a server runs |
package final class ServiceFolder {
    package let url: URL
    package var checkpointURL: URL { url.appendingPathComponent("checkpoint.safetensors") }
    package var progressURL: URL { url.appendingPathComponent("progress.jsonl") }
    private let lock: Int32

    /// - Throws: `InputError` where another server has it, or it can't be written.
    package init(_ run: URL) throws {
        url = run.appendingPathComponent("service")
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw InputError(url.path, "can't be made", remedy: "Make the run's folder writable")
        }
        lock = open(url.appendingPathComponent("lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard lock >= 0 else {
            throw InputError(
                url.path, "can't be written: \(String(cString: strerror(errno)))", remedy: "Make it writable")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw InputError(
                run.path, "another server serves this run's model", remedy: "Stop it, or serve another run")
        }
    }

    deinit { close(lock) }

    /// Removes windows that end after an event: they will come again.
    package func cutProgress(after events: Int) throws {
        guard let text = try? String(contentsOf: progressURL, encoding: .utf8) else { return }
        let kept = text.split(separator: "\n").filter { line in
            (try? JSONLine.decode(ProgressiveValidation.Window.self, line)).map { $0.events <= events } ?? false
        }
        try AtomicFile.write(kept.map { $0 + "\n" }.joined(), to: progressURL)
    }

    /// Adds a window. A full disk must not end a service, so it may be missing.
    package func append(_ window: ProgressiveValidation.Window) {
        guard let line = try? JSONLine.encode(window) else { return }
        let file = open(progressURL.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard file >= 0 else { return }
        let bytes = Array((line + "\n").utf8)
        _ = write(file, bytes, bytes.count)
        close(file)
    }
}
