import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A wish to stop, seen by the trainer between two steps.
///
/// `listen()` ties it to Ctrl-C (SIGINT) and SIGTERM: the first one asks, the second ends the process at once.
public final class Interruption: Sendable {
    private let requested = Atomic<Bool>(false)

    public init() {}

    /// Asks the training to stop after the step that it is at; safe from any thread.
    public func request() { requested.store(true, ordering: .relaxed) }

    /// Whether a stop was asked for, by `request()` or by a signal that is listened to.
    public var isRequested: Bool { requested.load(ordering: .relaxed) || (listens && Signals.hasArrived) }

    /// Whether signals count as a request.
    private let listening = Atomic<Bool>(false)
    private var listens: Bool { listening.load(ordering: .relaxed) }

    /// Takes signals for requests while `body` runs. Trainings that run at once share the handlers, and all stop.
    public func listening<Result>(_ body: () throws -> Result) rethrows -> Result {
        Signals.beginCatching()
        listening.store(true, ordering: .relaxed)
        defer {
            if Signals.hasArrived { request() }
            listening.store(false, ordering: .relaxed)
            Signals.endCatching()
        }
        return try body()
    }
}

/// The process's handlers. A handler may do next to nothing, so this one only raises a flag.
private enum Signals {
    private static let flag = Atomic<Bool>(false)
    private static let caught = [SIGINT, SIGTERM]
    private static let listeners = Mutex<(count: Int, previous: [sigaction])>((0, []))

    static var hasArrived: Bool { flag.load(ordering: .relaxed) }

    /// Catches the first signal; the next has its usual effect.
    static func beginCatching() {
        listeners.withLock { listeners in
            listeners.count += 1
            guard listeners.count == 1 else { return }
            flag.store(false, ordering: .relaxed)
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in Signals.flag.store(true, ordering: .relaxed) }
            action.sa_flags = Int32(truncatingIfNeeded: SA_RESETHAND) | SA_RESTART
            listeners.previous = caught.map { number in
                var previous = sigaction()
                sigaction(number, &action, &previous)
                return previous
            }
        }
    }

    static func endCatching() {
        listeners.withLock { listeners in
            listeners.count -= 1
            guard listeners.count == 0 else { return }
            for (number, var action) in zip(caught, listeners.previous) { sigaction(number, &action, nil) }
        }
    }
}
