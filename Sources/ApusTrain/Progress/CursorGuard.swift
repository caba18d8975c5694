import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Gives the cursor back when the process exits while a bar is drawn.
enum CursorGuard {
    private static let hidden = Atomic<Int>(0)

    private static let install: Void = {
        atexit {
            guard CursorGuard.hidden.load(ordering: .relaxed) > 0 else { return }
            Terminal(.standardError).write("\n" + Terminal.showCursor)
        }
    }()

    static func arm() {
        install
        hidden.add(1, ordering: .relaxed)
    }

    static func disarm() { hidden.subtract(1, ordering: .relaxed) }
}
