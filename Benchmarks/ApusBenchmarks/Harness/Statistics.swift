/// What is said of several measurements of one thing.
struct Statistics: Equatable {
    let median: Double
    let minimum: Double
    let maximum: Double

    /// Nil where nothing was measured.
    init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        minimum = sorted[0]
        maximum = sorted[sorted.count - 1]
    }
}
