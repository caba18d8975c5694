/// The words of text for people, in small letters, without punctuation and numbers.
///
/// A word is letters with apostrophes between them. A possessive is a word of its own (`darcy 's`), so that the name is counted wherever
/// it occurs.
public func proseWords(of text: some StringProtocol) -> [String] {
    let letters = Array(text.lowercased().unicodeScalars)
    var words: [String] = []
    var start = 0
    while start < letters.count {
        var end = start
        while end < letters.count, isPartOfWord(letters, end) { end += 1 }
        if end > start { append(letters[start..<end], to: &words) }
        start = end + 1
    }
    return words
}

private func isApostrophe(_ letter: Unicode.Scalar) -> Bool { letter == "'" || letter == "\u{2019}" }

private func isPartOfWord(_ letters: [Unicode.Scalar], _ index: Int) -> Bool {
    if letters[index].properties.isAlphabetic { return true }
    return isApostrophe(letters[index]) && index > 0 && letters[index - 1].properties.isAlphabetic
        && index + 1 < letters.count && letters[index + 1].properties.isAlphabetic
}

private func append(_ letters: ArraySlice<Unicode.Scalar>, to words: inout [String]) {
    var word = String(String.UnicodeScalarView(letters.map { isApostrophe($0) ? "'" : $0 }))
    guard word.hasSuffix("'s") else { return words.append(word) }
    word.removeLast(2)
    words += [word, "'s"]
}
