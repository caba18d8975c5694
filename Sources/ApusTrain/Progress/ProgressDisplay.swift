/// Shows a run's events to a person: a bar for the steps, and a line that stays for each epoch and evaluation.
public final class ProgressDisplay: RunObserver {
    private let bar: ProgressBar
    private var epochs: Int?
    private var batchUnit: String
    /// What evaluations measured last; shown beside the loss.
    private var evaluated: [String: Double] = [:]

    /// - Parameter unit: what examples are called: `images`.
    public init(unit: String = "examples", terminal: Terminal = Terminal(.standardError)) {
        batchUnit = unit
        bar = ProgressBar("Training", total: nil, terminal: terminal)
    }

    package init(unit: String, screen: ProgressBar.Screen) {
        batchUnit = unit
        bar = ProgressBar("Training", total: nil, unit: "steps", screen: screen)
    }

    /// Moves the bar to a number of steps done.
    public func advance(to step: Int) { bar.update(completed: step) }

    /// Shows the event on the bar or on a line of its own.
    public func receive(_ event: RunEvent) {
        switch event {
        case .started(let start):
            epochs = start.epochs
            bar.total = start.steps
            bar.start(at: start.fromStep)
            if start.fromStep > 0 { bar.print("Going on after step \(start.fromStep)") }
        case .step(let step):
            bar.label = "Epoch \(step.epoch + 1)" + (epochs.map { "/\($0)" } ?? "")
            // A loss beside the step's own loss would only puzzle.
            bar.show(ordered(step.metrics) + ordered(evaluated.filter { step.metrics[$0.key] == nil }))
            if let rate = step.rate { bar.show(rate: rate, unit: batchUnit) }
            bar.update(completed: step.step)
        case .evaluation(let evaluation):
            evaluated = evaluation.metrics
        case .epoch(let epoch):
            let label = "Epoch \(epoch.epoch + 1)" + (epochs.map { "/\($0)" } ?? "")
            let values = ordered(epoch.metrics).map { "\($0.name) \(Format.number($0.value))" }
            bar.print(([label] + values + [Format.duration(epoch.seconds)]).joined(separator: "  "))
        case .checkpoint:
            break
        case .warning(let warning):
            bar.print("warning: \(warning.message)")
        case .interrupted(let interrupted):
            bar.finish()
            bar.print(interrupted.message)
        case .finished:
            bar.finish()
        }
    }

    /// Takes the bar away, for what is written after an error.
    public func finish() { bar.finish() }

    /// The loss first, then by name.
    private func ordered(_ metrics: [String: Double]) -> [(name: String, value: Double)] {
        metrics.sorted { ($0.key == "loss" ? "" : $0.key) < ($1.key == "loss" ? "" : $1.key) }
            .map { (name: $0.key, value: $0.value) }
    }
}
