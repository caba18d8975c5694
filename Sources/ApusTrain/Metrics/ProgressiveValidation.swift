/// How well a model foretells events that it learns from afterwards: each is predicted first, so that no data need be held out.
///
/// Reference: Blum, Kalai and Langford, “Beating the hold-out: bounds for k-fold and progressive cross-validation”, 1999; McMahan et
/// al., “Ad click prediction: a view from the trenches”, 2013, section 5.1.
public struct ProgressiveValidation: Hashable, Sendable, Codable {
    /// Events that followed one another.
    public struct Window: Hashable, Sendable, Codable {
        /// Events up to its end.
        public var events: Int
        /// The share that happened.
        public var rate: Double
        /// Over the window; NaN without events of both kinds.
        public var auc: Double
        /// Over the window, in nats.
        public var logLoss: Double
        /// What was expected over what happened, in the window.
        public var calibrationRatio: Double
        /// Over all events so far.
        public var totalLogLoss: Double
    }

    /// Events of a window.
    public let windowSize: Int
    /// Events so far.
    public private(set) var count = 0
    private var total = LogLoss()
    private var probabilities: [Double] = []
    private var isPositive: [Bool] = []

    public init(windowSize: Int) {
        precondition(windowSize > 0, "ProgressiveValidation: windows of \(windowSize)")
        self.windowSize = windowSize
    }

    /// The mean log-loss so far, in nats.
    public var logLoss: Double { total.value }

    /// Adds events with what was expected of them before they were learned from.
    ///
    /// - Returns: the windows that they complete.
    public mutating func update(probabilities: [Double], isPositive: [Bool]) -> [Window] {
        requireEqualCounts(
            "ProgressiveValidation", "probabilities", probabilities.count, "labels", isPositive.count)
        var windows: [Window] = []
        for (p, isPositive) in zip(probabilities, isPositive) {
            self.probabilities.append(p)
            self.isPositive.append(isPositive)
            total.update(probabilities: [p], isPositive: [isPositive])
            count += 1
            if self.probabilities.count == windowSize { windows.append(completedWindow()) }
        }
        return windows
    }

    private mutating func completedWindow() -> Window {
        defer { (probabilities, isPositive) = ([], []) }
        var (ranking, loss, calibration) = (ROCAUC(), LogLoss(), Calibration())
        ranking.update(scores: probabilities, isPositive: isPositive)
        loss.update(probabilities: probabilities, isPositive: isPositive)
        calibration.update(probabilities: probabilities, isPositive: isPositive)
        return Window(
            events: count, rate: Double(isPositive.count { $0 }) / Double(windowSize), auc: ranking.value,
            logLoss: loss.value, calibrationRatio: calibration.ratio, totalLogLoss: total.value)
    }
}
