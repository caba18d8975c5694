import Apus
import Foundation
import Synchronization

/// Labelled events from a file or pipe, read on a thread of their own no faster than they are accepted.
final class EventSource: Sendable {
    /// What went wrong with single lines or with all the rest, for somebody to tell.
    let problems = Mutex<[InputError]>([])
    private let path: String
    private let encoder: ClickEncoder
    private let acceptance: EventAcceptance
    private let rate: Double?
    private let origin: EventJournal.Source
    private let hasEnded = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)

    /// Lines that are accepted together.
    private static let chunkSize = 64
    /// Bad lines that are told of one by one.
    private static let toldCount = 5

    /// - Parameters:
    ///   - rate: events a second; as many as go where nil.
    ///   - last: where the last event that was accepted ended: a file is gone on with behind it.
    /// - Throws: `DataError` where there is no such file.
    init(
        _ path: String, _ encoder: ClickEncoder, _ acceptance: EventAcceptance, rate: Double?,
        after last: EventJournal.Source?
    ) throws {
        (self.path, self.encoder, self.acceptance, self.rate) = (path, encoder, acceptance, rate)
        let absolute = path == "-" ? "-" : URL(fileURLWithPath: path).standardizedFileURL.path
        let key = FieldHash(field: "events", buckets: 1 << 48).bucket(of: absolute)
        // What was read of standard input doesn't come again.
        let isKnown = path != "-" && last?.key == key
        origin = isKnown ? last! : EventJournal.Source(key: key, position: 0, number: 0)
        if path != "-" { _ = try LineReader(contentsOf: URL(fileURLWithPath: path)) }
    }

    /// Whether all events have been accepted.
    var isOver: Bool { hasEnded.load(ordering: .acquiring) }

    func stop() { isStopping.store(true, ordering: .releasing) }

    func start() {
        startThread("apus.events") { [self] in
            do { try read() } catch {
                problems.withLock {
                    $0.append(InputError(path, "\(error)", remedy: "No more events are taken from it"))
                }
            }
            hasEnded.store(true, ordering: .releasing)
        }
    }

    private func read() throws {
        let reader =
            path == "-"
            ? LineReader(descriptor: 0, name: "standard input")
            : try LineReader(contentsOf: URL(fileURLWithPath: path), from: origin.position, after: origin.number)
        let began = Date()
        let chunkSize = rate.map { max(1, min(Self.chunkSize, Int($0 / 20))) } ?? Self.chunkSize
        var (chunk, accepted, bad): ([(EventJournal.Entry, ClickColumns)], Int, Int) = ([], 0, 0)
        func flush() throws -> Bool {
            guard let receipts = acceptance.accept(chunk) else { return false }
            if case .failure(let error)? = receipts.first { throw error }
            accepted += chunk.count
            chunk = []
            if let rate {
                Thread.sleep(forTimeInterval: max(0, Double(accepted) / rate + began.timeIntervalSinceNow))
            }
            return true
        }
        while !isStopping.load(ordering: .acquiring), let line = try reader.next() {
            if line.bytes.isEmpty { continue }
            do {
                let event = try ClickLine(line.bytes, encoder)
                guard event.isClick != nil else {
                    throw InputError("the line", "has no click", remedy: "Give events with their outcome")
                }
                let source = EventJournal.Source(key: origin.key, position: line.end, number: line.number)
                chunk.append((EventJournal.Entry(line.bytes, from: source), event.columns))
            } catch {
                bad += 1
                if bad <= Self.toldCount {
                    let rest = bad == Self.toldCount ? "; more such lines are left out without a word" : ""
                    problems.withLock {
                        $0.append(InputError("\(path), line \(line.number)", "left out: \(error)\(rest)", remedy: ""))
                    }
                }
            }
            if chunk.count >= chunkSize || !reader.hasLine, !(try flush()) { return }
        }
        _ = try flush()
    }
}
