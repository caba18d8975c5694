import Apus

/// Where a system's results go: for a person, or as JSON lines for a program. A system writes both and needn't know which is read.
public protocol SystemOutput: AnyObject {
    /// Everybody who follows a training.
    var observers: [any RunObserver] { get }

    /// Since the command began.
    var seconds: Double { get }

    /// For a person: a line or a table on standard output.
    func show(_ text: String)

    /// For a person: a piece of text on standard output as it comes, without a line break after it.
    func stream(_ text: String)

    /// For a program: one JSON object, with its kind under `event`.
    func emit(_ kind: String, _ fields: some Encodable & Sendable)

    /// For both: something that went wrong and stops nothing, about one input.
    func fail(_ error: any Error, input: String)

    /// For a person who waits: a bar for work whose end is known.
    func progressBar(_ label: String, total: Int?, unit: String) -> ProgressBar
}
