import Apus

/// What a training with no flags is to reach, in a form that a program can check.
public struct Goal: Codable, Hashable, Sendable {
    /// The metric, by its name in results.
    public var metric: String
    /// The value to reach at least, or at most where less is better; where nil, better than the baseline is enough.
    public var bound: Double?

    public init(_ metric: String, _ bound: Double? = nil) {
        self.metric = metric
        self.bound = bound
    }

    /// Whether a training reached the bound, and more than its baseline.
    public func isMet(by finished: RunEvent.Finished) -> Bool {
        guard let value = finished.metrics[metric], value.isFinite else { return false }
        let description = MetricDescription.standard(metric)
        let reaches = bound.map { value == $0 || description.isBetter(value, than: $0) } ?? true
        let beats = finished.baseline[metric].map { description.isBetter(value, than: $0) } ?? true
        return reaches && beats
    }
}
