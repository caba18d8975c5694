/// The errors of predicted numbers: `MSE = Σ(p − t)² / n`, its root, and `MAE = Σ|p − t| / n`; of no examples NaN.
public struct RegressionErrors: Hashable, Sendable, Codable {
    private var squared = Mean()
    private var absolute = Mean()

    public init() {}

    public mutating func update(predicted: [Double], actual: [Double]) {
        requireEqualCounts("RegressionErrors", "predictions", predicted.count, "targets", actual.count)
        for (prediction, target) in zip(predicted, actual) {
            let error = prediction - target
            squared.update(error * error)
            absolute.update(error.magnitude)
        }
    }

    public var meanSquaredError: Double { squared.value }
    public var rootMeanSquaredError: Double { squared.value.squareRoot() }
    public var meanAbsoluteError: Double { absolute.value }
}
