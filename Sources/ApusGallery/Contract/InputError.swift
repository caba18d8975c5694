import Foundation

/// Something wrong with what a user gave: it names the input and the remedy.
public struct InputError: Error, Hashable, Sendable, CustomStringConvertible, LocalizedError {
    /// The path, name or value that the error is about.
    public let input: String
    /// What is wrong with it.
    public let problem: String
    /// What to do about it.
    public let remedy: String

    public init(_ input: String, _ problem: String, remedy: String) {
        self.input = input
        self.problem = problem
        self.remedy = remedy
    }

    public var description: String { "\(input): \(problem). \(remedy)" }
    public var errorDescription: String? { description }

    /// A name that isn't known: says which is near, and which there are.
    ///
    /// - Parameters:
    ///   - kind: what the name is of: `system`
    ///   - owner: `there are`, or who has the names: `image-classification has`
    public static func unknown(_ kind: String, _ name: String, of owner: String = "There are", among names: [String])
        -> InputError
    {
        let guess = nearest(to: name, among: names).map { "Did you mean \($0)? " } ?? ""
        return InputError(
            name, "there is no \(kind) of this name", remedy: "\(guess)\(owner) \(names.joined(separator: ", "))")
    }
}

/// The name that is most like a misspelt one, if any is alike enough to have been meant.
public func nearest(to word: String, among names: [String]) -> String? {
    let scored = names.map { (name: $0, distance: editDistance(word.lowercased(), $0.lowercased())) }
    let isPrefixed = names.filter { !word.isEmpty && $0.hasPrefix(word.lowercased()) }
    if isPrefixed.count == 1 { return isPrefixed[0] }
    guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(2, best.name.count / 3) && best.distance < best.name.count ? best.name : nil
}

/// How many letters have to be put in, left out, replaced, or exchanged with their neighbour to make `a` into `b`.
///
/// Reference: Damerau, “A technique for computer detection and correction of spelling errors”, 1964.
package func editDistance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var rows = [Array(0...b.count)]
    for i in 1..<(a.count + 1) {
        var row = [i]
        for j in 1..<(b.count + 1) {
            let replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
            var least = min(rows[i - 1][j] + 1, row[j - 1] + 1, replaced)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { least = min(least, rows[i - 2][j - 2] + 1) }
            row.append(least)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
