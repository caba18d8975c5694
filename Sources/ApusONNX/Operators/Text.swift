import ApusNN
import Foundation

extension OperatorTable {
    /// Strings made alike, and counts of runs of tokens.
    mutating func addText() {
        add("StringNormalizer") { [.strings(try normalized($0))] }
        addTensor("TfIdfVectorizer") { call in try NGramCounter(call).value() }
    }
}

/// Strings without stop words, in one case. A tensor that loses everything keeps one empty string.
private func normalized(_ call: OperatorCall) throws -> StringTensor {
    let strings = try call.strings(0)
    let isSensitive = try call.flag("is_case_sensitive")
    let stopWords = try call.stringList("stopwords") ?? []
    func folded(_ text: String) -> String { isSensitive ? text : text.lowercased() }
    let stops = Set(stopWords.map(folded))
    let kept = strings.elements.filter { !stops.contains(folded($0)) }
    let texts: [String] =
        switch try call.string("case_change_action", default: "NONE") {
        case "LOWER": kept.map { $0.lowercased() }
        case "UPPER": kept.map { $0.uppercased() }
        default: kept
        }
    let results = texts.isEmpty ? [""] : texts
    return StringTensor(results, shape: strings.shape.rank == 2 ? [1, results.count] : [results.count])
}

/// Counts of n-grams, also with gaps between their tokens, or weights by what they tell.
private struct NGramCounter {
    private let call: OperatorCall
    /// The column of each n-gram.
    private let columns: [[String]: Int]
    private let width: Int
    private let lengths: ClosedRange<Int>
    private let longestSkip: Int
    private let mode: String
    private let weights: [Double]

    init(_ call: OperatorCall) throws {
        self.call = call
        let pool = try call.stringList("pool_strings") ?? call.integerList("pool_int64s")?.map { String($0) } ?? []
        let starts = try call.integerList("ngram_counts") ?? [], places = try call.integerList("ngram_indexes") ?? []
        let shortest = try call.integer("min_gram_length", default: 1),
            longest = try call.integer("max_gram_length", default: 1)
        longestSkip = try call.integer("max_skip_count", default: 0)
        mode = try call.string("mode", default: "TF")
        weights = try call.floatList("weights") ?? []
        guard shortest >= 1, longest >= shortest, longest <= 0xFFFF, (0...0xFFFF).contains(longestSkip),
            places.allSatisfy({ (0..<1 << 24).contains($0) })
        else {
            throw call.failure("n-grams of \(shortest) to \(longest) tokens with skips up to \(longestSkip)")
        }
        lengths = shortest...longest
        // The pool holds all n-grams of one token, then those of two, and so on: `ngram_counts` says where each begins.
        var columns: [[String]: Int] = [:]
        var next = 0
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : pool.count
            let length = index + 1
            guard start >= 0, end <= pool.count, start <= end, (end - start) % length == 0 else {
                throw call.failure("ngram_counts \(starts) for a pool of \(pool.count)")
            }
            for first in stride(from: start, to: end, by: length) {
                guard next < places.count else { throw call.failure("fewer ngram_indexes than n-grams") }
                if lengths.contains(length) { columns[Array(pool[first..<(first + length)])] = places[next] }
                next += 1
            }
        }
        self.columns = columns
        width = (places.max() ?? -1) + 1
    }

    func value() throws -> Tensor {
        let (tokens, shape): ([String], Shape)
        switch try call.value(0) {
        case .strings(let strings): (tokens, shape) = (strings.elements, strings.shape)
        case .tensor(let tensor): (tokens, shape) = (tensor.elements(as: Int.self).map { String($0) }, tensor.shape)
        case .sequence, .absent: throw call.failure("input 0 is no tensor")
        }
        let rowLength = shape.last ?? 0
        let rowCount = shape.rank < 2 ? 1 : shape[0]
        try call.checked([rowCount, width])
        let rows = (0..<rowCount).flatMap { row in counts(Array(tokens[(row * rowLength)..<((row + 1) * rowLength)])) }
        return Tensor(rows, shape: shape.rank < 2 ? [width] : [rowCount, width])
    }

    private func counts(_ tokens: [String]) -> [Double] {
        var counts = [Double](repeating: 0, count: width)
        for length in lengths {
            // One token has nothing to skip.
            for skip in 0...(length == 1 ? 0 : longestSkip) {
                let reach = (length - 1) * (skip + 1)
                for first in 0..<max(0, tokens.count - reach) {
                    let gram = (0..<length).map { tokens[first + $0 * (skip + 1)] }
                    if let column = columns[gram] { counts[column] += 1 }
                }
            }
        }
        func weight(_ column: Int) -> Double { column < weights.count ? weights[column] : 1 }
        switch mode {
        case "IDF": return counts.enumerated().map { $1 > 0 ? weight($0) : 0 }
        case "TFIDF": return counts.enumerated().map { $1 * weight($0) }
        default: return counts
        }
    }
}
