import Apus
import Foundation
import Synchronization

extension AdClick: ServingSystem {
    /// Answers impressions without `click` with their probabilities, and learns from those with it.
    public func serve(_ options: ServeOptions, output: any SystemOutput) throws {
        let folder = try RunFolder.open(options.model)
        let configuration: Configuration = try folder.configuration()
        let settings = options.settings
        let place = try ServiceFolder(folder.url)
        let intervals = ClickService.Intervals(
            publish: try settings.count("publish-every", in: 1...10_000_000),
            checkpoint: try settings.count("checkpoint-every", in: 1...1_000_000_000),
            window: try settings.count("window", in: 10...1_000_000))
        let service = try ClickService(configuration, folder, place, intervals, output)
        try service.run(options)
    }
}

/// A model in service: this thread learns, another one answers requests with the last published version, a third one keeps events on the
/// disk, and a thread for each client reads and writes.
///
/// Events are learned from in the order in which the journal holds them, a fixed number at a time, so that the model after n events is a
/// function of them alone, however often the process was killed on the way.
final class ClickService {
    /// Counted in events; the first two are rounded up to whole batches.
    struct Intervals {
        var publish: Int
        var checkpoint: Int
        var window: Int
    }

    /// An event that was accepted.
    struct Event: Sendable {
        var columns: ClickColumns
        var source: EventJournal.Source?
    }

    /// What a checkpoint says beside its tensors.
    private struct Notes: Codable {
        /// Events learned from: the number of the next one.
        var trained: Int
        /// Where the last one that came from a file ended.
        var source: EventJournal.Source?
        var progress: ProgressiveValidation
    }

    private let configuration: AdClick.Configuration
    private let encoder: ClickEncoder
    private let place: ServiceFolder
    private let intervals: Intervals
    private let output: any SystemOutput
    private let learner: ContinuousLearner
    private let journal: EventJournal
    private var notes: Notes
    /// Accepted, and too few for a batch.
    private var pending: [Event] = []
    private let events = BoundedQueue<Event>(capacity: 8192)
    private let published: PublishedModel

    /// Takes up the service where it was left, or begins it with the model that training left.
    ///
    /// - Throws: `InputError`, `FileError` or `FormatError` naming what is missing or damaged.
    init(
        _ configuration: AdClick.Configuration, _ folder: RunFolder, _ place: ServiceFolder, _ intervals: Intervals,
        _ output: any SystemOutput
    ) throws {
        (self.configuration, self.place, self.output) = (configuration, place, output)
        func whole(_ count: Int) -> Int {
            let size = configuration.onlineBatchSize
            return (count + size - 1) / size * size
        }
        self.intervals = Intervals(
            publish: whole(intervals.publish), checkpoint: whole(intervals.checkpoint), window: intervals.window)
        encoder = ClickEncoder(configuration.schema)
        learner = try configuration.learner(in: folder)
        var notes = Notes(trained: 0, progress: ProgressiveValidation(windowSize: intervals.window))
        if FileManager.default.fileExists(atPath: place.checkpointURL.path) {
            let checkpoint = try Checkpoint<Notes>(contentsOf: place.checkpointURL)
            try learner.load(checkpoint.tensors)
            notes = checkpoint.metadata
            if notes.progress.windowSize != intervals.window {
                notes.progress = ProgressiveValidation(windowSize: intervals.window)
            }
        }
        try place.cutProgress(after: notes.trained)
        var accepted: [Event] = []
        let reader = ClickEncoder(configuration.schema)
        journal = try EventJournal(place.url, from: notes.trained) { number, entry in
            var columns = ClickColumns()
            columns.append(try ClickLine(entry.line, reader).columns)
            accepted.append(Event(columns: columns, source: entry.source))
        }
        self.notes = notes
        published = PublishedModel(learner.model.stateDictionary(), version: notes.trained)
        if !accepted.isEmpty {
            output.show("Learning again from \(Format.count(accepted.count)) events since the last checkpoint")
        }
        for event in accepted { try take(event) }
        published.publish(learner.model.stateDictionary(), version: self.notes.trained)
    }

    // MARK: Learning

