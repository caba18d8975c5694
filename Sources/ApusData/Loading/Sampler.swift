import ApusTensor

/// The order in which an epoch visits samples. It depends on the sampler and the epoch alone, so that training goes on
/// after a pause exactly as it would have.
public protocol Sampler: Sendable {
    /// How many samples an epoch visits.
    var count: Int { get }

    /// The numbers of the samples in the order of the epoch, `count` of them.
    func indices(epoch: Int) -> [Int]
}

/// 0, 1, 2 …
public struct SequentialSampler: Sampler {
    /// How many samples there are, each visited once.
    public let count: Int

    public init(count: Int) { self.count = count }

    /// `0 ..< count`, in every epoch.
    public func indices(epoch: Int) -> [Int] { Array(0..<count) }
}

/// Every sample once, in an order that is new each epoch.
public struct ShuffledSampler: Sampler {
    /// How many samples there are, each visited once.
    public let count: Int
    /// What the orders come from, together with the epoch; 0 by default.
    public let seed: UInt64

    public init(count: Int, seed: UInt64 = 0) {
        self.count = count
        self.seed = seed
    }

    /// A random permutation of `0 ..< count`.
    public func indices(epoch: Int) -> [Int] {
        Generator(seed: seed, epoch: epoch, item: 0).permutation(of: count)
    }
}

/// Samples drawn with replacement, each with a probability proportional to its weight.
public struct WeightedSampler: Sampler {
    /// Draws an epoch.
    public let count: Int
    /// What the draws come from, together with the epoch; 0 by default.
    public let seed: UInt64
    /// Running sums of the weights.
    private let cumulative: [Double]

    /// - Parameter count: draws an epoch; as many as there are weights unless given.
    public init(weights: [Double], count: Int? = nil, seed: UInt64 = 0) {
        precondition(
            weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 },
            "WeightedSampler: weights must be finite, not negative, and one positive")
        self.count = count ?? weights.count
        self.seed = seed
        var sum = 0.0
        cumulative = weights.map { weight in
            sum += weight
            return sum
        }
    }

    /// Every class equally likely, whatever its size.
    public init(balancing labels: [Int], count: Int? = nil, seed: UInt64 = 0) {
        let sizes = Dictionary(labels.map { ($0, 1.0) }, uniquingKeysWith: +)
        self.init(weights: labels.map { 1 / sizes[$0]! }, count: count, seed: seed)
    }

    /// `count` independent draws; a sample may come more than once or not at all.
    public func indices(epoch: Int) -> [Int] {
        let generator = Generator(seed: seed, epoch: epoch, item: 0)
        let total = cumulative[cumulative.count - 1]
        return (0..<count).map { _ in firstIndex(above: generator.unit() * total) }
    }

    /// Binary search for the first running sum above `target`.
    private func firstIndex(above target: Double) -> Int {
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Every sample once, in random order, such that every run of consecutive samples holds the classes in nearly the same
/// proportions as the whole: batches are stratified, whatever their size.
public struct StratifiedSampler: Sampler {
    /// What the orders come from, together with the epoch; 0 by default.
    public let seed: UInt64
    private let classes: [[Int]]

    /// - Parameter labels: the class of each sample.
    public init(labels: [Int], seed: UInt64 = 0) {
        self.seed = seed
        classes = indicesByClass(labels)
    }

    /// How many samples there are, each visited once.
    public var count: Int { classes.reduce(0) { $0 + $1.count } }

    /// The members of each class are shuffled and spread evenly over the epoch from a random start; then all are
    /// merged.
    public func indices(epoch: Int) -> [Int] {
        let generator = Generator(seed: seed, epoch: epoch, item: 0)
        var placed: [(position: Double, index: Int)] = []
        placed.reserveCapacity(count)
        for members in classes {
            let start = generator.unit()
            for (rank, member) in generator.permutation(of: members.count).enumerated() {
                placed.append(((Double(rank) + start) / Double(members.count), members[member]))
            }
        }
        return placed.sorted { ($0.position, $0.index) < ($1.position, $1.index) }.map(\.index)
    }
}
