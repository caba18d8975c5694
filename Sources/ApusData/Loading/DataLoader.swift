import ApusTensor
import Foundation
import Synchronization

/// Batches of a data set, epoch by epoch, made ready on a background thread while the model computes.
///
/// ```swift
/// let loader = try DataLoader(dataset, batchSize: 64, seed: 1)
/// for epoch in 0..<10 {
///     for batch in loader.epoch(epoch) { … }
/// }
/// ```
///
/// The samples of batch `k` of epoch `e` depend on the seed, `e` and `k` alone: `epoch(e, from: k)` goes on where an
/// interrupted training stopped. Iterating over the loader itself goes through epoch 0 the first time, epoch 1 the
/// second, and so on.
///
/// A loop over batches traps where a sample can't be read, with the error's message. Where files may be broken,
/// `nextBatch()` throws it.
public final class DataLoader<Batch: Sendable>: Sequence, Sendable {
    /// Samples a batch; the last of an epoch may have fewer.
    public let batchSize: Int
    /// Batches an epoch.
    public let batchCount: Int
    /// Samples an epoch.
    public let sampleCount: Int
    private let sampler: any Sampler
    private let prefetchCount: Int
    private let load: @Sendable (_ indices: [Int], _ epoch: Int) throws -> Batch
    private let passes = Atomic<Int>(0)

    /// Batches of a data set that makes them itself.
    ///
    /// - Parameters:
    ///   - shuffles: a new order each epoch, from `seed`; otherwise that of the data set.
    ///   - dropsLast: leaves out a last batch that isn't full.
    ///   - prefetchCount: batches made ahead on a background thread; 0 makes each when it is asked for.
    /// - Throws: `DataError` where there are no samples, or too few for one batch.
    public convenience init<Source: BatchedDataset>(
        _ dataset: Source, batchSize: Int, shuffles: Bool = true, seed: UInt64 = 0, dropsLast: Bool = false,
        prefetchCount: Int = 2
    ) throws where Source.Batch == Batch {
        try self.init(
            dataset, batchSize: batchSize, sampler: Self.sampler(dataset.count, shuffles, seed), dropsLast: dropsLast,
            prefetchCount: prefetchCount)
    }

    /// Batches of a data set that makes them itself, in a sampler's order.
    public convenience init<Source: BatchedDataset>(
        _ dataset: Source, batchSize: Int, sampler: some Sampler, dropsLast: Bool = false, prefetchCount: Int = 2
    ) throws where Source.Batch == Batch {
        try self.init(
            sampler: sampler, batchSize: batchSize, dropsLast: dropsLast, prefetchCount: prefetchCount
        ) { indices, epoch in try dataset.batch(indices, epoch: epoch) }
    }

    /// Batches that `collate` puts together from samples.
    public convenience init<Source: Dataset>(
        _ dataset: Source, batchSize: Int, shuffles: Bool = true, seed: UInt64 = 0, dropsLast: Bool = false,
        prefetchCount: Int = 2, collate: @escaping @Sendable ([Source.Sample]) throws -> Batch
    ) throws {
        try self.init(
            dataset, batchSize: batchSize, sampler: Self.sampler(dataset.count, shuffles, seed), dropsLast: dropsLast,
            prefetchCount: prefetchCount, collate: collate)
    }

    /// Batches that `collate` puts together from samples, in a sampler's order.
    public convenience init<Source: Dataset>(
        _ dataset: Source, batchSize: Int, sampler: some Sampler, dropsLast: Bool = false, prefetchCount: Int = 2,
        collate: @escaping @Sendable ([Source.Sample]) throws -> Batch
    ) throws {
        try self.init(
            sampler: sampler, batchSize: batchSize, dropsLast: dropsLast, prefetchCount: prefetchCount
        ) { indices, _ in try collate(indices.map { try dataset[$0] }) }
    }

