import ApusData
import ApusTensor
import ApusTrain

/// Pairs of token sequences in batches of nearly equal lengths.
///
/// Sequences are padded to a multiple of 8, so that few shapes occur, and a batch has about as many tokens as any other. In each epoch
/// the pairs are mixed anew among those of their length, and the batches come in another order.
public struct PaddedPairs: BatchSource {
    /// Source, what the decoder reads (behind a beginning), and what it is to write (before an end).
    public struct Batch {
        /// `(B, S)`
        public let source: Tensor
        /// `(B, T)`
        public let target: Tensor
        /// What comes next at each place of the target, padding where nothing does: `(B, T)`.
        public let next: Tensor
    }

    /// A source and its target, without special tokens.
    public typealias Pair = (source: [Int], target: [Int])

    private let pairs: [Pair]
    private let seed: UInt64
    /// The pairs' numbers by their padded length, and how many of them make a batch.
    private let buckets: [(length: Int, members: [Int], batchSize: Int)]
    public let batchCount: Int

    /// - Parameters:
    ///   - batchTokens: of a batch, both sides and padding together; a batch has one pair at least.
    ///   - longest: pairs of which a side has more tokens are left out.
    public init(_ pairs: [Pair], batchTokens: Int, longest: Int, seed: UInt64) {
        self.pairs = pairs
        self.seed = seed
        let fitting = pairs.indices.filter { max(pairs[$0].source.count, pairs[$0].target.count) <= longest }
        let groups = Dictionary(grouping: fitting) { paddedLength(pairs[$0].source.count, pairs[$0].target.count) }
        buckets = groups.sorted { $0.key < $1.key }.map { length, members in
            (length, members, max(1, batchTokens / (2 * length)))
        }
        batchCount = buckets.reduce(0) { $0 + ($1.members.count + $1.batchSize - 1) / $1.batchSize }
    }

    /// Pairs that are used, of all that were given.
    public var pairCount: Int { buckets.reduce(0) { $0 + $1.members.count } }

    public func batches(epoch: Int, from start: Int) -> () throws -> Batch? {
        // Far from the streams of a trainer's steps.
        let generator = Generator(seed: ~seed, stream: UInt64(epoch))
        var batches: [(length: Int, members: [Int])] = []
        for bucket in buckets {
            let order = generator.permutation(of: bucket.members.count).map { bucket.members[$0] }
            for first in stride(from: 0, to: order.count, by: bucket.batchSize) {
                batches.append((bucket.length, Array(order[first..<min(first + bucket.batchSize, order.count)])))
            }
        }
        let order = generator.permutation(of: batches.count)
        var next = start
        return {
            guard next < order.count else { return nil }
            defer { next += 1 }
            let batch = batches[order[next]]
            return Self.batch(batch.members.map { pairs[$0] }, length: batch.length)
        }
    }

    /// All pairs in the order of their lengths, for measuring, with their numbers.
    public func inOrder() -> [(batch: Batch, members: [Int])] {
        buckets.flatMap { bucket in
            stride(from: 0, to: bucket.members.count, by: bucket.batchSize).map { first in
                let members = Array(bucket.members[first..<min(first + bucket.batchSize, bucket.members.count)])
                return (Self.batch(members.map { pairs[$0] }, length: bucket.length), members)
            }
        }
    }

    private static func batch(_ pairs: [Pair], length: Int) -> Batch {
        Batch(
            source: paddedRows(pairs.map { $0.source + [SpecialToken.end] }, length: length),
            target: paddedRows(pairs.map { [SpecialToken.begin] + $0.target }, length: length),
            next: paddedRows(pairs.map { $0.target + [SpecialToken.end] }, length: length))
    }
}

/// The smallest multiple of 8 that has room for the longer sequence and one special token.
private func paddedLength(_ source: Int, _ target: Int) -> Int { (max(source, target) + 8) / 8 * 8 }

/// Rows of tokens with padding behind: `(B, length)`.
///
/// - Parameter length: the longest row's, brought to a multiple of 8, where nil.
public func paddedRows(_ rows: [[Int]], length: Int? = nil) -> Tensor {
    let length = length ?? ((rows.map(\.count).max() ?? 0) + 7) / 8 * 8
    let padded = rows.flatMap { $0 + [Int](repeating: SpecialToken.padding, count: length - $0.count) }
    return Tensor(padded, shape: [rows.count, length])
}
