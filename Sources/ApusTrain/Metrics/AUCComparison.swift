import ApusData
import ApusTensor

/// How sure it is that one model's ROC AUC is better than another's on the same examples: the paired bootstrap.
///
/// Examples that hang together, such as those of one user, are drawn together: taking them for independent would promise too much.
/// Reference: Efron and Tibshirani, “An introduction to the bootstrap”, 1993; Field and Welsh, “Bootstrapping clustered data”, 2007.
public struct AUCComparison: Hashable, Sendable, Codable {
    /// The first model's AUC less the second's.
    public let difference: Double
    /// Between which the difference lies in 95 of 100 samples.
    public let interval: ClosedRange<Double>

    /// - Parameters:
    ///   - groups: the group of each example, from 0 on; each is its own group where nil.
    ///   - samples: how often the groups are drawn anew, with replacement.
    /// - Returns: nil where there are not both kinds of examples.
    public init?(
        _ first: [Double], _ second: [Double], isPositive: [Bool], groups: [Int]? = nil, samples: Int = 1000,
        seed: UInt64 = 0
    ) {
        requireEqualCounts("AUCComparison", "first", first.count, "second", second.count)
        requireEqualCounts("AUCComparison", "scores", first.count, "labels", isPositive.count)
        let groups = groups ?? Array(isPositive.indices)
        requireEqualCounts("AUCComparison", "scores", first.count, "groups", groups.count)
        let ranked = (RankedScores(first, isPositive), RankedScores(second, isPositive))
        func difference(_ weights: [Int]) -> Double { ranked.0.auc(weights) - ranked.1.auc(weights) }
        let whole = difference([Int](repeating: 1, count: first.count))
        guard whole.isFinite else { return nil }

        let groupCount = (groups.max() ?? 0) + 1
        let generator = Generator(seed: seed)
        let drawn = (0..<samples).map { _ -> Double in
            var times = [Int](repeating: 0, count: groupCount)
            for _ in 0..<groupCount { times[Int(generator.unit() * Double(groupCount))] += 1 }
            return difference(groups.map { times[$0] })
        }.filter(\.isFinite).sorted()
        guard !drawn.isEmpty else { return nil }
        func quantile(_ share: Double) -> Double { drawn[Int((Double(drawn.count - 1) * share).rounded())] }
        self.difference = whole
        interval = quantile(0.025)...quantile(0.975)
    }
}

/// Scores in their order, which all samples share.
private struct RankedScores {
    /// The examples from the least score to the greatest.
    private let order: [Int]
    /// Whether a score is greater than the one before it.
    private let isGreater: [Bool]
    private let isPositive: [Bool]

    init(_ scores: [Double], _ isPositive: [Bool]) {
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        isGreater = order.indices.map { $0 == 0 || scores[order[$0]] > scores[order[$0 - 1]] }
        self.order = order
        self.isPositive = isPositive
    }

    /// The chance that a positive example scores over a negative one, ties counting half, where each example counts as often as its
    /// weight says.
    func auc(_ weights: [Int]) -> Double {
        var (below, tiedNegatives, tiedPositives, wins, positives) = (0.0, 0.0, 0.0, 0.0, 0.0)
        func settleTie() {
            wins += tiedPositives * (below + tiedNegatives / 2)
            below += tiedNegatives
            positives += tiedPositives
            (tiedNegatives, tiedPositives) = (0, 0)
        }
        for (place, example) in order.enumerated() {
            if isGreater[place] { settleTie() }
            let weight = Double(weights[example])
            if isPositive[example] { tiedPositives += weight } else { tiedNegatives += weight }
        }
        settleTie()
        return wins / (positives * below)
    }
}
