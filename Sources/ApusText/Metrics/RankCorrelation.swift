/// Spearman's rank correlation of two lists of equally many values: Pearson's correlation of their ranks, equal values sharing their mean rank.
///
/// NaN where one of the lists has fewer than two different values.
public func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double {
    precondition(first.count == second.count, "rankCorrelation: \(first.count) and \(second.count) values")
    let (a, b) = (ranks(first), ranks(second))
    let mean = Double(first.count + 1) / 2
    let products = zip(a, b).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
    let squares = [a, b].map { $0.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } }
    return products / (squares[0] * squares[1]).squareRoot()
}

/// Ranks from 1; equal values share their mean.
private func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
        start = end
    }
    return ranks
}
