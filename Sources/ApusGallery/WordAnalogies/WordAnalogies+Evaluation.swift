import Apus

/// How well vectors answer the questions.
struct WordEvaluation {
    let analogies: AnalogyAccuracy
    /// Spearman's correlations with people's ratings, by the sets' names.
    let similarities: [(name: String, value: Double, pairs: Int)]

    init(of vectors: WordVectors, on questions: WordQuestions) {
        analogies = AnalogyAccuracy(questions.analogies, of: vectors)
        similarities = questions.similarities.compactMap { similarity in
            similarity.correlation(with: vectors).map { (similarity.name, $0.value, $0.pairs) }
        }
    }

    /// Shares of the questions asked, and correlations under `wordSim353` and the like.
    var metrics: [String: Double] {
        var metrics = ["accuracy": analogies.accuracy]
        if analogies.categories.contains(where: { $0.isSyntactic && $0.asked > 0 }) {
            metrics["syntacticAccuracy"] = analogies.syntactic
        }
        if analogies.categories.contains(where: { !$0.isSyntactic && $0.asked > 0 }) {
            metrics["semanticAccuracy"] = analogies.semantic
        }
        for similarity in similarities where similarity.value.isFinite {
            metrics[similarity.name == "WordSim-353" ? "wordSim353" : "simLex999"] = similarity.value
        }
        return metrics
    }

    /// In the order in which they are shown.
    static let descriptions = ["accuracy", "semanticAccuracy", "syntacticAccuracy", "wordSim353", "simLex999"].map(
        MetricDescription.standard)

    /// The accuracy of each category that was asked about, with the baseline's beside it.
    func table(beside baseline: WordEvaluation) -> TextTable {
        var table = TextTable(
            header: ["Category", "Asked", "This model", "PPMI-SVD"], [.left, .right, .right, .right])
        for (category, other) in zip(analogies.categories, baseline.analogies.categories) where category.asked > 0 {
            table.append(
                category.name, "\(Format.count(category.asked)) of \(Format.count(category.total))",
                Format.percent(category.accuracy ?? 0), Format.percent(other.accuracy ?? 0))
        }
        table.append(
            "all", Format.count(analogies.asked), Format.percent(analogies.accuracy),
            Format.percent(baseline.analogies.accuracy))
        return table
    }

    /// For programs: each category's counts.
    var event: CategoriesEvent {
        CategoriesEvent(categories: analogies.categories, similarities: similarities.map(\.name))
    }
}

/// A training's or evaluation's counts by category.
struct CategoriesEvent: Codable, Sendable {
    var categories: [AnalogyAccuracy.Category]
    var similarities: [String]
}
