import Foundation

/// A queue between one producing and one consuming thread, which holds back a producer that is too far ahead.
///
/// Either side may close it: a producer that has no more, a consumer that wants no more.
package final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // Unchecked: `elements` and `isClosed` are touched only with `condition` locked.
    private let condition = NSCondition()
    private let capacity: Int
    private var elements: [Element] = []
    private var isClosed = false

    package init(capacity: Int) {
        precondition(capacity > 0, "BoundedQueue: capacity \(capacity)")
        self.capacity = capacity
    }

    /// Waits for a free place. False where the queue was closed, and nothing more is wanted.
    package func push(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while elements.count >= capacity && !isClosed { condition.wait() }
        if isClosed { return false }
        elements.append(element)
        condition.broadcast()
        return true
    }

    /// Waits for an element. Nil once the queue is closed and drained.
    package func pop() -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty && !isClosed { condition.wait() }
        if elements.isEmpty { return nil }
        condition.broadcast()
        return elements.removeFirst()
    }

    /// Waits for an element until a moment. Nil where none has come, or the queue is closed and drained.
    package func pop(until moment: Date) -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty && !isClosed {
            if !condition.wait(until: moment) { break }
        }
        if elements.isEmpty { return nil }
        condition.broadcast()
        return elements.removeFirst()
    }

    /// Whether nothing is left and nothing more will come.
    package var isOver: Bool { condition.withLock { isClosed && elements.isEmpty } }

    package func close() {
        condition.lock()
        defer { condition.unlock() }
        isClosed = true
        condition.broadcast()
    }
}
