/// Numbered samples.
///
/// Reading one may fail, since it may come from a file. Data sets are immutable and are read from a background thread.
public protocol Dataset<Sample>: Sendable {
    associatedtype Sample: Sendable

    /// How many samples there are.
    var count: Int { get }

    /// The sample of a number in `0 ..< count`.
    subscript(index: Int) -> Sample { get throws }
}

/// A data set that knows how to put its samples together into a batch, so that a `DataLoader` needs no collation.
public protocol BatchedDataset<Batch>: Dataset {
    associatedtype Batch: Sendable

    /// The samples of these numbers, in this order.
    ///
    /// - Parameter epoch: the pass over the data that the batch is part of. Random augmentation depends on it and on
    ///   the samples' numbers alone, never on what was read before.
    func batch(_ indices: [Int], epoch: Int) throws -> Batch
}

/// Samples from an array.
public struct ArrayDataset<Sample: Sendable>: Dataset {
    /// The samples, in order.
    public let samples: [Sample]

    public init(_ samples: [Sample]) { self.samples = samples }

    /// How many samples there are.
    public var count: Int { samples.count }

    /// The sample of a number in `0 ..< count`; traps outside of it.
    public subscript(index: Int) -> Sample { samples[index] }
}

/// A data set with a function applied to each sample when it is read.
public struct MappedDataset<Base: Dataset, Sample: Sendable>: Dataset {
    /// The data set whose samples the function is applied to.
    public let base: Base
    private let transform: @Sendable (Base.Sample) throws -> Sample

    init(_ base: Base, _ transform: @escaping @Sendable (Base.Sample) throws -> Sample) {
        self.base = base
        self.transform = transform
    }

    /// As many samples as `base` has.
    public var count: Int { base.count }

    /// The function of the base's sample, computed anew at each reading; rethrows its errors.
    public subscript(index: Int) -> Sample { get throws { try transform(base[index]) } }
}

extension Dataset {
    /// This data set with a function applied to each sample when it is read.
    public func mapped<Result>(_ transform: @escaping @Sendable (Sample) throws -> Result) -> MappedDataset<
        Self, Result
    > {
        MappedDataset(self, transform)
    }
}
