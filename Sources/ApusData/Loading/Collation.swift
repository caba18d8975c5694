import ApusTensor

/// Sequences of different lengths in one tensor.
public struct PaddedBatch: Sendable {
    /// (B, T, …), T the greatest length; what is behind a sequence's end is padding.
    public let values: Tensor
    /// (B), int64
    public let lengths: Tensor

    /// (B, T), true where `values` holds an element of a sequence.
    public var mask: Tensor {
        Tensor.range(values.shape[1]) .< lengths.expandingDims(1)
    }
}

/// Ragged sequences, side by side, padded at their ends: B sequences of up to T elements → (B, T).
///
/// - Parameter multiple: T is rounded up to a multiple of this, so that fewer different shapes occur.
public func pad<Element: TensorScalar>(_ sequences: [[Element]], with padding: Element, toMultipleOf multiple: Int = 1)
    -> PaddedBatch
{
    let longest = roundedUp(sequences.map(\.count).max() ?? 0, multiple)
    var values = [Element]()
    values.reserveCapacity(sequences.count * longest)
    for sequence in sequences {
        values += sequence
        values += repeatElement(padding, count: longest - sequence.count)
    }
    return PaddedBatch(
        values: Tensor(values, shape: [sequences.count, longest], dtype: Element.dtype),
        lengths: Tensor(sequences.map(\.count)))
}

/// Tensors (Tᵢ, …) that differ in their first extents only, padded at their ends: → (B, T, …).
public func pad(_ sequences: [Tensor], with padding: Double = 0, toMultipleOf multiple: Int = 1) -> PaddedBatch {
    precondition(!sequences.isEmpty, "pad: no sequences")
    precondition(sequences.allSatisfy { $0.rank > 0 }, "pad: a scalar is no sequence")
    let lengths = sequences.map { $0.shape[0] }
    let longest = roundedUp(lengths.max() ?? 0, multiple)
    let padded = sequences.map { sequence in
        let rest = [(Int, Int)](repeating: (0, 0), count: sequence.rank - 1)
        return sequence.padded([(0, longest - sequence.shape[0])] + rest, value: padding)
    }
    return PaddedBatch(values: stack(padded), lengths: Tensor(lengths))
}

private func roundedUp(_ count: Int, _ multiple: Int) -> Int {
    precondition(multiple > 0, "pad: toMultipleOf \(multiple) must be positive")
    return (count + multiple - 1) / multiple * multiple
}
