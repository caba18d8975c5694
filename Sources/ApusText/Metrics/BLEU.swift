import Foundation

/// BLEU of a whole test set, as sacreBLEU computes it by default: tokens of `mteval-v13a`, n-grams up to 4, one reference each.
///
/// `BLEU = 100 · BP · exp(¼ Σₙ log pₙ)`, where `pₙ` is the share of the translation's n-grams that the reference has, each counted at
/// most as often as there, and `BP = min(1, exp(1 − r/c))` with the references' length `r` and the translations' length `c` in
/// tokens. An order without a match counts `1 / (2ᵏ · n-grams)`, k being the number of such orders so far.
///
/// Reference: Papineni, Roukos, Ward, Zhu, “BLEU: a method for automatic evaluation of machine translation”, 2002; Post, “A call
/// for clarity in reporting BLEU scores”, 2018.
public struct BLEU: Hashable, Sendable {
    /// From 0 to 100.
    public let score: Double
    /// The share of n-grams that match, in percent, for n = 1 … 4.
    public let precisions: [Double]
    /// What translations that are too short are punished with: 1 where they are not.
    public let brevityPenalty: Double
    /// Tokens in the translations.
    public let translationLength: Int
    /// Tokens in the references.
    public let referenceLength: Int

    /// The longest n-grams.
    private static let order = 4

    /// - Precondition: as many references as translations.
    public init(_ translations: [String], references: [String]) {
        precondition(
            translations.count == references.count,
            "BLEU: \(translations.count) translations and \(references.count) references")
        var (matches, totals) = ([Int](repeating: 0, count: Self.order), [Int](repeating: 0, count: Self.order))
        var (length, expectedLength) = (0, 0)
        for (translation, reference) in zip(translations, references) {
            let (tokens, expected) = (mtevalTokens(translation), mtevalTokens(reference))
            length += tokens.count
            expectedLength += expected.count
            for n in 1...Self.order {
                let (found, known) = (ngramCounts(tokens, n), ngramCounts(expected, n))
                matches[n - 1] += found.reduce(0) { $0 + min($1.value, known[$1.key] ?? 0) }
                totals[n - 1] += max(0, tokens.count - n + 1)
            }
        }
        (translationLength, referenceLength) = (length, expectedLength)
        let (c, r) = (Double(length), Double(expectedLength))
        brevityPenalty = c >= r ? 1 : c > 0 ? exp(1 - r / c) : 0
        precisions = Self.precisions(matches, totals)
        // An order of which there is no n-gram at all has a share of 0 without smoothing, and so has the whole.
        let isZero = matches.allSatisfy { $0 == 0 } || totals.contains(0)
        score = isZero ? 0 : brevityPenalty * exp(precisions.reduce(0) { $0 + log($1) } / Double(Self.order))
    }

    private static func precisions(_ matches: [Int], _ totals: [Int]) -> [Double] {
        guard matches.contains(where: { $0 > 0 }) else { return matches.map { _ in 0 } }
        var smoothing = 1.0
        return zip(matches, totals).map { matches, total in
            if total == 0 { return 0 }
            if matches > 0 { return 100 * Double(matches) / Double(total) }
            smoothing *= 2
            return 100 / (smoothing * Double(total))
        }
    }
}

/// chrF2 of a whole test set, as sacreBLEU computes it by default: the F-score with β = 2 of character n-grams up to 6, without
/// spaces, averaged over the orders.
///
/// Reference: Popović, “chrF: character n-gram F-score for automatic MT evaluation”, 2015.
public func chrF(_ translations: [String], references: [String]) -> Double {
    precondition(
        translations.count == references.count,
        "chrF: \(translations.count) translations and \(references.count) references")
    let (order, weight) = (6, 4.0)
    var counts = [(found: Int, known: Int, matches: Int)](repeating: (0, 0, 0), count: order)
    for (translation, reference) in zip(translations, references) {
        let (characters, expected) = (characters(translation), characters(reference))
        for n in 1...order {
            let (found, known) = (ngramCounts(characters, n), ngramCounts(expected, n))
            // What is too short to have n-grams of its own says nothing about those of the translation.
            counts[n - 1].found += known.isEmpty ? 0 : max(0, characters.count - n + 1)
            counts[n - 1].known += max(0, expected.count - n + 1)
            counts[n - 1].matches += found.reduce(0) { $0 + min($1.value, known[$1.key] ?? 0) }
        }
    }
    let used = counts.filter { $0.found > 0 && $0.known > 0 }
    guard !used.isEmpty else { return 0 }
    let precision = used.reduce(0) { $0 + Double($1.matches) / Double($1.found) } / Double(used.count)
    let recall = used.reduce(0) { $0 + Double($1.matches) / Double($1.known) } / Double(used.count)
    guard precision + recall > 0 else { return 0 }
    return 100 * (1 + weight) * precision * recall / (weight * precision + recall)
}

private func characters(_ text: String) -> [Unicode.Scalar] {
    text.unicodeScalars.filter { !$0.properties.isWhitespace }
}

/// How often each run of `n` elements occurs.
private func ngramCounts<Element: Hashable>(_ elements: [Element], _ n: Int) -> [ArraySlice<Element>: Int] {
    guard elements.count >= n else { return [:] }
    var counts: [ArraySlice<Element>: Int] = [:]
    for start in 0...(elements.count - n) { counts[elements[start..<(start + n)], default: 0] += 1 }
    return counts
}

/// The tokens of a text as the script `mteval-v13a` of NIST splits them: punctuation apart, but not inside of numbers.
public func mtevalTokens(_ text: String) -> [String] {
    let entities = [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")]
    var line = text.replacingOccurrences(of: "<skipped>", with: "").replacingOccurrences(of: "-\n", with: "")
        .replacingOccurrences(of: "\n", with: " ")
    if line.contains("&") { line = entities.reduce(line) { $0.replacingOccurrences(of: $1.0, with: $1.1) } }
    var scalars = Array(" \(line) ".unicodeScalars)
    // Signs stand alone; a period or comma stays with digits on both sides; a dash after a digit stands alone.
    scalars = scalars.flatMap { isSign($0) ? [" ", $0, " "] : [$0] }
    scalars = replacingPairs(scalars) { !isDigit($0) && isPoint($1) ? [$0, " ", $1, " "] : nil }
    scalars = replacingPairs(scalars) { isPoint($0) && !isDigit($1) ? [" ", $0, " ", $1] : nil }
    scalars = replacingPairs(scalars) { isDigit($0) && $1 == "-" ? [$0, " ", $1, " "] : nil }
    return scalars.split { $0.properties.isWhitespace }.map { String(String.UnicodeScalarView($0)) }
}

private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
private func isPoint(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

/// ASCII's signs but for the apostrophe, the comma, the dash and the period.
private func isSign(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
    default: false
    }
}

/// One pass from left to right, in which a pair that is replaced is not looked at again.
private func replacingPairs(
    _ scalars: [Unicode.Scalar], _ replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]?
) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count * 2)
    var place = 0
    while place < scalars.count {
        if place + 1 < scalars.count, let pair = replacement(scalars[place], scalars[place + 1]) {
            result += pair
            place += 2
        } else {
            result.append(scalars[place])
            place += 1
        }
    }
    return result
}
