/// Weights of places, drawn in proportion: a binary tree whose nodes hold the sums of their children, so that drawing and changing take
/// `log₂ n` steps.
public struct SumTree: Sendable {
    /// How many places there are.
    public let count: Int
    /// The leaves begin at `leafStart`; node `i` is above `2i` and `2i + 1`.
    private var sums: [Double]
    private let leafStart: Int

    public init(count: Int) {
        precondition(count > 0, "SumTree: \(count) places")
        self.count = count
        var width = 1
        while width < count { width *= 2 }
        leafStart = width
        sums = Array(repeating: 0, count: 2 * width)
    }

    /// Of all weights.
    public var total: Double { sums[1] }

    /// The weight of a place; not negative.
    public subscript(index: Int) -> Double {
        get { sums[leafStart + index] }
        set {
            precondition(newValue >= 0 && newValue.isFinite, "SumTree: a weight of \(newValue)")
            var node = leafStart + index
            sums[node] = newValue
            while node > 1 {
                node /= 2
                // Sums are taken anew rather than corrected, so that rounding errors don't add up.
                sums[node] = sums[2 * node] + sums[2 * node + 1]
            }
        }
    }

    /// The place in which a point of 0 ..< total falls, were the weights laid side by side.
    public func place(at point: Double) -> Int {
        var (node, rest) = (1, point)
        while node < leafStart {
            node *= 2
            // Where rounding leads past the end, the last place with a weight is meant.
            if rest >= sums[node] && sums[node + 1] > 0 {
                rest -= sums[node]
                node += 1
            }
        }
        return node - leafStart
    }
}
