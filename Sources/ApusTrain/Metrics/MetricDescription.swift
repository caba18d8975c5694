import Foundation

/// How a metric is called, written and judged.
public struct MetricDescription: Hashable, Sendable {
    /// Its key in events and files: `top5`.
    public var name: String
    /// What people read: `Top-5 accuracy`.
    public var title: String
    /// Whether it is a share of 1, written in percent.
    public var isShare: Bool
    /// Whether more is better, as with accuracy; false for losses and errors.
    public var higherIsBetter: Bool
    /// How many decimals it is always given with; as many as its size asks for where nil.
    public var decimals: Int?

    public init(_ name: String, title: String, isShare: Bool, higherIsBetter: Bool, decimals: Int? = nil) {
        self.name = name
        self.title = title
        self.isShare = isShare
        self.higherIsBetter = higherIsBetter
        self.decimals = decimals
    }

    /// What is known of the usual names; others are taken for plain numbers of which more is better.
    public static func standard(_ name: String) -> MetricDescription {
        known[name]
            ?? MetricDescription(
                name, title: name.prefix(1).uppercased() + name.dropFirst(), isShare: false, higherIsBetter: true)
    }

    private static let known: [String: MetricDescription] = {
        let shares = [
            ("accuracy", "Accuracy"), ("top5", "Top-5 accuracy"), ("precision", "Precision"), ("recall", "Recall"),
            ("f1", "F1"), ("semanticAccuracy", "Accuracy about the world"),
            ("syntacticAccuracy", "Accuracy about grammar"), ("exploration", "Random actions"),
            ("spread", "Spread beside real pictures'"), ("evenness", "Evenness of classes"),
        ]
        let costs = [
            ("loss", "Loss"), ("perplexity", "Perplexity"), ("mse", "Mean squared error"),
            ("rmse", "Root mean squared error"), ("mae", "Mean absolute error"), ("gradientNorm", "Gradient norm"),
            ("learningRate", "Learning rate"), ("bitsPerCharacter", "Bits per character"),
            ("discriminatorLoss", "Discriminator's loss"), ("logLoss", "Log-loss"),
            ("normalizedEntropy", "Normalized entropy"), ("calibrationError", "Expected calibration error"),
            ("continuousLogLoss", "Log-loss, trained continuously"),
        ]
        let descriptions =
            shares.map { MetricDescription($0.0, title: $0.1, isShare: true, higherIsBetter: true) }
            + costs.map { MetricDescription($0.0, title: $0.1, isShare: false, higherIsBetter: false) }
            + [
                ("auc", "ROC AUC", 4), ("continuousAUC", "ROC AUC, trained continuously", 4),
                ("calibrationRatio", "Predicted over observed clicks", 3), ("bleu", "BLEU", 2), ("chrf", "chrF", 2),
                ("return", "Mean return", nil), ("worstReturn", "Worst seed's mean return", nil),
                ("trainingReturn", "Return while exploring", nil), ("episodeLength", "Steps of an episode", nil),
                ("entropy", "Entropy", nil), ("reachedClasses", "Classes reached", 0),
                ("realScore", "Score of real pictures", nil), ("madeScore", "Score of made pictures", nil),
                ("wordSim353", "Spearman, WordSim-353", nil), ("simLex999", "Spearman, SimLex-999", nil),
            ].map {
                MetricDescription($0.0, title: $0.1, isShare: false, higherIsBetter: true, decimals: $0.2)
            }
            + [
                MetricDescription(
                    "fid", title: "Fréchet distance (FID)", isShare: false, higherIsBetter: false, decimals: 3)
            ]
        return Dictionary(uniqueKeysWithValues: descriptions.map { ($0.name, $0) })
    }()

    /// A value as people read it: a share in percent, another as a plain number.
    public func text(_ value: Double) -> String {
        if isShare { return Format.percent(value) }
        return decimals.map { String(format: "%.\($0)f", value) } ?? Format.number(value)
    }

    /// Whether `value` is better than `other`; a number is better than NaN.
    public func isBetter(_ value: Double, than other: Double) -> Bool {
        if value.isNaN { return false }
        if other.isNaN { return true }
        return higherIsBetter ? value > other : value < other
    }
}
