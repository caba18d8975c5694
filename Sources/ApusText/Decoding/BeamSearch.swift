import Foundation

/// Looks for the likeliest sequences that a model writes, several at a time: the best `width` beginnings are gone on with.
///
/// Finished sequences are compared by `log p / ((5 + length) / 6)^α`, so that short ones have no advantage.
///
/// Reference: Wu et al., “Google's neural machine translation system”, 2016, section 7.
public struct BeamSearch: Hashable, Sendable {
    /// Beginnings that are kept; with 1 the search is greedy.
    public var width: Int
    /// α: 0 compares log-probabilities, 1 nearly their mean over the tokens.
    public var lengthPenalty: Double
    /// Tokens at most, the end included.
    public var limit: Int

    public init(width: Int = 4, lengthPenalty: Double = 0.6, limit: Int = 100) {
        precondition(width > 0 && limit > 0, "BeamSearch: \(width) beginnings of at most \(limit) tokens")
        self.width = width
        self.lengthPenalty = lengthPenalty
        self.limit = limit
    }

    /// A sequence that was found.
    public struct Hypothesis: Hashable, Sendable {
        /// Without the beginning and the end.
        public var tokens: [Int]
        /// The sum over the tokens and the end, where that was reached.
        public var logProbability: Double
        /// The log-probability with the penalty for its length.
        public var score: Double
    }

    /// What a model says of each row: the best continuations, best first.
    public typealias Continuations = [[(token: Int, logProbability: Double)]]

    /// How many continuations of each row are asked for: one of them may be the end.
    public var candidateCount: Int { width + 1 }

    /// The best sequences for each of `count` inputs, best first.
    ///
    /// The model writes `count · width` rows at a time, those of an input side by side.
    ///
    /// - Parameter step: is handed each row's last token, the row that it comes from, and its position from 0; gives
    ///   `candidateCount` continuations of each, or all that there are.
    public func callAsFunction(
        _ count: Int, begin: Int, end: Int,
        step: (_ tokens: [Int], _ origins: [Int], _ position: Int) throws -> Continuations
    ) rethrows -> [[Hypothesis]] {
        // At first all rows of an input are alike, so only the first one counts.
        var beams = (0..<count).map { input in
            Beam(alive: (0..<width).map { Row(origin: input * width + $0, logProbability: $0 == 0 ? 0 : -.infinity) })
        }
        for position in 0..<limit where beams.contains(where: { !isDone($0) }) {
            let rows = beams.flatMap(\.alive)
            let continuations = try step(rows.map { $0.tokens.last ?? begin }, rows.map(\.origin), position)
            for input in beams.indices where !isDone(beams[input]) {
                let first = input * width
                advance(&beams[input], Array(continuations[first..<(first + width)]), first, end)
            }
        }
        return beams.map { beam in
            let unfinished = beam.alive.filter { $0.logProbability.isFinite }.map(hypothesis)
            return (beam.finished.isEmpty ? unfinished : beam.finished).sorted { $0.score > $1.score }
        }
    }

    private struct Row {
        var tokens: [Int] = []
        /// The model's row that this one goes on from.
        var origin: Int
        var logProbability: Double
    }

    private struct Beam {
        var alive: [Row]
        var finished: [Hypothesis] = []
    }

    /// Where no beginning can become better than what is finished.
    private func isDone(_ beam: Beam) -> Bool {
        guard beam.finished.count >= width else { return false }
        // Probabilities only fall; the longest a sequence can become divides most.
        let best = beam.alive.map(\.logProbability).max() ?? -.infinity
        let worst = beam.finished.map(\.score).sorted(by: >)[width - 1]
        return best / penalty(limit) <= worst
    }

    private func advance(_ beam: inout Beam, _ continuations: Continuations, _ first: Int, _ end: Int) {
        var candidates: [Row] = []
        for (number, (row, choices)) in zip(beam.alive, continuations).enumerated()
        where row.logProbability.isFinite {
            for choice in choices {
                let total = row.logProbability + choice.logProbability
                guard total.isFinite else { continue }
                candidates.append(
                    Row(tokens: row.tokens + [choice.token], origin: first + number, logProbability: total))
            }
        }
        candidates.sort { $0.logProbability > $1.logProbability }
        for row in candidates.prefix(width) where row.tokens.last == end {
            var done = row
            done.tokens.removeLast()
            var found = hypothesis(done)
            found.score = row.logProbability / penalty(row.tokens.count)
            beam.finished.append(found)
        }
        var alive = Array(candidates.filter { $0.tokens.last != end }.prefix(width))
        // Rows that nothing goes on from are carried along without weight.
        while alive.count < width {
            alive.append(Row(tokens: [end], origin: first, logProbability: -.infinity))
        }
        beam.alive = alive
    }

    private func hypothesis(_ row: Row) -> Hypothesis {
        Hypothesis(
            tokens: row.tokens, logProbability: row.logProbability,
            score: row.logProbability / penalty(row.tokens.count))
    }

    private func penalty(_ length: Int) -> Double { pow((5 + Double(length)) / 6, lengthPenalty) }
}
