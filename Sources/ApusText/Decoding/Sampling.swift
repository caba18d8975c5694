import ApusData
import ApusTensor
import Foundation

/// How the next token is drawn from what a language model thinks of it.
///
/// The logits are divided by the temperature; then the `topK` likeliest tokens are kept, and of those the fewest whose
/// probabilities sum to `topP`. Less than 1 in any of them makes text more ordinary, a high temperature makes it wilder.
///
/// References: Fan, Lewis and Dauphin, “Hierarchical neural story generation”, 2018 (top-k); Holtzman et al., “The curious case of
/// neural text degeneration”, 2020 (top-p).
public struct Sampling: Codable, Hashable, Sendable {
    /// 1 leaves the model's distribution as it is; 0 always takes the likeliest token.
    public var temperature: Double
    /// Tokens that are kept; all where nil.
    public var topK: Int?
    /// The probability that is kept, 0 … 1.
    public var topP: Double

    public init(temperature: Double = 1, topK: Int? = nil, topP: Double = 1) {
        precondition(temperature >= 0, "Sampling: a temperature of \(temperature)")
        precondition(topK ?? 1 >= 1, "Sampling: \(topK ?? 0) tokens are kept")
        precondition(topP > 0 && topP <= 1, "Sampling: the probability \(topP) is kept")
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
    }

    /// The distribution that tokens are drawn from, `(V)`. It sums to 1.
    public func probabilities(ofLogits logits: [Float]) -> [Double] {
        precondition(!logits.isEmpty, "Sampling: no logits")
        guard temperature > 0 else {
            var result = [Double](repeating: 0, count: logits.count)
            result[logits.indices.max { logits[$0] < logits[$1] }!] = 1
            return result
        }
        let highest = Double(logits.max()!)
        var weights = logits.map { exp((Double($0) - highest) / temperature) }
        if topK ?? .max < logits.count || topP < 1 { keepLikeliest(&weights) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    /// Sets the weights of all but the tokens that are kept to 0.
    private func keepLikeliest(_ weights: inout [Double]) {
        // Of equal ones the first is kept.
        let order = weights.indices.sorted { (-weights[$0], $0) < (-weights[$1], $1) }
        var kept = min(topK ?? weights.count, weights.count)
        if topP < 1 {
            let enough = topP * order[..<kept].reduce(0) { $0 + weights[$1] }
            var sum = 0.0
            kept =
                1
                + (order[..<kept].firstIndex {
                    sum += weights[$0]; return sum >= enough
                } ?? kept - 1)
        }
        for token in order[kept...] { weights[token] = 0 }
    }

    /// Draws a token.
    public func token(fromLogits logits: [Float], using generator: Generator) -> Int {
        generator.index(weights: probabilities(ofLogits: logits), total: 1)
    }
}
