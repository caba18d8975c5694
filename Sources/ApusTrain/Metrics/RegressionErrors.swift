/// The errors of predicted numbers: `MSE = Σ(p − t)² / n`, its root, and `MAE = Σ|p − t| / n`; of no examples NaN.
public struct RegressionErrors: Hashable, Sendable, Codable {
    private var squared = Mean()
    private var absolute = Mean()

    public init() {}

    /// Adds examples by predicted number and target; traps where the counts differ.
    public mutating func update(predicted: [Double], actual: [Double]) {
        requireEqualCounts("RegressionErrors", "predictions", predicted.count, "targets", actual.count)
        for (prediction, target) in zip(predicted, actual) {
            let error = prediction - target
            squared.update(error * error)
            absolute.update(error.magnitude)
        }
    }

    /// `Σ(p − t)² / n`.
    public var meanSquaredError: Double { squared.value }
    /// `√(Σ(p − t)² / n)`, in the unit of the targets.
    public var rootMeanSquaredError: Double { squared.value.squareRoot() }
    /// `Σ|p − t| / n`, in the unit of the targets.
    public var meanAbsoluteError: Double { absolute.value }
}
