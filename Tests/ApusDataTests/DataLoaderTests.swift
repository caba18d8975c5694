import ApusData
import ApusTensor
import Foundation
import Synchronization
import Testing

@Suite struct DataLoaderTests {
    private func loader(
        _ count: Int, batchSize: Int, shuffles: Bool = true, seed: UInt64 = 1, dropsLast: Bool = false,
        prefetch: Int = 2
    ) throws -> DataLoader<[Int]> {
        try DataLoader(
            ArrayDataset(Array(0..<count)), batchSize: batchSize, shuffles: shuffles, seed: seed, dropsLast: dropsLast,
            prefetchCount: prefetch
        ) { $0 }
    }

    @Test(arguments: [0, 1, 3]) func everySampleOnce(prefetch: Int) throws {
        let loader = try loader(10, batchSize: 4, prefetch: prefetch)
        let batches = Array(loader.epoch(0))
        #expect(batches.map(\.count) == [4, 4, 2])
        #expect(batches.flatMap { $0 }.sorted() == Array(0..<10))
        #expect((loader.batchCount, loader.sampleCount) == (3, 10))
        #expect(Array(loader.epoch(0)) == batches)
        #expect(Array(loader.epoch(1)) != batches)
    }

    @Test func sequentialAndDropLast() throws {
        #expect(try Array(loader(5, batchSize: 2, shuffles: false).epoch(0)) == [[0, 1], [2, 3], [4]])
        let full = try loader(5, batchSize: 2, shuffles: false, dropsLast: true)
        #expect(Array(full.epoch(0)) == [[0, 1], [2, 3]])
        #expect((full.batchCount, full.sampleCount) == (2, 4))
    }

    /// Resuming at batch k of epoch e gives what an uninterrupted run would have had.
    @Test func resumes() throws {
        let whole = try loader(23, batchSize: 3)
        let again = try loader(23, batchSize: 3)
        for start in 0...whole.batchCount {
            #expect(Array(again.epoch(4, from: start)) == Array(Array(whole.epoch(4)).dropFirst(start)))
        }
    }

    /// A plain loop must not see the same order in every epoch.
    @Test func eachPassIsTheNextEpoch() throws {
        let loader = try loader(30, batchSize: 30)
        let passes = (0..<3).map { _ in loader.map { $0 } }
        #expect(passes == (0..<3).map { Array(loader.epoch($0)) })
        #expect(passes[0] != passes[1])
    }

    @Test func theEpochIsPassedOn() throws {
        struct Echo: BatchedDataset {
            let count = 4
            subscript(index: Int) -> Int { index }
            func batch(_ indices: [Int], epoch: Int) -> [Int] { [epoch] }
        }
        #expect(try Array(DataLoader(Echo(), batchSize: 2).epoch(7)) == [[7], [7]])
    }

    private struct Broken: Error {}

    @Test(arguments: [0, 2]) func errorsReachTheConsumer(prefetch: Int) throws {
        let data = ArrayDataset(Array(0..<10)).mapped { value -> Int in
            if value == 5 { throw Broken() }
            return value
        }
        let loader = try DataLoader(data, batchSize: 2, shuffles: false, prefetchCount: prefetch) { $0 }
        let batches = loader.epoch(0).makeIterator()
        #expect(try batches.nextBatch() == [0, 1])
        #expect(try batches.nextBatch() == [2, 3])
        #expect(throws: Broken.self) { try batches.nextBatch() }
        #expect(try batches.nextBatch() == nil)
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
        func count() { value.add(1, ordering: .relaxed) }
        var total: Int { value.load(ordering: .relaxed) }
    }

    /// The background thread is never further ahead than the queue is long, and ends when the consumer lets go.
    @Test func prefetchIsBoundedAndStops() throws {
        let counter = Counter()
        let data = ArrayDataset(Array(0..<1000)).mapped { value -> Int in
            counter.count()
            return value
        }
        let loader = try DataLoader(data, batchSize: 1, prefetchCount: 3) { $0 }
        do {
            let batches = loader.epoch(0).makeIterator()
            _ = batches.next()
            Thread.sleep(forTimeInterval: 0.2)
            // One taken, three waiting, one in the producer's hands.
            #expect(counter.total <= 5)
        }
        Thread.sleep(forTimeInterval: 0.1)
        let atStop = counter.total
        Thread.sleep(forTimeInterval: 0.1)
        #expect(counter.total == atStop)
        #expect(atStop <= 6)
    }

