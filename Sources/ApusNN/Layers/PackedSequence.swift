/// Sequences of different lengths without padding between them: the first elements of all, the second ones of those that have one, and so on.
///
/// ```swift
/// let packed = PackedSequence(padded: x, lengths: [3, 5, 1])
/// let (output, hidden) = gru(packed)
/// let (y, lengths) = output.padded()
/// ```
public struct PackedSequence {
    /// `(Σ lengths, …)`, the longest sequence's element first at each step.
    public let data: Tensor
    /// How many sequences there are at each step.
    public let batchSizes: [Int]
    /// Where in the batch each sequence was, the longest first.
    public let order: [Int]

    private init(_ data: Tensor, _ batchSizes: [Int], _ order: [Int]) {
        self.data = data
        self.batchSizes = batchSizes
        self.order = order
    }

    /// The first elements of padded sequences, `(T, B, …)` or with `batchFirst` `(B, T, …)`, in any order of their lengths.
    public init(padded x: Tensor, lengths: [Int], batchFirst: Bool = false) {
        let sequence = batchFirst ? x.swappingAxes(0, 1) : x
        precondition(
            x.rank >= 2 && lengths.count == sequence.shape[1] && !lengths.isEmpty
                && lengths.allSatisfy { (1...max(1, sequence.shape[0])).contains($0) },
            "PackedSequence: the lengths \(lengths) for sequences \(x.shape)")
        let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        let batchSizes = (0..<lengths.max()!).map { step in lengths.count { $0 > step } }
        let rows = batchSizes.enumerated().flatMap { step, size in
            order.prefix(size).map { step * lengths.count + $0 }
        }
        self.init(sequence.flattened(from: 0, to: 1).gathered(Tensor(rows)), batchSizes, order)
    }

    /// Sequences `(length, …)`.
    public init(_ sequences: [Tensor]) {
        self.init(padded: padSequences(sequences), lengths: sequences.map { $0.shape[0] })
    }

    /// The number of elements of each sequence, in the batch's order.
    public var lengths: [Int] {
        var lengths = [Int](repeating: 0, count: order.count)
        for (place, original) in order.enumerated() { lengths[original] = batchSizes.count { $0 > place } }
        return lengths
    }

    /// The sequences side by side in the batch's order, `(T, B, …)` or with `batchFirst` `(B, T, …)`, and their lengths.
    ///
    /// - Parameters:
    ///   - value: what stands behind a sequence's end.
    ///   - totalLength: T, where it is to be more than the longest length.
    public func padded(
        batchFirst: Bool = false, value: Double = 0, totalLength: Int? = nil
    ) -> (sequences: Tensor, lengths: [Int]) {
        let (steps, batch) = (totalLength ?? batchSizes.count, order.count)
        precondition(steps >= batchSizes.count, "PackedSequence: \(steps) steps for \(batchSizes.count)")
        // The packed row of each place; behind the end any row.
        var rows = [Int](repeating: 0, count: steps * batch)
        var isInside = [Bool](repeating: false, count: steps * batch)
        var row = 0
        for (step, size) in batchSizes.enumerated() {
            for original in order.prefix(size) {
                (rows[step * batch + original], isInside[step * batch + original]) = (row, true)
                row += 1
            }
        }
        let gathered = data.gathered(Tensor(rows, shape: [steps, batch]))  // (T, B, …)
        let mask = Tensor(isInside, shape: Shape([steps, batch] + [Int](repeating: 1, count: data.rank - 1)))
        let sequences = `where`(mask, gathered, Tensor(value, dtype: data.dtype))
        return (batchFirst ? sequences.swappingAxes(0, 1) : sequences, lengths)
    }

    /// The sequences apart, in the batch's order.
    public func unpacked() -> [Tensor] {
        let (sequences, lengths) = padded(batchFirst: true)
        return unpadSequences(sequences, lengths: lengths, batchFirst: true)
    }

    /// Other data in the same places.
    func with(_ data: Tensor) -> PackedSequence { PackedSequence(data, batchSizes, order) }

