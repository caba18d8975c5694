import ApusText
import Foundation
import Testing

/// A model of which everything is known: p(token | position, last token), the end among the tokens.
private struct Chain {
    static let (begin, end) = (3, 2)
    /// `probabilities[last][next]`
    let probabilities: [[Double]]

    func continuations(_ tokens: [Int], _ count: Int) -> BeamSearch.Continuations {
        tokens.map { last in
            let row = probabilities[last].enumerated().map { (token: $0.offset, logProbability: log($0.element)) }
            return Array(row.sorted { $0.logProbability > $1.logProbability }.prefix(count))
        }
    }

    /// The best of all sequences of at most `limit` tokens and the end, by brute force.
    func best(limit: Int, score: ([Int], Double) -> Double) -> (tokens: [Int], score: Double) {
        var found: (tokens: [Int], score: Double) = ([], -.infinity)
        func extend(_ tokens: [Int], _ total: Double) {
            let row = probabilities[tokens.last ?? Self.begin]
            let finished = score(tokens + [Self.end], total + log(row[Self.end]))
            if finished > found.score { found = (tokens, finished) }
            guard tokens.count + 1 < limit else { return }
            for token in [0, 1] { extend(tokens + [token], total + log(row[token])) }
        }
        extend([], 0)
        return found
    }
}

@Suite struct BeamSearchTests {
    /// The likeliest first token leads to a poor end.
    private let trap = Chain(probabilities: [
        [0.30, 0.30, 0.40, 0], [0.05, 0.05, 0.90, 0], [0, 0, 1, 0], [0.55, 0.44, 0.01, 0],
    ])

    private func search(_ width: Int, _ penalty: Double, limit: Int = 6) -> [[BeamSearch.Hypothesis]] {
        let beam = BeamSearch(width: width, lengthPenalty: penalty, limit: limit)
        return beam(3, begin: Chain.begin, end: Chain.end) { tokens, _, _ in
            trap.continuations(tokens, beam.candidateCount)
        }
    }

    @Test func oneHypothesisIsGreedy() {
        let found = search(1, 0)
        #expect(found.map(\.count) == [1, 1, 1])
        #expect(found.allSatisfy { $0[0].tokens == [0] && abs($0[0].logProbability - log(0.55 * 0.40)) < 1e-12 })
    }

    @Test(arguments: [0.0, 0.6, 1.0])
    func manyHypothesesFindTheBest(_ penalty: Double) {
        let best = trap.best(limit: 6) { $1 / pow((5 + Double($0.count)) / 6, penalty) }
        for hypotheses in search(8, penalty) {
            #expect(hypotheses[0].tokens == best.tokens)
            #expect(abs(hypotheses[0].score - best.score) < 1e-12)
            #expect(hypotheses.map(\.score) == hypotheses.map(\.score).sorted(by: >))
        }
    }

    @Test func rowsAreFollowedToTheirOrigins() {
        // A state that is carried along by origins must be the row's own history.
        let beam = BeamSearch(width: 3, lengthPenalty: 0, limit: 5)
        var histories = [[Int]](repeating: [], count: 6)
        _ = beam(2, begin: Chain.begin, end: Chain.end) { tokens, origins, position in
            if position > 0 { histories = zip(origins, tokens).map { histories[$0] + [$1] } }
            #expect(histories.allSatisfy { $0.count == position })
            #expect(zip(tokens, histories).allSatisfy { position == 0 || $0 == $1.last })
            #expect(
                origins.prefix(3).allSatisfy { (0..<3).contains($0) }
                    && origins.suffix(3).allSatisfy { (3..<6).contains($0) })
            return trap.continuations(tokens, beam.candidateCount)
        }
    }

    @Test func whatNeverEndsIsCutOff() {
        let endless = Chain(probabilities: [[0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 1, 0], [0.6, 0.4, 0, 0]])
        let beam = BeamSearch(width: 2, limit: 4)
        let found = beam(1, begin: Chain.begin, end: Chain.end) { tokens, _, _ in
            endless.continuations(tokens, beam.candidateCount)
        }
        #expect(found[0].allSatisfy { $0.tokens.count == 4 })
        #expect(found[0][0].tokens.first == 0)
    }
}