    /// Whatever the background thread holds is freed once the loader is gone.
    @Test func nothingLeaks() throws {
        weak var watched: Counter?
        do {
            let counter = Counter()
            watched = counter
            let data = ArrayDataset(Array(0..<100)).mapped { value -> Int in
                counter.count()
                return value
            }
            for batch in try DataLoader(data, batchSize: 1, prefetchCount: 2, collate: { $0 }) where batch.count == 1 {
                break
            }
        }
        for _ in 0..<100 where watched != nil { Thread.sleep(forTimeInterval: 0.02) }
        #expect(watched == nil)
    }

    @Test func manyLoadersAtOnce() throws {
        let loaders = try (0..<8).map { try loader(200, batchSize: 7, seed: UInt64($0)) }
        let iterators = loaders.map { $0.epoch(0).makeIterator() }
        var seen = [Int](repeating: 0, count: 8)
        for _ in 0..<loaders[0].batchCount {
            for (i, iterator) in iterators.enumerated() { seen[i] += iterator.next()?.reduce(0, +) ?? 0 }
        }
        #expect(seen == [Int](repeating: 199 * 100, count: 8))
    }

    @Test func emptyAndTooSmallDataIsRefused() {
        expectDataError(.empty, mentioning: "no samples") { try loader(0, batchSize: 2) }
        expectDataError(.mismatch, mentioning: "3 samples", "batch of 4") {
            try loader(3, batchSize: 4, dropsLast: true)
        }
    }

    /// Data that is in memory already must not be what training waits for.
    @Test func loadsAMillionImagesASecond() throws {
        let count = 60_000
        let data = try ImageDataset(
            bytes: [UInt8](repeating: 7, count: count * 784), channels: 1, height: 28, width: 28,
            labels: [Int](repeating: 3, count: count), classNames: (0..<10).map(String.init))
        let loader = try DataLoader(data, batchSize: 256)
        let best = (0..<5).map { epoch in
            ContinuousClock().measure {
                var seen = 0
                for batch in loader.epoch(epoch) { seen += batch.labels.shape[0] }
                #expect(seen == count)
            }
        }.min()!
        let rate = Double(count) / (best / .seconds(1))
        print("DataLoader: \(Int(rate)) images of 28×28 a second from memory")
        // A busy machine is slower; a per-sample object would be slower by more.
        #expect(rate > 200_000)
    }
}

@Suite struct CollationTests {
    @Test func padsIntegers() {
        let batch = pad([[1, 2, 3], [], [4]], with: -1)
        #expect(batch.values.shape == [3, 3])
        #expect(batch.values.dtype == .int64)
        #expect(batch.values.elements(as: Int.self) == [1, 2, 3, -1, -1, -1, 4, -1, -1])
        #expect(batch.lengths.elements(as: Int.self) == [3, 0, 1])
        withReferenceBackend {
            #expect(batch.mask.elements(as: Bool.self) == [true, true, true, false, false, false, true, false, false])
        }
    }

    @Test func padsToMultiples() {
        #expect(pad([[1.0, 2.0, 3.0]], with: 0, toMultipleOf: 8).values.shape == [1, 8])
        #expect(pad([[Int]](), with: 0).values.shape == [0, 0])
    }

    @Test func padsTensors() {
        withReferenceBackend {
            let batch = pad([Tensor([[1, 2], [3, 4]]), Tensor([[5, 6]])], with: 9)
            #expect(batch.values.shape == [2, 2, 2])
            #expect(batch.values.elements(as: Int.self) == [1, 2, 3, 4, 5, 6, 9, 9])
            #expect(batch.lengths.elements(as: Int.self) == [2, 1])
        }
    }
}
