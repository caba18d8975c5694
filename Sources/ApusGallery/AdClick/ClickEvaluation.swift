import Apus
import Foundation

/// Probabilities of impressions of which it is known whether they were clicked, and how good they are.
struct ClickEvaluation {
    let probabilities: [Double]
    let isClick: [Bool]

    init(_ probabilities: [Double], _ isClick: [Bool]) {
        (self.probabilities, self.isClick) = (probabilities, isClick)
    }

    /// What a model says of a range of the data.
    init(
        of model: ClickModel, on data: ClickData, _ range: Range<Int>, progress: (Int) -> Void = { _ in }
    ) throws {
        let predict = ClickPredictor(model)
        var (probabilities, isClick) = ([Double](), [Bool]())
        try data.forEachBatch(range, size: 2048) { batch in
            probabilities += predict(batch)
            isClick += batch.labels.elements(as: Float.self).map { $0 == 1 }
            progress(probabilities.count)
        }
        self.init(probabilities, isClick)
    }

    private var ranking: ROCAUC {
        var ranking = ROCAUC()
        ranking.update(scores: probabilities, isPositive: isClick)
        return ranking
    }

    var auc: Double { ranking.value }

    var logLoss: LogLoss {
        var loss = LogLoss()
        loss.update(probabilities: probabilities, isPositive: isClick)
        return loss
    }

    /// - Parameter binCount: of the reliability diagram.
    func calibration(binCount: Int = 10) -> Calibration {
        var calibration = Calibration(binCount: binCount)
        calibration.update(probabilities: probabilities, isPositive: isClick)
        return calibration
    }

    /// The ROC curve, thinned to what a picture shows.
    var curve: [Plot.Point] {
        let points = ranking.curve
        let step = max(1, points.count / 300)
        return points.enumerated().filter { $0.offset % step == 0 || $0.offset == points.count - 1 }.map {
            Plot.Point($0.element.falsePositiveRate, $0.element.truePositiveRate)
        }
    }

    var metrics: [String: Double] {
        let (loss, calibration) = (logLoss, calibration())
        return [
            "auc": auc, "logLoss": loss.value, "normalizedEntropy": loss.normalizedEntropy,
            "calibrationRatio": calibration.ratio, "calibrationError": calibration.expectedError,
        ]
    }

    /// In the order in which they are shown.
    static let metricNames = [
        "auc", "logLoss", "normalizedEntropy", "calibrationRatio", "calibrationError", "continuousAUC",
        "continuousLogLoss",
    ]

    /// The same for each part of the impressions.
    func byPeriod(_ periods: [Int]) -> [(period: Int, evaluation: ClickEvaluation)] {
        let places = Dictionary(grouping: periods.indices) { periods[$0] }
        return places.keys.sorted().map { period in
            let chosen = places[period]!
            return (period, ClickEvaluation(chosen.map { probabilities[$0] }, chosen.map { isClick[$0] }))
        }
    }
}

/// A model's probabilities, as numbers.
package struct ClickPredictor {
    private let call: ([Tensor]) -> [Tensor]

    package init(_ model: ClickModel) {
        model.eval()
        call = compile(model) { (inputs: [Tensor]) in
            [
                model.probabilities(
                    ClickBatch(numbers: inputs[0], rows: inputs[1], weights: inputs[2], labels: inputs[0]))
            ]
        }
    }

    package func callAsFunction(_ batch: ClickBatch) -> [Double] {
        call([batch.numbers, batch.rows, batch.weights])[0].elements(as: Float.self).map(Double.init)
    }
}

/// A model in service: it says what it expects of a batch, and then learns what happened.
package final class ContinuousLearner {
    package let model: ClickModel
    package let optimizer: Optimizer
    private let predict: ClickPredictor

    package init(_ model: ClickModel, _ optimizer: Optimizer) {
        (self.model, self.optimizer) = (model, optimizer)
        predict = ClickPredictor(model)
    }

    /// The probabilities from before the step.
    package func callAsFunction(_ batch: ClickBatch) -> [Double] {
        let probabilities = predict(batch)
        let (_, gradients) = valueAndGradients(model) { $0.loss(batch) }
        optimizer.step(gradients)
        return probabilities
    }

    /// Goes through a range of the data in order.
    func evaluation(on data: ClickData, _ range: Range<Int>, batchSize: Int) throws -> ClickEvaluation {
        var (probabilities, isClick) = ([Double](), [Bool]())
        try data.forEachBatch(range, size: batchSize) { batch in
            probabilities += self(batch)
            isClick += batch.labels.elements(as: Float.self).map { $0 == 1 }
        }
        return ClickEvaluation(probabilities, isClick)
    }
}
