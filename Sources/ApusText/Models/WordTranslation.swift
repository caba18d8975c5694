/// Which word of another language a word stands for, learned from sentences and their translations: IBM Model 1.
///
/// Each word of a translation is taken to come from one word of the source, or from none. Expectation maximization finds `t(f | e)`:
///
/// ```
/// p(a : f → e) = t(f | e) / Σₑ′ t(f | e′)        t(f | e) = expected count of f from e / expected count of e
/// ```
/// Reference: Brown, Della Pietra, Della Pietra and Mercer, “The mathematics of statistical machine translation”, 1993.
public struct WordTranslation: Sendable {
    /// `t(f | e)` of the likeliest word for each.
    private let best: [String: (word: String, probability: Float)]

    /// - Parameters:
    ///   - pairs: a sentence's words and those of its translation.
    ///   - iterations: of expectation and maximization.
    public init(_ pairs: [(source: [String], target: [String])], iterations: Int = 5) {
        var (sources, targets) = (Vocabulary(), Vocabulary())
        var table = PairTable()
        // For each sentence pair the numbers of its word pairs, target by target; word 0 of the source is none at all.
        let none = sources.number(of: "")
        var links: [Int32] = []
        var shapes: [(sources: [Int32], targetCount: Int)] = []
        for pair in pairs {
            let words = [none] + pair.source.map { sources.number(of: $0) }
            for word in pair.target {
                let target = targets.number(of: word)
                links += words.map { Int32(table.insert($0, target)) }
            }
            shapes.append((words.map(Int32.init), pair.target.count))
        }

        var probabilities = [Float](repeating: 1, count: table.count)
        for _ in 0..<iterations {
            var counts = [Float](repeating: 0, count: table.count)
            var totals = [Float](repeating: 0, count: sources.words.count)
            var place = 0
            for (words, targetCount) in shapes {
                for _ in 0..<targetCount {
                    var sum: Float = 0
                    for offset in words.indices { sum += probabilities[Int(links[place + offset])] }
                    for offset in words.indices {
                        let link = Int(links[place + offset])
                        let share = probabilities[link] / sum
                        counts[link] += share
                        totals[Int(words[offset])] += share
                    }
                    place += words.count
                }
            }
            table.forEach { source, _, link in
                probabilities[link] = totals[source] > 0 ? counts[link] / totals[source] : 0
            }
        }

        var best: [String: (word: String, probability: Float)] = [:]
        table.forEach { source, target, link in
            guard source != none, probabilities[link] > best[sources.words[source]]?.probability ?? 0 else { return }
            best[sources.words[source]] = (targets.words[target], probabilities[link])
        }
        self.best = best
    }

    /// The likeliest translation of a word and its probability; nil for a word that was never seen.
    public func callAsFunction(_ word: String) -> (word: String, probability: Float)? { best[word] }
}

/// Words by number, in the order in which they are first seen.
private struct Vocabulary {
    private(set) var words: [String] = []
    private var numbers: [String: Int] = [:]

    mutating func number(of word: String) -> Int {
        if let number = numbers[word] { return number }
        numbers[word] = words.count
        words.append(word)
        return words.count - 1
    }
}
