import Foundation

/// An n-gram language model with interpolated modified Kneser–Ney smoothing: the honest simple method beside a network.
///
/// ```
/// p(w | h) = max(a(hw) − D(a(hw)), 0) / Σ a(h·) + γ(h) p(w | h′)
/// γ(h)     = (D₁ N₁(h·) + D₂ N₂(h·) + D₃ N₃₊(h·)) / Σ a(h·)
/// ```
/// `h′` is the context without its first token, and a uniform distribution ends the recursion. `a` counts occurrences in the highest
/// order, and the different tokens that come before in the lower ones. `Nₖ(h·)` is how many tokens follow `h` with `a = k`, and the three
/// discounts of an order come from its counts of counts.
///
/// Reference: Chen and Goodman, “An empirical study of smoothing techniques for language modeling”, 1998.
public struct KneserNey: Sendable {
    /// The longest n-grams, so that a token is predicted from `order − 1` before it.
    public let order: Int
    /// Tokens are 0 ..< vocabularySize.
    public let vocabularySize: Int
    private var levels: [Level]

    /// The n-grams of one n.
    private struct Level {
        /// (number of the context, token) → number of the n-gram
        var grams = PairTable()
        /// a(hw), by n-gram.
        var counts: [Int32] = []
        /// Σ a(h·), by context.
        var totals: [Int32] = []
        /// γ(h) · Σ a(h·), by context.
        var discounted: [Float] = []
        /// D₁, D₂, D₃
        var discounts = Discounts()
    }

    /// What is taken from counts of 1, 2, and 3 or more.
    struct Discounts: Sendable {
        var one = 0.5, two = 1.0, more = 1.5

        func of(_ count: Int32) -> Double {
            switch count {
            case ...0: 0
            case 1: one
            case 2: two
            default: more
            }
        }
    }

    /// - Parameters:
    ///   - order: the longest n-grams.
    ///   - sequences: no n-gram goes across the end of one.
    public init(order: Int = 5, vocabularySize: Int, trainedOn sequences: [[Int]]) {
        precondition(order >= 1, "KneserNey: order \(order)")
        self.order = order
        self.vocabularySize = vocabularySize
        levels = Array(repeating: Level(), count: order)
        for sequence in sequences { count(sequence) }
        for number in levels.indices {
            levels[number].discounts = Discounts(levels[number].counts)
            sumContexts(number)
        }
    }

    private mutating func count(_ sequence: [Int]) {
        // The numbers of the n-grams that end at the token before, by n; nothing is the number 0 of n = 0.
        var before = [0]
        for token in sequence {
            precondition((0..<vocabularySize).contains(token), "KneserNey: the token \(token) of \(vocabularySize)")
            var now = [0]
            for n in 1...min(before.count, order) {
                let number = levels[n - 1].grams.insert(before[n - 1], token)
                let isNew = number == levels[n - 1].counts.count
                if isNew { levels[n - 1].counts.append(0) }
                if n == order { levels[n - 1].counts[number] += 1 }
                // One more token comes before the shorter n-gram.
                if isNew, n > 1 { levels[n - 2].counts[now[n - 1]] += 1 }
                now.append(number)
            }
            before = now.count > order ? Array(now.dropLast()) : now
        }
    }

    /// Totals and weights of the contexts of one order.
    private mutating func sumContexts(_ number: Int) {
        let contexts = number == 0 ? 1 : levels[number - 1].counts.count
        var totals = [Int32](repeating: 0, count: contexts)
        var discounted = [Float](repeating: 0, count: contexts)
        let level = levels[number]
        level.grams.forEach { context, _, gram in
            let count = level.counts[gram]
            totals[context] += count
            discounted[context] += Float(level.discounts.of(count))
        }
        levels[number].totals = totals
        levels[number].discounted = discounted
    }
}

extension KneserNey.Discounts {
    /// The discounts that the counts of counts ask for: `Dₖ = k − (k + 1) Y nₖ₊₁ / nₖ`, `Y = n₁ / (n₁ + 2 n₂)`.
    ///
    /// Where a count of counts is 0, or the formula's result isn't between 0 and k, as in little text, it is ½ k.
    init(_ counts: [Int32]) {
        var n = [0.0, 0, 0, 0, 0]
        for count in counts where (1...4).contains(count) { n[Int(count)] += 1 }
        let y = n[1] / max(1, n[1] + 2 * n[2])
        func discount(_ k: Int) -> Double {
            let found = n[k] * n[k + 1] > 0 ? Double(k) - Double(k + 1) * y * n[k + 1] / n[k] : 0
            return found > 0 && found <= Double(k) ? found : Double(k) / 2
        }
        (one, two, more) = (discount(1), discount(2), discount(3))
    }
}

// MARK: Probabilities

extension KneserNey {
    /// p(token | context), of which the last `order − 1` tokens count.
    public func probability(of token: Int, after context: some BidirectionalCollection<Int>) -> Double {
        var reader = Reader(self)
        for token in context.suffix(order - 1) { reader.read(token) }
        return reader.probability(of: token)
    }

    /// `−log₂ p` of each token of a text after the ones before it.
    ///
    /// - Parameter context: what comes before the text.
    public func bits(of tokens: [Int], after context: [Int] = []) -> [Double] {
        var reader = Reader(self)
        for token in context.suffix(order - 1) { reader.read(token) }
        return tokens.map { token in
            defer { reader.read(token) }
            return -log2(reader.probability(of: token))
        }
    }

    /// Goes along a text, and knows the n-grams that end where it is.
    private struct Reader {
        let model: KneserNey
        /// Contexts from the empty one up, by their numbers, as long as they are known.
        var contexts = [0]

        init(_ model: KneserNey) { self.model = model }

        mutating func read(_ token: Int) {
            var next = [0]
            for (n, context) in contexts.enumerated() where n < model.order - 1 {
                guard let number = model.levels[n].grams.number(context, token) else { break }
                next.append(number)
            }
            contexts = next
        }

        func probability(of token: Int) -> Double {
            var probability = 1 / Double(model.vocabularySize)
            for (n, context) in contexts.enumerated() {
                let level = model.levels[n]
                guard context < level.totals.count, level.totals[context] > 0 else { continue }
                let count = level.grams.number(context, token).map { level.counts[$0] } ?? 0
                let kept = Double(count) - level.discounts.of(count)
                probability = (kept + Double(level.discounted[context]) * probability) / Double(level.totals[context])
            }
            return probability
        }
    }
}
