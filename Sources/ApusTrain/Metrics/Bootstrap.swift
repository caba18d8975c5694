import ApusData
import ApusTensor
import Foundation

/// An interval that the mean of a few measurements lies in with some confidence, by drawing from them with repetition: the percentile bootstrap.
///
/// - Parameters:
///   - confidence: the share of the drawn means inside of the interval.
///   - draws: how often as many measurements are drawn as there are.
/// - Returns: NaN for both ends where there are no measurements.
/// - Reference: Efron, “Bootstrap methods: another look at the jackknife”, 1979.
public func bootstrapInterval(
    ofMean values: [Double], confidence: Double = 0.95, draws: Int = 2000, seed: UInt64 = 0
) -> (low: Double, high: Double) {
    precondition(confidence > 0 && confidence < 1, "bootstrapInterval: a confidence of \(confidence)")
    precondition(draws > 0, "bootstrapInterval: \(draws) draws")
    guard !values.isEmpty else { return (.nan, .nan) }
    let generator = Generator(seed: seed)
    let means = (0..<draws).map { _ in
        (0..<values.count).reduce(0.0) { sum, _ in sum + values[generator.integer(below: values.count)] }
            / Double(values.count)
    }.sorted()
    func quantile(_ share: Double) -> Double { means[Int((share * Double(draws - 1)).rounded())] }
    return (quantile((1 - confidence) / 2), quantile((1 + confidence) / 2))
}
