import Foundation

/// Somebody who is told of a run's events: the progress display, the JSON stream, the run's folder.
public protocol RunObserver: AnyObject {
    func receive(_ event: RunEvent)

    /// Called after every step, so it must be cheap.
    func advance(to step: Int)
}

extension RunObserver {
    /// Does nothing by default.
    public func advance(to step: Int) {}
}

/// Writes each event as one line of JSON, at once.
public final class EventStream: RunObserver {
    private let write: (String) -> Void

    /// - Parameter write: takes a line with its line break; standard output where none is given.
    public init(write: @escaping (String) -> Void = { FileHandle.standardOutput.write(Data($0.utf8)) }) {
        self.write = write
    }

    /// Writes the event as a line.
    public func receive(_ event: RunEvent) {
        // Every payload is plain numbers and text, which always encode.
        guard let line = try? JSONLine.encode(event) else { return }
        write(line + "\n")
    }
}
