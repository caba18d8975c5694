import Foundation

extension Profile {
    /// The events as JSON that Perfetto (ui.perfetto.dev) and `chrome://tracing` open: a row for each thread, kernels inside of `running`,
    /// which lies inside of `evaluation`.
    ///
    /// The format is Chrome's *Trace Event Format*, with complete events; times are in microseconds.
    public func chromeTrace() throws -> Data {
        let threads = Set(events.map(\.thread)).union([0]).sorted()
        let rows = threads.map { thread in
            ChromeEvent(
                name: "thread_name", ph: "M", tid: thread,
                args: .init(name: thread == 0 ? "the recording thread" : "thread \(thread)"))
        }
        // Viewers nest events of a row by time: what is around comes first.
        let ordered = events.sorted { ($0.start, -$0.seconds) < ($1.start, -$1.seconds) }
        return try JSONEncoder().encode(ChromeTrace(traceEvents: rows + ordered.map(chromeEvent)))
    }

    private func chromeEvent(_ event: Event) -> ChromeEvent {
        var result = ChromeEvent(
            name: "", cat: "engine", ph: "X", ts: event.start * 1e6, dur: event.seconds * 1e6, tid: event.thread)
        switch event.kind {
        case .phase(let phase): result.name = phase.rawValue
        case .kernel(let index):
            let kernel = kernels[index]
            result.name = kernel.name
            result.cat = "kernel"
            result.args = .init(
                plan: kernel.plan, step: kernel.step, flops: kernel.cost.flops, bytesRead: kernel.cost.bytesRead,
                bytesWritten: kernel.cost.bytesWritten)
        }
        return result
    }
}

private struct ChromeTrace: Encodable {
    var displayTimeUnit = "ms"
    let traceEvents: [ChromeEvent]
}

/// The names are the format's.
private struct ChromeEvent: Encodable {
    struct Arguments: Encodable {
        var name: String?
        var plan: Int?
        var step: Int?
        var flops: Int?
        var bytesRead: Int?
        var bytesWritten: Int?
    }

    var name: String
    var cat: String?
    var ph: String
    var ts: Double?
    var dur: Double?
    var pid = 1
    var tid: Int
    var args: Arguments?
}
