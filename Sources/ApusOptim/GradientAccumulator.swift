/// Sums the gradients of small batches until there are enough for a step.
///
/// ```swift
/// var accumulator = GradientAccumulator(count: 4)
/// for batch in loader {
///     let (_, gradients) = valueAndGradients(model) { … }
///     if let mean = accumulator.add(gradients) { optimizer.step(mean) }
/// }
/// ```
public struct GradientAccumulator {
    /// Batches to a step.
    public let count: Int
    /// Batches taken in since the last step.
    public private(set) var pendingCount = 0
    private var sum: Gradients?

    public init(count: Int) {
        precondition(count >= 1, "GradientAccumulator: \(count) batches to a step")
        self.count = count
    }

    /// Takes in a batch's gradients; every `count`th time gives their mean.
    public mutating func add(_ gradients: Gradients) -> Gradients? {
        sum = sum.map { $0 + gradients } ?? gradients
        pendingCount += 1
        if pendingCount == count { return flush() }
        // What a batch's graph holds is let go before the next one.
        sum?.evaluated()
        return nil
    }

    /// The mean of what has been taken in since the last step, such as at an epoch's end; nil if that is nothing.
    public mutating func flush() -> Gradients? {
        guard let total = sum else { return nil }
        defer { (sum, pendingCount) = (nil, 0) }
        return pendingCount == 1 ? total : total * (1 / Double(pendingCount))
    }
}