    private init(
        sampler: any Sampler, batchSize: Int, dropsLast: Bool, prefetchCount: Int,
        load: @escaping @Sendable (_ indices: [Int], _ epoch: Int) throws -> Batch
    ) throws {
        precondition(batchSize > 0, "DataLoader: batch size \(batchSize) must be positive")
        precondition(prefetchCount >= 0, "DataLoader: prefetch count \(prefetchCount) must not be negative")
        let count = sampler.count
        guard count > 0 else {
            throw DataError(.empty, "data set", "there are no samples", remedy: "Check the path and the split")
        }
        batchCount = dropsLast ? count / batchSize : (count + batchSize - 1) / batchSize
        guard batchCount > 0 else {
            throw DataError(
                .mismatch, "data set", "\(count) samples don't fill one batch of \(batchSize)",
                remedy: "Use a smaller batch, or keep the last one")
        }
        sampleCount = dropsLast ? batchCount * batchSize : count
        self.sampler = sampler
        self.batchSize = batchSize
        self.prefetchCount = prefetchCount
        self.load = load
    }

    private static func sampler(_ count: Int, _ shuffles: Bool, _ seed: UInt64) -> any Sampler {
        shuffles ? ShuffledSampler(count: count, seed: seed) : SequentialSampler(count: count)
    }

    /// The batches of one epoch, from batch `start` on.
    public func epoch(_ epoch: Int, from start: Int = 0) -> Epoch {
        precondition((0...batchCount).contains(start), "DataLoader: batch \(start) of \(batchCount)")
        return Epoch(loader: self, number: epoch, start: start)
    }

    /// The batches of the next epoch: 0 the first time that this is called.
    public func makeIterator() -> BatchIterator {
        epoch(passes.add(1, ordering: .relaxed).oldValue).makeIterator()
    }

    /// One pass over the data, or the rest of one.
    public struct Epoch: Sequence, Sendable {
        fileprivate let loader: DataLoader
        /// The epoch's number, from 0, which decides the order and the augmentation.
        public let number: Int
        /// The first batch's number.
        public let start: Int

        /// How many batches there are from `start` on.
        public var count: Int { loader.batchCount - start }
        /// Exactly `count`, so that an array of the batches is allocated once.
        public var underestimatedCount: Int { count }

        public func makeIterator() -> BatchIterator { BatchIterator(self) }
    }

    /// Gives batches one by one. Letting go of it stops the background thread.
    public final class BatchIterator: IteratorProtocol {
        private let produce: () -> Result<Batch, any Error>?
        private let queue: BoundedQueue<Result<Batch, any Error>>?
        private var hasFailed = false

        fileprivate init(_ epoch: Epoch) {
            let loader = epoch.loader
            let (indices, size, load) = (loader.sampler.indices(epoch: epoch.number), loader.batchSize, loader.load)
            let (number, end) = (epoch.number, loader.batchCount)
            let makeBatch: @Sendable (Int) -> Result<Batch, any Error> = { batch in
                let chosen = indices[(batch * size)..<Swift.min((batch + 1) * size, indices.count)]
                return Result { try load(Array(chosen), number) }
            }
            if loader.prefetchCount > 0 {
                let queue = BoundedQueue<Result<Batch, any Error>>(capacity: loader.prefetchCount)
                Self.startThread(batches: epoch.start..<end, makeBatch, into: queue)
                self.queue = queue
                produce = queue.pop
            } else {
                queue = nil
                var batches = (epoch.start..<end).makeIterator()
                produce = { batches.next().map(makeBatch) }
            }
        }

        deinit { queue?.close() }

        private static func startThread(
            batches: Range<Int>, _ makeBatch: @escaping @Sendable (Int) -> Result<Batch, any Error>,
            into queue: BoundedQueue<Result<Batch, any Error>>
        ) {
            let thread = Thread {
                for batch in batches {
                    let result = makeBatch(batch)
                    guard queue.push(result), case .success = result else { break }
                }
                queue.close()
            }
            thread.name = "apus.loader"
            thread.start()
        }

        /// The next batch, or nil at the end of the epoch.
        ///
        /// - Throws: what reading or collating a sample threw; the epoch is over then.
        public func nextBatch() throws -> Batch? {
            if hasFailed { return nil }
            guard let result = produce() else { return nil }
            if case .failure = result { hasFailed = true }
            return try result.get()
        }

        /// The next batch, or nil at the end of the epoch. Traps where a sample can't be read.
        public func next() -> Batch? {
            do {
                return try nextBatch()
            } catch {
                fatalError("DataLoader: \(error)")
            }
        }
    }
}
