import Apus
import Foundation

/// Tells how likely a click is, and goes on learning from what is clicked.
public struct AdClick: System {
    public init() {}

    /// MovieLens made binary by default, with the metric that training aims at.
    public let card = SystemCard(
        name: "ad-click",
        title: "Ad clicks",
        summary:
            "What is known of a user and an offer goes in, the probability of a click comes out; it learns while it answers.",
        references: [
            "FTRL-proximal: McMahan et al., “Ad click prediction: a view from the trenches”, 2013",
            "Wide & Deep: Cheng et al., “Wide & deep learning for recommender systems”, 2016",
            "DeepFM: Guo, Tang, Ye, Li, He, “DeepFM: a factorization-machine based neural network for CTR prediction”, 2017",
            "DLRM: Naumov et al., “Deep learning recommendation model for personalization and recommendation systems”, 2019",
            "Evaluation: He et al., “Practical lessons from predicting clicks on ads at Facebook”, 2014",
        ],
        defaultData:
            "MovieLens 100k, four or five stars for a click; the first 80 % of its time to train on, the last 20 % to measure on",
        formats: [
            "Criteo's click logs, plain or gzipped: label, 13 counts, 26 categories between tabs; in the order of time",
            "a folder of MovieLens in RecBole's files (.inter, .user, .item)",
            "to predict and in service: JSON objects with the fields of the data, one a line",
        ],
        metric: "ROC AUC, log-loss, normalized entropy and calibration on the last fifth of the time",
        target: "a better ROC AUC than logistic regression's",
        goal: Goal("auc"),
        baseline: "logistic regression over the same hashed fields by FTRL-proximal, trained and measured beside it",
        limits: [
            "It predicts what happens where such offers are made as they were made in the log: it says nothing about offers nobody was made.",
            "MovieLens' films are no ads, and a rating is no click: raters chose the films themselves.",
            "Two values of a field may fall into one bucket; more buckets make that rarer.",
        ],
        input: "files of impressions, one a line, with or without labels",
        presets: Preset.allCases.map { .init(name: $0.rawValue, summary: $0.summary) },
        defaultPreset: Preset.deepFM.rawValue, settings: settings)

    func preset(named name: String?) throws -> Preset { Preset(rawValue: try card.preset(named: name).name)! }

    /// The layers of a preset's model for MovieLens' fields; those of published sizes for Criteo's.
    public func summary(preset: String?) throws -> Summary {
        let preset = try self.preset(named: preset)
        let isPublished = preset.rawValue.hasSuffix("published")
        let schema: ClickSchema =
            isPublished
            ? .criteo(buckets: 40_000, crossed: preset.isWide) : .movieLens(buckets: 16_384, crossed: preset.isWide)
        return summary(of: preset.makeModel(schema), schema)
    }

    func summary(of model: ClickModel, _ schema: ClickSchema) -> Summary {
        let slots = schema.slotCount + schema.crossSlotCount
        return Apus.summary(model, input: .zeros([1, slots], dtype: .int32)) { model, rows in
            model(
                ClickBatch(
                    numbers: .zeros([1, schema.numbers.count]), rows: rows, weights: .ones([1, slots]),
                    labels: .zeros([1])))
        }
    }
}

// MARK: Use

extension AdClick {
    /// Measures the model and logistic regression on the same test period. `data` is other data of the same kind.
    public func evaluate(_ options: EvaluateOptions, output: any SystemOutput) throws -> RunEvent.Finished {
        let folder = try RunFolder.open(options.model)
        var configuration: Configuration = try folder.configuration()
        if let other = options.data {
            let kind = try ClickData.kind(of: other, settings: SettingValues(of: card, for: .training))
            guard kind == configuration.schema.kind else {
                throw InputError(
                    other.path,
                    "is data of \(kind.rawValue), the model is one of \(configuration.schema.kind.rawValue)",
                    remedy: "Give data of the kind that the model was trained on")
            }
            configuration.data = other.path
        }
        let data = try ClickData(configuration, in: folder.url, output: output)
        let bar = output.progressBar("Evaluating", total: data.test.count, unit: "impressions")
        bar.start(at: 0)
        let model = try configuration.trainedModel(in: folder)
        let evaluation = try ClickEvaluation(of: model, on: data, data.test) { bar.update(completed: $0) }
        bar.finish()
        let linear = try ClickEvaluation(of: try configuration.trainedBaseline(in: folder), on: data, data.test)
        var table = TextTable(
            header: ["On \(Format.count(data.test.count)) impressions", "This model", "Logistic regression"],
            [.left, .right, .right])
        for name in ClickEvaluation.metricNames {
            guard let value = evaluation.metrics[name], let other = linear.metrics[name] else { continue }
            let description = MetricDescription.standard(name)
            table.append(description.title, description.text(value), description.text(other))
        }
        output.show(table.rendered())
        return RunEvent.Finished(
            system: name, metrics: evaluation.metrics, baseline: linear.metrics, seconds: output.seconds,
            run: folder.path)
    }

    /// The probabilities of a file's impressions, and the fields that speak for or against a click. Returns how many lines and files
    /// could not be used.
    public func predict(_ options: PredictOptions, output: any SystemOutput) throws -> Int {
        let folder = try RunFolder.open(options.model)
        let configuration: Configuration = try folder.configuration()
        let settings = options.settings
        let reasonCount = try settings.count("reasons", in: 0...40)
        let socket = settings.text("socket")
        let asker: any ClickAsker =
            socket.isEmpty
            ? ClickReader(try configuration.trainedModel(in: folder), configuration.schema, reasonCount: reasonCount)
            : try ServerClient(socket)
        let predictions = ClickPredictions(asker, ClickEncoder(configuration.schema), output)
        for input in options.inputs { predictions.read(input) }
        predictions.show()
        let path = settings.text("out")
        if !path.isEmpty {
            try AtomicFile.write(predictions.csv, to: URL(fileURLWithPath: path))
            output.show("Written to \(path)")
        }
        return predictions.failureCount
    }

    /// What was measured, for people.
    func show(_ comparison: ClickComparison, to output: any SystemOutput) {
        output.show(comparison.table.rendered())
        output.show("\n" + comparison.sentences.joined(separator: "\n"))
    }
}
