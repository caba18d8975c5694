import ApusTensor
import Foundation

/// How varied generated pictures are beside real ones: what a generator loses when it collapses to a few pictures that fool its
/// opponent.
public struct Variety: Hashable, Sendable {
    /// Classes that the generated pictures reach: a tenth of their share among the real ones counts.
    public let reachedClasses: Int
    /// Classes among the real pictures.
    public let realClasses: Int
    /// The entropy of the generated pictures' classes over that of the real ones': 1 where they are as evenly spread.
    public let evenness: Double
    /// The root mean squared distance of two generated pictures over that of two real ones.
    public let spread: Double
    /// The share of real pictures that are like generated ones (`ManifoldOverlap`).
    public let recall: Double

    /// - Parameters:
    ///   - real: the classes of real pictures, as a classifier sees them
    ///   - generated: the classes of generated pictures, as the same classifier sees them
    ///   - statistics: of both in the same feature space
    public init(
        real: [Int], generated: [Int], statistics: (real: FeatureStatistics, generated: FeatureStatistics),
        recall: Double
    ) {
        let (expected, found) = (Self.shares(of: real), Self.shares(of: generated))
        realClasses = expected.count
        reachedClasses = expected.count { found[$0.key, default: 0] >= 0.1 * $0.value }
        let entropy = Self.entropy(expected)
        evenness = entropy == 0 ? 1 : Self.entropy(found) / entropy
        let variance = statistics.real.totalVariance
        spread = variance == 0 ? 1 : (statistics.generated.totalVariance / variance).squareRoot()
        self.recall = recall
    }

    /// What is wrong, in words, where variety is lost; nil where it is not.
    public var warning: String? {
        var losses: [String] = []
        if reachedClasses < realClasses { losses.append("\(reachedClasses) of \(realClasses) classes are made") }
        if evenness < 0.8 { losses.append("classes are made \(percent(evenness)) as evenly as they occur") }
        if spread < 0.6 { losses.append("pictures differ \(percent(spread)) as much as real ones") }
        if recall < 0.05 { losses.append("\(percent(recall)) of real pictures are like one that is made") }
        return losses.isEmpty ? nil : "the generator loses variety: \(losses.joined(separator: ", "))"
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    private static func shares(of classes: [Int]) -> [Int: Double] {
        Dictionary(grouping: classes) { $0 }.mapValues { Double($0.count) / Double(classes.count) }
    }

    /// `−Σ p log p`
    private static func entropy(_ shares: [Int: Double]) -> Double {
        -shares.values.reduce(0) { $0 + $1 * log($1) }
    }
}