    private func take(_ event: Event) throws {
        pending.append(event)
        guard pending.count == configuration.onlineBatchSize else { return }
        var columns = ClickColumns()
        for event in pending { columns.append(event.columns) }
        let probabilities = learner(encoder.batch(columns, 0..<columns.count))
        notes.trained += pending.count
        notes.source = pending.last { $0.source != nil }?.source ?? notes.source
        pending = []
        let isClick = columns.labels.map { $0 == 1 }
        for window in notes.progress.update(probabilities: probabilities, isPositive: isClick) { show(window) }
        if notes.trained % intervals.publish == 0 {
            published.publish(learner.model.stateDictionary(), version: notes.trained)
        }
        if notes.trained % intervals.checkpoint == 0 { save() }
    }

    private func show(_ window: ProgressiveValidation.Window) {
        place.append(window)
        output.emit("window", window)
        let auc = MetricDescription.standard("auc")
        output.show(
            "\(Format.count(window.events)) events: AUC \(auc.text(window.auc)), log-loss "
                + "\(Format.number(window.logLoss)), predicted over clicked \(Format.number(window.calibrationRatio))")
    }

    /// Where it fails, the last checkpoint stays, and the journal with all that came since.
    private func save() {
        do {
            try Checkpoint(tensors: learner.stateDictionary(), metadata: notes).save(to: place.checkpointURL)
            journal.forget(before: notes.trained)
        } catch {
            output.fail(error, input: place.checkpointURL.path)
        }
    }

    // MARK: Service

    func run(_ options: ServeOptions) throws {
        let interruption = Interruption()
        try interruption.listening { try run(options, interruption) }
    }

    private func run(_ options: ServeOptions, _ interruption: Interruption) throws {
        let acceptance = EventAcceptance(journal, events)
        let answering = ClickAnswering(configuration, published, acceptance)
        let source = try options.events.map {
            try EventSource($0, encoder, acceptance, rate: options.rate, after: lastSource)
        }
        let server = try LineServer(options.socket) { answering.answers(to: $0) }
        output.show("Serving at \(options.socket), version \(Format.count(notes.trained)); Ctrl-C saves and ends")
        output.emit("serving", ServingEvent(socket: options.socket, version: notes.trained, pending: pending.count))
        source?.start()

        var isStopping = false
        while !events.isOver {
            if let event = events.pop(until: Date().addingTimeInterval(0.1)) { try take(event) }
            source?.problems.withLock { problems in
                for problem in problems { output.fail(problem, input: options.events ?? "") }
                problems = []
            }
            let isDone = options.endsWithEvents && source?.isOver ?? true
            guard !isStopping, interruption.isRequested || isDone else { continue }
            isStopping = true
            // What is on its way is still accepted, and learned from here meanwhile.
            let events = events
            startThread("apus.stop") {
                source?.stop()
                server.stop()
                answering.close()
                acceptance.close()
                events.close()
            }
        }
        save()
        published.publish(learner.model.stateDictionary(), version: notes.trained)
        output.show(
            "Learned from \(Format.count(notes.trained)) events, \(pending.count) wait for the next batch"
                + (notes.progress.count > 0 ? "; log-loss \(Format.number(notes.progress.logLoss))" : ""))
        output.emit(
            "served",
            ServedEvent(trained: notes.trained, pending: pending.count, logLoss: notes.progress.logLoss))
    }

    /// Where a file of events is gone on with.
    private var lastSource: EventJournal.Source? { pending.last { $0.source != nil }?.source ?? notes.source }
}

private struct ServingEvent: Codable, Sendable {
    var socket: String
    var version: Int
    var pending: Int
}

private struct ServedEvent: Codable, Sendable {
    var trained: Int
    var pending: Int
    var logLoss: Double
}

extension ContinuousLearner {
    func stateDictionary() -> StateDictionary {
        model.stateDictionary().prefixed("model.").merging(optimizer.stateDictionary().prefixed("optimizer.")) { $1 }
    }

    func load(_ state: StateDictionary) throws {
        try model.load(state.unprefixed("model."))
        try optimizer.load(state.unprefixed("optimizer."))
    }
}

/// The weights that requests are answered with: each version whole, put in place of the one before it in one step.
final class PublishedModel: Sendable {
    private let latest: Mutex<(weights: StateDictionary, version: Int)>

    init(_ weights: StateDictionary, version: Int) { latest = Mutex((weights, version)) }

    /// The tensors are immutable: training goes on with others.
    func publish(_ weights: StateDictionary, version: Int) { latest.withLock { $0 = (weights, version) } }

