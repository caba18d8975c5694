import ApusTensor
import ApusTrain
import Foundation
import Testing

// The expected numbers are scikit-learn 1.7's:
//
//     r = np.random.default_rng(7)
//     y = r.integers(0, 4, 40); p = np.where(r.random(40) < 0.6, y, r.integers(0, 4, 40))
//     y[y == 3] = np.where(np.arange((y == 3).sum()) == 0, 3, 2)  # class 3 is rare
//     accuracy_score(y, p); confusion_matrix(y, p)
//     for a in (None, "macro", "micro", "weighted"):
//         precision_recall_fscore_support(y, p, average=a, labels=range(4), zero_division=0)
//     s = np.round(r.random((12, 4)), 3); t = r.integers(0, 4, 12)
//     top_k_accuracy_score(t, s, k=2, labels=range(4)); top_k_accuracy_score(t, s, k=3, labels=range(4))
//     b = r.integers(0, 2, 30); q = np.round(r.random(30) * 0.6 + b * 0.25, 1)  # one decimal: many ties
//     roc_auc_score(b, q); roc_curve(b, q, drop_intermediate=False)
//     u = np.round(r.normal(size=9), 3); v = np.round(r.normal(size=9), 3)
//     mean_squared_error(u, v); mean_absolute_error(u, v); root_mean_squared_error(u, v)
private let actual = [
    3, 2, 2, 2, 2, 2, 2, 0, 0, 1, 1, 2, 2, 0, 1, 2, 0, 2, 0, 1, 2, 1, 1, 1, 2, 1, 2, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1,
    2,
]
private let predicted = [
    3, 2, 1, 3, 2, 3, 3, 0, 2, 1, 1, 3, 3, 0, 3, 3, 0, 3, 3, 1, 3, 2, 1, 1, 1, 3, 3, 1, 1, 0, 2, 2, 2, 3, 3, 3, 3, 2, 1,
    3,
]
private let scores: [Float] = [
    0.192, 0.928, 0.552, 0.181, 0.884, 0.642, 0.57, 0.376, 0.411, 0.239, 0.038, 0.876, 0.468, 0.548, 0.322, 0.751,
    0.025, 0.372, 0.03, 0.123, 0.967, 0.658, 0.428, 0.524, 0.873, 0.344, 0.59, 0.684, 0.355, 0.519, 0.765, 0.909,
    0.151, 0.933, 0.005, 0.753, 0.811, 0.137, 0.419, 0.815, 0.014, 0.628, 0.793, 0.513, 0.726, 0.226, 0.199, 0.363,
]
private let labels = [0, 0, 1, 1, 1, 3, 3, 2, 3, 1, 0, 1]
private let positive = [
    0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1,
].map { $0 == 1 }
private let probability = [
    0.6, 0.4, 0.5, 0.4, 0.4, 0.6, 0.6, 0.4, 0.5, 0.4, 0.3, 0.4, 0.8, 0.8, 0.3, 0.6, 0.5, 0.4, 0.6, 0.4, 0.6, 0.3, 0.6,
    0.6, 0.1, 0.0, 0.2, 0.5, 0.5, 0.7,
]

private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }

@Suite struct MetricsTests {
    @Test func accuracyInTwoBatches() {
        var accuracy = Accuracy()
        accuracy.update(predicted: Array(predicted[..<13]), actual: Array(actual[..<13]))
        accuracy.update(predicted: Array(predicted[13...]), actual: Array(actual[13...]))
        #expect(isClose(accuracy.value, 0.45))
    }

    @Test func nothingMeasuredIsNaN() {
        #expect(Accuracy().value.isNaN)
        #expect(TopKAccuracy(3).value.isNaN)
        #expect(ROCAUC().value.isNaN)
        #expect(Perplexity().value.isNaN)
        #expect(RegressionErrors().meanSquaredError.isNaN)
        #expect(ConfusionMatrix(classCount: 2).accuracy.isNaN)
    }

