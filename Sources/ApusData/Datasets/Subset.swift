import ApusTensor

/// Some samples of a data set, in a given order.
public struct Subset<Base: Dataset>: Dataset {
    /// The data set that the samples are of.
    public let base: Base
    /// Their numbers in `base`.
    public let indices: [Int]

    public init(_ base: Base, indices: [Int]) {
        precondition(
            indices.allSatisfy { (0..<base.count).contains($0) },
            "Subset: an index is outside of the \(base.count) samples")
        self.base = base
        self.indices = indices
    }

    /// How many samples were chosen.
    public var count: Int { indices.count }

    /// The base's sample of number `indices[index]`.
    public subscript(index: Int) -> Base.Sample { get throws { try base[indices[index]] } }
}

extension Subset: BatchedDataset where Base: BatchedDataset {
    /// The base's batch of the samples whose numbers in this subset are given.
    public func batch(_ indices: [Int], epoch: Int) throws -> Base.Batch {
        try base.batch(indices.map { self.indices[$0] }, epoch: epoch)
    }
}

extension Dataset {
    /// The first samples, in order.
    public func prefix(_ count: Int) -> Subset<Self> { Subset(self, indices: Array(0..<min(count, self.count))) }

    /// Disjoint random parts, one for each fraction; the last takes what rounding leaves when the fractions add up to
    /// 1.
    public func split(_ fractions: [Double], seed: UInt64 = 0) -> [Subset<Self>] {
        let order = Generator(seed: seed).permutation(of: count)
        return cut(order, fractions).map { Subset(self, indices: $0) }
    }

    /// Disjoint random parts with the same share of each class, one for each fraction.
    ///
    /// - Parameter labels: the class of each sample.
    public func split(_ fractions: [Double], stratifiedBy labels: [Int], seed: UInt64 = 0) -> [Subset<Self>] {
        precondition(labels.count == count, "split: \(labels.count) labels for \(count) samples")
        let generator = Generator(seed: seed)
        var parts = [[Int]](repeating: [], count: fractions.count)
        for members in indicesByClass(labels) {
            let order = generator.permutation(of: members.count).map { members[$0] }
            for (part, chosen) in cut(order, fractions).enumerated() { parts[part] += chosen }
        }
        return parts.map { part in
            Subset(self, indices: generator.permutation(of: part.count).map { part[$0] })
        }
    }
}

/// The numbers of each class's samples, by ascending class.
func indicesByClass(_ labels: [Int]) -> [[Int]] {
    let groups = Dictionary(grouping: labels.indices) { labels[$0] }
    return groups.sorted { $0.key < $1.key }.map(\.value)
}

/// Consecutive parts of `order`, cut where the running sum of fractions falls.
private func cut(_ order: [Int], _ fractions: [Double]) -> [[Int]] {
    let total = fractions.reduce(0, +)
    precondition(
        fractions.allSatisfy { $0 >= 0 } && total <= 1 + 1e-9,
        "split: the fractions \(fractions) must not be negative nor add up to more than 1")
    var sum = 0.0
    var start = 0
    return fractions.map { fraction in
        sum += fraction
        let end = min(order.count, Int((sum * Double(order.count)).rounded()))
        defer { start = end }
        return Array(order[start..<end])
    }
}
