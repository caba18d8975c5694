import Apus
import Foundation

/// Pictures in a report: what a classifier is surest of, rightly and wrongly.
struct PictureGallery {
    let evaluation: ClassifierEvaluation
    let pictures: Subset<ImageDataset>

    private static let count = 12

    func section() throws -> Report.Section {
        let wrong = evaluation.verdicts.filter { !$0.isRight }.sorted { $0.confidence > $1.confidence }
        let right = evaluation.verdicts.filter(\.isRight).sorted { $0.confidence > $1.confidence }
        return .pictures(
            "Predictions", introduction: "Held-out pictures, with what the model thinks of them.",
            [
                (title: "Surest, and wrong", pictures: try wrong.prefix(Self.count).map(picture)),
                (title: "Surest, and right", pictures: try byTurns(right).map(picture)),
                (title: "Least sure", pictures: try leastSure.map(picture)),
            ])
    }

    private var leastSure: [ClassifierEvaluation.Verdict] {
        Array(evaluation.verdicts.sorted { $0.confidence < $1.confidence }.prefix(Self.count))
    }

    /// The first of each class before the second of any, so that one easy class doesn't fill the page.
    private func byTurns(_ verdicts: [ClassifierEvaluation.Verdict]) -> [ClassifierEvaluation.Verdict] {
        var turns: [Int: Int] = [:]
        let ranked = verdicts.map { verdict -> (turn: Int, verdict: ClassifierEvaluation.Verdict) in
            turns[verdict.label, default: 0] += 1
            return (turns[verdict.label]!, verdict)
        }
        let chosen = ranked.sorted { ($0.turn, $0.verdict.label) < ($1.turn, $1.verdict.label) }
        return chosen.prefix(Self.count).map(\.verdict)
    }

    private func picture(_ verdict: ClassifierEvaluation.Verdict) throws -> Report.Picture {
        let names = pictures.classNames
        let likeliest = verdict.probabilities.indices.sorted { verdict.probabilities[$0] > verdict.probabilities[$1] }
        return try Report.Picture(
            pictures[verdict.index].image, alternative: "A picture of the class \(names[verdict.label])",
            title: names[verdict.predicted], detail: verdict.isRight ? "" : "is \(names[verdict.label])",
            verdict: verdict.isRight ? .good : .bad,
            shares: likeliest.prefix(3).map { .init(names[$0], Double(verdict.probabilities[$0])) })
    }
}