    var current: (weights: StateDictionary, version: Int) { latest.withLock { $0 } }
}

/// Takes events in: on the disk first, then to the thread that learns. It waits where that one is behind.
final class EventAcceptance: Sendable {
    private let batcher: RequestBatcher<(EventJournal.Entry, ClickColumns), Result<Int, InputError>>

    init(_ journal: EventJournal, _ events: BoundedQueue<ClickService.Event>) {
        batcher = RequestBatcher("apus.journal", limit: 1024) {
            { requests in
                do {
                    let first = try journal.append(requests.map(\.0))
                    for (entry, columns) in requests {
                        _ = events.push(ClickService.Event(columns: columns, source: entry.source))
                    }
                    return requests.indices.map { .success(first + $0) }
                } catch {
                    let problem = error as? InputError ?? InputError("the journal", "\(error)", remedy: "")
                    return requests.map { _ in .failure(problem) }
                }
            }
        }
    }

    /// The numbers of the events, once they are safe; nil once the service ends.
    func accept(_ events: [(EventJournal.Entry, ClickColumns)]) -> [Result<Int, InputError>]? {
        batcher.answers(to: events)
    }

    func close() { batcher.close() }
}

/// Answers the lines of clients.
final class ClickAnswering: Sendable {
    private let encoder: ClickEncoder
    private let acceptance: EventAcceptance
    private let predictions: RequestBatcher<ClickColumns, (probability: Double, version: Int)>

    init(_ configuration: AdClick.Configuration, _ published: PublishedModel, _ acceptance: EventAcceptance) {
        let encoder = ClickEncoder(configuration.schema)
        (self.encoder, self.acceptance) = (encoder, acceptance)
        predictions = RequestBatcher("apus.predictions", limit: 512) {
            let model = configuration.makeModel()
            let predict = ClickPredictor(model)
            var version = -1
            return { requests in
                let current = published.current
                if current.version != version {
                    // A published model has this one's parameters.
                    try! model.load(current.weights)
                    version = current.version
                }
                var columns = ClickColumns()
                for request in requests { columns.append(request) }
                // Few sizes, and so few plans: the first impression fills up the rest.
                let size = requests.count.nextPowerOfTwo
                let indices = (0..<size).map { $0 < requests.count ? $0 : 0 }
                return predict(encoder.batch(columns, indices)).prefix(requests.count).map { ($0, version) }
            }
        }
    }

    /// Impressions get their probabilities, events a receipt, what is wrong the reason.
    func answers(to lines: [ArraySlice<UInt8>]) -> [String] {
        var answers = [String](repeating: "", count: lines.count)
        var asked: [(place: Int, line: ClickLine)] = []
        var events: [(place: Int, line: ClickLine)] = []
        for (place, bytes) in lines.enumerated() {
            do {
                let line = try ClickLine(bytes, encoder)
                if line.isClick == nil { asked.append((place, line)) } else { events.append((place, line)) }
            } catch {
                answers[place] = LineServer.error("\(error)", id: ClickLine.id(of: bytes))
            }
        }
        let probabilities = predictions.answers(to: asked.map(\.line.columns))
        for (number, request) in asked.enumerated() {
            answers[request.place] =
                probabilities.map { Self.text($0[number], id: request.line.id) } ?? Self.ending(request.line.id)
        }
        let receipts = acceptance.accept(events.map { (EventJournal.Entry(lines[$0.place]), $0.line.columns) })
        for (number, event) in events.enumerated() {
            switch receipts?[number] {
            case .success(let number)?: answers[event.place] = "{\(Self.key(event.line.id))\"accepted\":\(number)}"
            case .failure(let error)?: answers[event.place] = LineServer.error("\(error)", id: event.line.id)
            case nil: answers[event.place] = Self.ending(event.line.id)
            }
        }
        return answers
    }

    private static func text(_ answer: (probability: Double, version: Int), id: String?) -> String {
        "{\(key(id))\"probability\":\(answer.probability),\"version\":\(answer.version)}"
    }

    private static func key(_ id: String?) -> String { id.map { "\"id\":\($0)," } ?? "" }

    private static func ending(_ id: String?) -> String {
        LineServer.error("the server is ending; ask again later", id: id)
    }

    func close() { predictions.close() }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
