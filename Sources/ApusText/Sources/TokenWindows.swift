import ApusData
import ApusTensor
import ApusTrain

/// Sequences of a fixed length from a text, each with the tokens that follow its own.
///
/// In every epoch the text is cut into windows from another place on, and each is seen once, in random order; what is left over at the two
/// ends is less than two windows.
public struct TokenWindows: BatchSource {
    /// Sequences to train on.
    public struct Batch {
        /// `(B, T)`
        public let inputs: Tensor
        /// What comes next at every place: `(B, T)`.
        public let targets: Tensor
    }

    private let tokens: [Int]
    private let length: Int
    private let batchSize: Int
    private let seed: UInt64
    private let windowCount: Int

    /// - Parameters:
    ///   - tokens: more than `length`.
    ///   - length: of a window.
    ///   - batchSize: windows a batch, or all that there are.
    public init(_ tokens: [Int], length: Int, batchSize: Int, seed: UInt64) {
        precondition(length > 0 && batchSize > 0, "TokenWindows: batches of \(batchSize) × \(length)")
        precondition(tokens.count > length, "TokenWindows: \(tokens.count) tokens for windows of \(length)")
        self.tokens = tokens
        self.length = length
        self.seed = seed
        windowCount = max(1, (tokens.count - 1) / length - 1)
        self.batchSize = min(batchSize, windowCount)
    }

    public var batchCount: Int { windowCount / batchSize }
    public var examplesPerBatch: Int? { batchSize * length }

    public func batches(epoch: Int, from start: Int) -> () throws -> Batch? {
        // Far from the streams of a trainer's steps.
        let generator = Generator(seed: ~seed, stream: UInt64(epoch))
        let offset = generator.integer(below: tokens.count - windowCount * length)
        let order = generator.permutation(of: windowCount)
        var next = start
        return {
            guard next < batchCount else { return nil }
            defer { next += 1 }
            return batch(order[(next * batchSize)..<((next + 1) * batchSize)].map { offset + $0 * length })
        }
    }

    private func batch(_ starts: [Int]) -> Batch {
        func windows(_ shift: Int) -> Tensor {
            let rows = starts.flatMap { tokens[($0 + shift)..<($0 + shift + length)] }
            return Tensor(rows, shape: [starts.count, length])
        }
        return Batch(inputs: windows(0), targets: windows(1))
    }
}
