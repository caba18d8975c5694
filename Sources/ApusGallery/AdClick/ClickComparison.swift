import Apus
import Foundation

/// A model on the test period: as it was before it, and trained on each impression once it has been asked about it.
struct TestedModel {
    let frozen: ClickEvaluation
    let continuous: ClickEvaluation

    /// - Parameter prepared: called when the model has gone through the validation days, once, in order, as it would in service.
    init(
        _ learner: ContinuousLearner, _ data: ClickData, _ configuration: AdClick.Configuration,
        prepared: (ContinuousLearner) throws -> Void
    ) throws {
        let size = configuration.onlineBatchSize
        _ = try learner.evaluation(on: data, data.validation, batchSize: size)
        try prepared(learner)
        frozen = try ClickEvaluation(of: learner.model, on: data, data.test)
        continuous = try learner.evaluation(on: data, data.test, batchSize: size)
    }

    var metrics: [String: Double] {
        var metrics = frozen.metrics
        metrics["continuousAUC"] = continuous.auc
        metrics["continuousLogLoss"] = continuous.logLoss.value
        return metrics
    }
}

/// A model beside logistic regression, both frozen and trained continuously, on the same impressions.
struct ClickComparison {
    let model: TestedModel
    let baseline: TestedModel
    /// The model's AUC less the baseline's.
    let frozen: AUCComparison?
    let continuous: AUCComparison?
    /// The model trained continuously less the same model frozen.
    let gain: AUCComparison?
    /// What periods are called, and that of each impression.
    let periods: (name: String, of: [Int])

    init(_ model: TestedModel, beside baseline: TestedModel, on data: ClickData) throws {
        (self.model, self.baseline) = (model, baseline)
        let users = data.testUsers
        func compared(_ a: ClickEvaluation, _ b: ClickEvaluation) -> AUCComparison? {
            AUCComparison(a.probabilities, b.probabilities, isPositive: a.isClick, groups: users, samples: 500)
        }
        frozen = compared(model.frozen, baseline.frozen)
        continuous = compared(model.continuous, baseline.continuous)
        gain = compared(model.continuous, model.frozen)
        periods = data.testPeriods
    }

    var table: TextTable {
        var table = TextTable(
            header: ["On the test period", "This model", "Logistic regression"], [.left, .right, .right])
        for name in ClickEvaluation.metricNames {
            let description = MetricDescription.standard(name)
            guard let value = model.metrics[name], let other = baseline.metrics[name] else { continue }
            table.append(description.title, description.text(value), description.text(other))
        }
        return table
    }

    /// What is sure of the differences in AUC.
    var sentences: [String] {
        [
            ("Over logistic regression, both frozen", frozen),
            ("Over logistic regression, both trained continuously", continuous),
            ("Continuous training over the frozen model", gain),
        ].compactMap { name, comparison in
            comparison.map {
                "\(name): "
                    + String(
                        format: "%+.4f AUC, 95 %% of samples between %+.4f and %+.4f", $0.difference,
                        $0.interval.lowerBound, $0.interval.upperBound)
            }
        }
    }

    /// For programs: the differences, and AUC and log-loss by period.
    var event: Event {
        func series(_ evaluation: ClickEvaluation) -> [Event.Period] {
            evaluation.byPeriod(periods.of).map {
                .init(
                    period: $0.period, count: $0.evaluation.isClick.count, auc: $0.evaluation.auc,
                    logLoss: $0.evaluation.logLoss.value)
            }
        }
        return Event(
            frozen: frozen, continuous: continuous, gain: gain, frozenByPeriod: series(model.frozen),
            continuousByPeriod: series(model.continuous))
    }

    struct Event: Codable, Sendable {
        struct Period: Codable, Sendable {
            var period: Int
            var count: Int
            var auc: Double
            var logLoss: Double
        }
        var frozen: AUCComparison?
        var continuous: AUCComparison?
        var gain: AUCComparison?
        var frozenByPeriod: [Period]
        var continuousByPeriod: [Period]
    }
}
