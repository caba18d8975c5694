/// Draws numbers with given probabilities, each with one random number: a column of a table is picked, then it or its alias.
///
/// Reference: Walker, “An efficient method for generating discrete random variables with general distributions”, 1977; built as by
/// Vose, 1991.
package struct AliasTable: Hashable, Sendable {
    /// Below this, of 2³², the column itself is taken.
    package let thresholds: [UInt32]
    /// What is taken otherwise.
    package let aliases: [Int32]

    /// - Parameter weights: not negative, and not all 0.
    package init(weights: [Double]) {
        let sum = weights.reduce(0, +)
        precondition(sum > 0 && sum.isFinite, "AliasTable: the weights sum to \(sum)")
        var shares = weights.map { $0 / sum * Double(weights.count) }
        var thresholds = [UInt32](repeating: .max, count: weights.count)
        var aliases = (0..<weights.count).map(Int32.init)
        var small = shares.indices.filter { shares[$0] < 1 }
        var large = shares.indices.filter { shares[$0] >= 1 }
        while let low = small.popLast(), let high = large.last {
            thresholds[low] = UInt32(shares[low] * 0x1p32)
            aliases[low] = Int32(high)
            // What the low column leaves free is filled with a piece of the high one.
            shares[high] -= 1 - shares[low]
            if shares[high] < 1 { small.append(large.removeLast()) }
        }
        self.thresholds = thresholds
        self.aliases = aliases
    }

    /// How probably each number is drawn.
    package var probabilities: [Double] {
        var result = [Double](repeating: 0, count: thresholds.count)
        for (column, threshold) in thresholds.enumerated() {
            let own = Int(aliases[column]) == column ? 1 : Double(threshold) * 0x1p-32
            result[column] += own / Double(thresholds.count)
            result[Int(aliases[column])] += (1 - own) / Double(thresholds.count)
        }
        return result
    }
}
