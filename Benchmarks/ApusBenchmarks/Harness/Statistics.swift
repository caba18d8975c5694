/// What is said of several measurements of one thing.
package struct Statistics: Equatable {
    package let median: Double
    package let minimum: Double
    package let maximum: Double

    /// Nil where nothing was measured.
    package init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        minimum = sorted[0]
        maximum = sorted[sorted.count - 1]
    }
}
