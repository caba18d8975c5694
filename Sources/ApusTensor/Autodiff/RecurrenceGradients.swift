import ApusGraph

/// The gradients of a recurrence: one kernel takes the steps backward, and the weight's is one product over all of them.
func recurrenceGradients(_ unit: RecurrentUnit, _ operands: [Tensor], _ y: Tensor, _ g: Tensor) -> [Tensor?] {
    let shape = RecurrenceShape(unit, projected: operands[0].shape)
    let cell = unit == .lstm ? [g.stack(shape.steps..<(shape.steps + 1)).squeezed(0)] : []
    let gradients = Tensor(
        Node.make(.recurrenceGradient(unit), (operands + [y, g.stack(shape.outputs)] + cell).map(\.node)))

    let width = unit.gateCount * shape.hidden
    let projected = gradients.stack(0..<shape.gatesCount).reshaped(operands[0].shape)
    let recurrent = gradients.stack(shape.recurrentStart..<(shape.recurrentStart + shape.gatesCount))
        .reshaped(shape.steps * shape.batch, width)
    let before = y.stack(shape.hiddenStates.dropLast()).reshaped(shape.steps * shape.batch, shape.hidden)
    var states = (0..<unit.stateCount).map { part in
        let start = shape.stateStart(part)
        return gradients.stack(start..<(start + shape.batch * shape.hidden)).reshaped(shape.batch, shape.hidden)
    }
    // h₀ itself is the first of the hidden states, which ∂W reads: gradients of ∂W come back through it.
    let first = shape.hiddenStates.lowerBound
    states[0] = states[0] + g.stack(first..<(first + 1)).squeezed(0)
    // Wh + b:  ∂W = Σ ∂q hᵀ,  ∂b = Σ ∂q
    return [projected, matmul(recurrent.T, before), recurrent.sum(axes: 0)] + states
}

/// The gradients of `recurrenceGradient`: those of its definition. The recurrence's result is computed anew from the other operands, so
/// that all that reaches it reaches them.
func secondRecurrenceGradients(_ unit: RecurrentUnit, _ operands: [Tensor], _ g: Tensor) -> [Tensor?] {
    let place = 3 + unit.stateCount  // of the recurrence's result
    var variables = operands
    variables.remove(at: place)
    let (_, gradients) = vectorJacobianProduct(at: variables) { variables in
        var builder = NodeBuilder()
        var nodes = variables.map(\.node)
        nodes.insert(Operation.recurrence(unit).definition(on: Array(nodes.prefix(place)), in: &builder)!, at: place)
        return [Tensor(Operation.recurrenceGradient(unit).definition(on: nodes, in: &builder)!)]
    } with: { _ in
        [g]
    }
    var shares: [Tensor?] = gradients
    shares.insert(nil, at: place)
    return shares
}
