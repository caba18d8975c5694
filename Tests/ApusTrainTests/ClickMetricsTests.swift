import ApusTensor
import ApusTrain
import Foundation
import Testing

// The expected numbers are scikit-learn 1.9's:
//
//     r = np.random.default_rng(3); p = np.round(r.random(40), 2); y = (r.random(40) < p * 0.8).astype(int)
//     log_loss(y, p); calibration_curve(y, p, n_bins=5)
//     q = np.round(r.random(40) * .5 + p * .5, 1); roc_auc_score(y, p); roc_auc_score(y, q)
//     # normalized entropy: log_loss(y, p) / log_loss(y, [mean(y)] * 40); ratio: sum(p) / sum(y)
private let p = [
    0.09, 0.24, 0.8, 0.58, 0.09, 0.43, 0.48, 0.16, 0.73, 0.11, 0.39, 0.52, 0.43, 0.59, 0.74, 0.96, 0.28, 0.65, 0.7,
    0.29, 0.0, 0.97, 0.3, 0.31, 0.89, 0.59, 0.47, 0.77, 0.03, 0.71, 0.37, 0.09, 0.66, 0.93, 0.21, 0.63, 0.3, 0.74, 0.72,
    0.22,
]
private let y = [
    0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1,
    0,
].map { $0 == 1 }
private let q = [
    0.1, 0.3, 0.6, 0.7, 0.5, 0.6, 0.3, 0.4, 0.7, 0.1, 0.5, 0.4, 0.5, 0.6, 0.7, 0.7, 0.4, 0.4, 0.6, 0.2, 0.2, 0.8, 0.5,
    0.4, 0.5, 0.6, 0.3, 0.8, 0.2, 0.5, 0.6, 0.2, 0.5, 0.6, 0.3, 0.4, 0.4, 0.8, 0.6, 0.5,
]

private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-9 }

@Suite struct LogLossTests {
    @Test func agreesWithScikitLearn() {
        var loss = LogLoss()
        loss.update(probabilities: Array(p[..<10]), isPositive: Array(y[..<10]))
        loss.update(probabilities: Array(p[10...]), isPositive: Array(y[10...]))
        #expect(isClose(loss.value, 0.7074579840606189))
        #expect(isClose(loss.normalizedEntropy, 1.0926892525312442))
    }

    @Test func extremesStayFinite() {
        var loss = LogLoss()
        #expect(loss.value.isNaN && loss.normalizedEntropy.isNaN)
        loss.update(probabilities: [0, 1], isPositive: [true, true])
        #expect(loss.value.isFinite && loss.normalizedEntropy.isNaN)
    }
}

@Suite struct CalibrationTests {
    @Test func agreesWithScikitLearn() {
        var calibration = Calibration(binCount: 5)
        calibration.update(probabilities: p, isPositive: y)
        let observed = [0.14285714285714285, 0.3, 0.375, 0.45454545454545453, 0.5]
        let predicted = [0.08142857142857142, 0.291, 0.51125, 0.7136363636363637, 0.9375]
        for (bin, (o, m)) in zip(calibration.bins, zip(observed, predicted)) {
            #expect(isClose(bin.observed, o) && isClose(bin.predicted, m))
        }
        #expect(isClose(calibration.expectedError, 0.15525))
        #expect(isClose(calibration.ratio, 1.3692857142857144))
    }

    @Test func theEndsHaveBins() {
        var calibration = Calibration(binCount: 4)
        #expect(calibration.expectedError.isNaN && calibration.ratio.isNaN)
        calibration.update(probabilities: [0, 1], isPositive: [false, true])
        #expect(calibration.bins.map(\.count) == [1, 0, 0, 1])
        #expect(calibration.expectedError == 0 && calibration.ratio == 1)
    }
}

@Suite struct AUCComparisonTests {
    @Test func differenceIsScikitLearns() throws {
        let comparison = try #require(AUCComparison(p, q, isPositive: y))
        #expect(isClose(comparison.difference, 0.6538461538461537 - 0.6016483516483517))
        #expect(comparison.interval.contains(comparison.difference))
        #expect(comparison.interval.lowerBound < 0, "forty examples prove nothing")
        #expect(AUCComparison(p, q, isPositive: y) == comparison, "the seed decides")
        let reversed = try #require(AUCComparison(q, p, isPositive: y))
        #expect(isClose(reversed.difference, -comparison.difference))
    }

    @Test func equalModelsDoNotDiffer() throws {
        let comparison = try #require(AUCComparison(p, p, isPositive: y))
        #expect(comparison.difference == 0 && comparison.interval == 0...0)
        #expect(AUCComparison([0.1, 0.2], [0.3, 0.1], isPositive: [true, true]) == nil)
    }

    /// Copies of an example say nothing new: drawn as a group, they leave the interval as wide as it was.
    @Test func groupsAreDrawnTogether() throws {
        let copies = 8
        func repeated<Value>(_ values: [Value]) -> [Value] { values.flatMap { [Value](repeating: $0, count: copies) } }
        let single = try #require(AUCComparison(p, q, isPositive: y))
        let grouped = try #require(
            AUCComparison(repeated(p), repeated(q), isPositive: repeated(y), groups: repeated(Array(y.indices))))
        let apart = try #require(AUCComparison(repeated(p), repeated(q), isPositive: repeated(y)))
        func width(_ comparison: AUCComparison) -> Double {
            comparison.interval.upperBound - comparison.interval.lowerBound
        }
        #expect(isClose(width(grouped), width(single)))
        #expect(width(apart) < 0.6 * width(single))
    }
}

@Suite struct ProgressiveValidationTests {
    @Test func windowsDoNotDependOnBatches() throws {
        var (whole, parts) = (ProgressiveValidation(windowSize: 16), ProgressiveValidation(windowSize: 16))
        let windows = whole.update(probabilities: p, isPositive: y)
        var others: [ProgressiveValidation.Window] = []
        for start in stride(from: 0, to: 40, by: 7) {
            let range = start..<min(40, start + 7)
            others += parts.update(probabilities: Array(p[range]), isPositive: Array(y[range]))
            // It survives being saved.
            parts = try JSONDecoder().decode(ProgressiveValidation.self, from: JSONEncoder().encode(parts))
        }
        #expect(windows == others && whole == parts && windows.map(\.events) == [16, 32])
        var loss = LogLoss()
        loss.update(probabilities: Array(p[16..<32]), isPositive: Array(y[16..<32]))
        #expect(isClose(windows[1].logLoss, loss.value))
        #expect(isClose(whole.logLoss, 0.7074579840606189))
    }
}