    @Test func confusionMatrix() {
        var matrix = ConfusionMatrix(classCount: 4)
        matrix.update(predicted: predicted, actual: actual)
        #expect(matrix.counts == [3, 0, 1, 1, 0, 8, 1, 2, 1, 2, 6, 14, 0, 0, 0, 1])
        #expect(matrix[actual: 2, predicted: 3] == 14)
        #expect(isClose(matrix.accuracy, 0.45))

        let precision = [0.75, 0.8, 0.75, 0.05555555555555555]
        let recall = [0.6, 0.7272727272727273, 0.2608695652173913, 1.0]
        let f1 = [0.6666666666666666, 0.7619047619047619, 0.3870967741935484, 0.10526315789473684]
        for label in 0..<4 {
            let scores = matrix.scores(of: label)
            #expect(isClose(scores.precision, precision[label]))
            #expect(isClose(scores.recall, recall[label]))
            #expect(isClose(scores.f1, f1[label]))
        }
        #expect(isClose(matrix.macro.precision, 0.5888888888888888))
        #expect(isClose(matrix.macro.recall, 0.6470355731225297))
        #expect(isClose(matrix.macro.f1, 0.4802328401649284))
        #expect(
            isClose(matrix.micro.precision, 0.45) && isClose(matrix.micro.recall, 0.45)
                && isClose(matrix.micro.f1, 0.45))
        #expect(isClose(matrix.weighted.precision, 0.746388888888889))
        #expect(isClose(matrix.weighted.recall, 0.45))
        #expect(isClose(matrix.weighted.f1, 0.5180693669658015))
    }

    @Test func classesWithoutExamplesScoreZero() {
        var matrix = ConfusionMatrix(classCount: 3)
        matrix.update(predicted: [0, 0], actual: [0, 1])
        #expect(matrix.scores(of: 2).f1 == 0)
        #expect(matrix.scores(of: 1).precision == 0)
        #expect(isClose(matrix.macro.recall, 1.0 / 3))
    }

    @Test(arguments: [(1, 1.0 / 6), (2, 0.5), (3, 0.8333333333333334), (4, 1.0), (9, 1.0)])
    func topK(k: Int, expected: Double) {
        var accuracy = TopKAccuracy(k)
        accuracy.update(scores: scores, classCount: 4, actual: labels)
        #expect(isClose(accuracy.value, expected))
    }

    @Test func topKBreaksTiesAsArgMaxDoes() {
        var top1 = TopKAccuracy(1)
        top1.update(scores: [1, 1, 1, 1], classCount: 2, actual: [0, 1])
        #expect(top1.value == 0.5)
        var withNaN = TopKAccuracy(1)
        withNaN.update(scores: [.nan, 0], classCount: 2, actual: [0])
        #expect(withNaN.value == 0)
    }

    @Test func areaUnderCurveWithTies() {
        var auc = ROCAUC()
        auc.update(scores: Array(probability[..<11]), isPositive: Array(positive[..<11]))
        auc.update(scores: Array(probability[11...]), isPositive: Array(positive[11...]))
        #expect(isClose(auc.value, 0.6696832579185521))
        let falsePositives = [0.0, 0, 0, 3, 6, 9, 10, 11, 12, 13].map { $0 / 13 }
        let truePositives = [0.0, 2, 3, 8, 10, 15, 17, 17, 17, 17].map { $0 / 17 }
        #expect(auc.curve.count == 10)
        for (point, (x, y)) in zip(auc.curve, zip(falsePositives, truePositives)) {
            #expect(isClose(point.falsePositiveRate, x) && isClose(point.truePositiveRate, y))
        }
    }

    @Test func areaUnderCurveAtItsEnds() {
        var perfect = ROCAUC(), reversed = ROCAUC(), blind = ROCAUC(), onesided = ROCAUC()
        perfect.update(scores: [1, 2, 3], isPositive: [false, true, true])
        reversed.update(scores: [3, 2, 1], isPositive: [false, true, true])
        blind.update(scores: [5, 5, 5, 5], isPositive: [true, false, false, true])
        onesided.update(scores: [1, 2], isPositive: [true, true])
        #expect(perfect.value == 1 && reversed.value == 0 && blind.value == 0.5)
        #expect(onesided.value.isNaN)
    }

    @Test func regressionErrors() {
        var errors = RegressionErrors()
        errors.update(
            predicted: [1.336, -0.507, 0.292, -0.034, -0.441, -0.508, 0.63, -0.302, -0.151],
            actual: [0.022, 1.177, 0.681, 0.383, -0.564, -1.382, 0.95, 0.966, -0.141])
        #expect(isClose(errors.meanSquaredError, 0.8196656666666667))
        #expect(isClose(errors.meanAbsoluteError, 0.711))
        #expect(isClose(errors.rootMeanSquaredError, 0.905353890291894))
    }

    @Test func meansWeighTheirParts() {
        var mean = Mean()
        mean.update(1, weight: 3)
        mean.update(5, weight: 1)
        #expect(mean.value == 2)
        var perplexity = Perplexity()
        perplexity.update(negativeLogLikelihood: log(8), tokens: 10)
        perplexity.update(negativeLogLikelihood: log(2), tokens: 10)
        perplexity.update(negativeLogLikelihood: .nan, tokens: 0)
        #expect(abs(perplexity.value - 4) < 1e-12 && abs(perplexity.bitsPerToken - 2) < 1e-12)
    }

    @Test func betterDependsOnTheMetric() {
        #expect(MetricDescription.standard("accuracy").isBetter(0.9, than: 0.8))
        #expect(MetricDescription.standard("loss").isBetter(0.2, than: 0.3))
        #expect(!MetricDescription.standard("loss").isBetter(.nan, than: 0.3))
        #expect(MetricDescription.standard("loss").isBetter(0.2, than: .nan))
        #expect(MetricDescription.standard("my metric").title == "My metric")
    }

    @Test func mistakesTrap() async {
        await #expect(processExitsWith: .failure) {
            var accuracy = Accuracy()
            accuracy.update(predicted: [1], actual: [1, 2])
        }
        await #expect(processExitsWith: .failure) {
            var matrix = ConfusionMatrix(classCount: 2)
            matrix.update(predicted: [0], actual: [2])
        }
        await #expect(processExitsWith: .failure) {
            var auc = ROCAUC()
            auc.update(scores: [.nan], isPositive: [true])
        }
    }
}

@Suite struct BootstrapTests {
    /// The interval of a mean of many draws is the normal distribution's: ± 1.96 σ / √n.
    @Test func intervalsAreAsWideAsTheory() {
        let generator = Generator(seed: 3)
        let values = (0..<400).map { _ in Double(generator.next() >> 11) * 0x1p-53 }
        let mean = values.reduce(0, +) / 400
        let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 400
        let width = 2 * 1.96 * variance.squareRoot() / 20
        let (low, high) = bootstrapInterval(ofMean: values, draws: 4000)
        #expect(low < mean && mean < high)
        #expect(abs((high - low) / width - 1) < 0.08)
        let narrow = bootstrapInterval(ofMean: values, confidence: 0.5, draws: 4000)
        let share: Double = (narrow.high - narrow.low) / (high - low)
        #expect(abs(share - 0.6745 / 1.96) < 0.03)
        #expect(bootstrapInterval(ofMean: [2, 2, 2]) == (2, 2))
        #expect(bootstrapInterval(ofMean: []).low.isNaN)
        let again = bootstrapInterval(ofMean: values, draws: 4000)
        #expect(again == (low, high), "seeded")
    }
}
