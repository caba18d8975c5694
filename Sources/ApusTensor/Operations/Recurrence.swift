import ApusGraph

/// A recurrent unit run along a sequence.
///
/// - Input: `projected (T, B, gates · H)`, the inputs' part of the gates for all steps, T at least 1; `weight (gates · H, H)` and
///   `bias (gates · H)` of the hidden state's part; `initial`, the parts of the first state, each `(B, H)`.
/// - Output: the hidden state after each step `(T, B, H)`, and the parts of the state after the last.
public func recurrence(
    _ unit: RecurrentUnit, _ projected: Tensor, weight: Tensor, bias: Tensor?, initial: [Tensor]
) -> (outputs: Tensor, final: [Tensor]) {
    let bias = bias ?? .zeros([weight.shape[0]], dtype: weight.dtype)
    let operands = [projected, weight, bias] + initial
    let result = Tensor(Node.make(.recurrence(unit), operands.map(\.node)))
    let shape = RecurrenceShape(unit, projected: projected.shape)
    guard result.shape[0] == shape.stackCount else { return (result, initial) }  // a mistake is reported
    let outputs = result.stack(shape.outputs)
    let hidden = outputs.stack((shape.steps - 1)..<shape.steps).squeezed(0)
    let cell = unit == .lstm ? [result.stack(shape.steps..<(shape.steps + 1)).squeezed(0)] : []
    return (outputs, [hidden] + cell)
}

extension Tensor {
    /// Positions of the first axis.
    func stack(_ range: Range<Int>) -> Tensor { sliced(axis: 0, range.lowerBound, range.count) }
}
