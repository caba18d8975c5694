import ApusData

/// Where a trainer's batches come from.
///
/// The batches of an epoch depend on its number alone, so that an interrupted run goes on with the very batches that it
/// would have seen.
public protocol BatchSource<Batch> {
    associatedtype Batch

    /// Batches an epoch.
    var batchCount: Int { get }

    /// How many examples a full batch has, for showing a rate; nil where that means nothing.
    var examplesPerBatch: Int? { get }

    /// Gives the batches of an epoch one by one from number `start` on, then nil.
    func batches(epoch: Int, from start: Int) -> () throws -> Batch?
}

extension BatchSource {
    /// Nil by default, so that no rate is shown.
    public var examplesPerBatch: Int? { nil }
}

extension DataLoader: BatchSource {
    /// The loader's batch size.
    public var examplesPerBatch: Int? { batchSize }

    /// The loader's batches of an epoch from number `start` on, then nil.
    public func batches(epoch: Int, from start: Int) -> () throws -> Batch? {
        self.epoch(epoch, from: start).makeIterator().nextBatch
    }
}

/// Batches made by a function of epoch and number: simulations, generated data, a list in memory.
public struct MadeBatches<Batch>: BatchSource {
    /// Batches an epoch.
    public let batchCount: Int
    /// How many examples a full batch has; nil by default.
    public let examplesPerBatch: Int?
    private let make: (_ epoch: Int, _ batch: Int) throws -> Batch

    public init(
        count: Int, examplesPerBatch: Int? = nil, _ make: @escaping (_ epoch: Int, _ batch: Int) throws -> Batch
    ) {
        batchCount = count
        self.examplesPerBatch = examplesPerBatch
        self.make = make
    }

    /// Makes the batches of an epoch from number `start` on, then gives nil.
    public func batches(epoch: Int, from start: Int) -> () throws -> Batch? {
        var next = start
        return {
            guard next < batchCount else { return nil }
            defer { next += 1 }
            return try make(epoch, next)
        }
    }
}
