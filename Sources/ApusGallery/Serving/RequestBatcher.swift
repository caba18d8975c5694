import Foundation

/// Answers the requests of many threads together, on a thread of its own: whatever has come while one batch was worked on is the next.
package final class RequestBatcher<Request: Sendable, Answer: Sendable>: @unchecked Sendable {
    // Unchecked: everything that changes is touched with `condition` locked only.
    private let condition = NSCondition()
    private var waiting: [Ticket] = []
    private var isClosed = false
    private var isDone = false

    /// Requests that wait for their answers.
    private final class Ticket: @unchecked Sendable {
        // Unchecked: the batcher's thread writes the answers before it says so, and the asking one reads them afterwards.
        let requests: [Request]
        var answers: [Answer] = []
        /// Wakes the thread that asks, and no other.
        let isAnswered = DispatchSemaphore(value: 0)

        init(_ requests: [Request]) { self.requests = requests }
    }

    /// - Parameters:
    ///   - limit: of the requests that are answered together; those of one call stay together, however many.
    ///   - makeHandler: called on the batcher's thread; what it gives answers all batches there.
    package init(
        _ name: String, limit: Int, _ makeHandler: @escaping @Sendable () -> (_ requests: [Request]) -> [Answer]
    ) {
        startThread(name) { [self] in
            let handler = makeHandler()
            while let batch = nextBatch(limit) {
                let answers = handler(batch.flatMap(\.requests))
                precondition(
                    answers.count == batch.reduce(0) { $0 + $1.requests.count }, "RequestBatcher: answers missing")
                var start = 0
                for ticket in batch {
                    ticket.answers = Array(answers[start..<start + ticket.requests.count])
                    start += ticket.requests.count
                    ticket.isAnswered.signal()
                }
            }
            condition.withLock {
                isDone = true
                condition.broadcast()
            }
        }
    }

    private func nextBatch(_ limit: Int) -> [Ticket]? {
        condition.withLock {
            while waiting.isEmpty && !isClosed { condition.wait() }
            var count = 0
            let batch = waiting.prefix { ticket in
                defer { count += ticket.requests.count }
                return count == 0 || count + ticket.requests.count <= limit
            }
            waiting.removeFirst(batch.count)
            return batch.isEmpty ? nil : Array(batch)
        }
    }

    /// Waits for the answers. Nil once the batcher is closed.
    package func answers(to requests: [Request]) -> [Answer]? {
        if requests.isEmpty { return [] }
        let ticket = Ticket(requests)
        let isTaken = condition.withLock {
            if isClosed { return false }
            waiting.append(ticket)
            condition.broadcast()
            return true
        }
        guard isTaken else { return nil }
        ticket.isAnswered.wait()
        return ticket.answers
    }

    /// Takes no more requests, and returns when those there are have been answered.
    package func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
            while !isDone { condition.wait() }
        }
    }
}