    /// A batch's axis in the order of the lengths.
    func sorted(_ x: Tensor, axis: Int) -> Tensor { isSorted ? x : x.gathered(Tensor(order), axis: axis) }

    /// An axis in the order of the lengths in the batch's order.
    func unsorted(_ x: Tensor, axis: Int) -> Tensor {
        if isSorted { return x }
        var places = order
        for (place, original) in order.enumerated() { places[original] = place }
        return x.gathered(Tensor(places), axis: axis)
    }

    private var isSorted: Bool { order == Array(order.indices) }
}

/// Where the elements of padding lie.
public enum PaddingSide: String, Sendable, Codable {
    case left, right
}

/// Sequences `(length, …)` side by side, `(T, B, …)` or with `batchFirst` `(B, T, …)`, with `value` where they end (pad_sequence).
public func padSequences(
    _ sequences: [Tensor], batchFirst: Bool = false, value: Double = 0, side: PaddingSide = .right
) -> Tensor {
    let steps = sequences.map { $0.shape[0] }.max() ?? 0
    let even = sequences.map { sequence -> Tensor in
        let missing = steps - sequence.shape[0]
        let width = side == .right ? (0, missing) : (missing, 0)
        return sequence.padded([width] + [(Int, Int)](repeating: (0, 0), count: sequence.rank - 1), value: value)
    }
    return stack(even, axis: batchFirst ? 0 : 1)
}

/// The first elements of padded sequences, apart (unpad_sequence).
public func unpadSequences(_ x: Tensor, lengths: [Int], batchFirst: Bool = false) -> [Tensor] {
    zip(x.unstacked(axis: batchFirst ? 0 : 1), lengths).map { $0.sliced(axis: 0, 0, $1) }
}

extension RecurrentCell {
    /// The unit along a packed sequence, or against it: steps with equally many sequences are one run.
    final func run(
        _ data: Tensor, _ batchSizes: [Int], _ initial: [Tensor], backward: Bool
    ) -> (outputs: Tensor, final: [Tensor]) {
        let segments = segments(batchSizes)
        func rows(_ segment: Segment) -> Tensor {
            data.sliced(axis: 0, segment.start, segment.steps * segment.batch)
                .reshaped(Shape([segment.steps, segment.batch] + data.shape.dropFirst()))
        }
        var outputs: [Tensor] = []
        var state = initial
        // Forward, sequences end and their states stay behind; backward, shorter ones join with their first states.
        var ended: [[Tensor]] = []
        for segment in backward ? segments.reversed() : segments {
            if backward {
                let running = outputs.isEmpty ? 0 : state[0].shape[0]
                state = zip(state, initial).map { now, first in
                    let joining = first.sliced(axis: 0, running, segment.batch - running)
                    return running == 0 ? joining : concatenate([now, joining])
                }
            } else if segment.batch < state[0].shape[0] {
                ended.append(state.map { $0.sliced(axis: 0, segment.batch, $0.shape[0] - segment.batch) })
                state = state.map { $0.sliced(axis: 0, 0, segment.batch) }
            }
            let (output, final) = run(rows(segment), state, backward: backward)
            outputs.append(output.flattened(from: 0, to: 1))
            state = final
        }
        let all = concatenate(backward ? outputs.reversed() : outputs)
        let final = state.indices.map { part in
            ended.isEmpty ? state[part] : concatenate([state[part]] + ended.reversed().map { $0[part] })
        }
        return (all, final)
    }

    private struct Segment {
        let start, steps, batch: Int
    }

    private func segments(_ batchSizes: [Int]) -> [Segment] {
        var (segments, start, first) = ([Segment](), 0, 0)
        for (step, size) in batchSizes.enumerated()
        where step + 1 == batchSizes.count || batchSizes[step + 1] != size {
            segments.append(Segment(start: start, steps: step + 1 - first, batch: size))
            start += (step + 1 - first) * size
            first = step + 1
        }
        return segments
    }
}
