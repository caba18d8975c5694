// Recurrences step by step: what their kernels compute. `p` is the inputs' part of the gates, `q` the hidden state's.

extension RecurrentUnit {
    /// `recurrence` in simpler operations.
    func unrolled<Builder: GraphBuilder>(_ operands: [Builder.Value], in builder: inout Builder) -> Builder.Value {
        let (projected, weight, bias) = (operands[0], operands[1], operands[2])
        let shape = RecurrenceShape(self, projected: builder.type(projected).shape)
        let weightT = builder.emit(.transpose([1, 0]), [weight])  // (H, gates · H)
        let biasRows = builder.emit(.broadcast([shape.batch, gateCount * shape.hidden]), [bias])

        var hiddenStates = [operands[3]]
        var cells = self == .lstm ? [operands[4]] : []
        var kept = [[Builder.Value]](repeating: [], count: 4)
        for t in 0..<shape.steps {
            let p = builder.element(projected, t)  // (B, gates · H)
            let q = builder.add(builder.emit(.matmul, [hiddenStates[t], weightT]), biasRows)
            switch self {
            case .tanh, .relu:
                let sum = builder.add(p, q)
                hiddenStates.append(builder.emit(.unary(self == .tanh ? .tanh : .relu), [sum]))
            case .gru:
                let (ps, qs) = (gates(p, in: &builder), gates(q, in: &builder))
                let r = builder.emit(.unary(.sigmoid), [builder.add(ps[0], qs[0])])
                let z = builder.emit(.unary(.sigmoid), [builder.add(ps[1], qs[1])])
                let n = builder.emit(.unary(.tanh), [builder.add(ps[2], builder.multiply(r, qs[2]))])
                let distance = builder.subtract(hiddenStates[t], n)
                hiddenStates.append(builder.add(n, builder.multiply(z, distance)))
                for (index, value) in [r, z, n, qs[2]].enumerated() { kept[index].append(value) }
            case .lstm:
                let sums = gates(builder.add(p, q), in: &builder)
                let activated = sums.enumerated().map { index, sum in
                    builder.emit(.unary(index == 2 ? .tanh : .sigmoid), [sum])
                }
                let (i, f, g, o) = (activated[0], activated[1], activated[2], activated[3])
                cells.append(builder.add(builder.multiply(f, cells[t]), builder.multiply(i, g)))
                hiddenStates.append(builder.multiply(o, builder.emit(.unary(.tanh), [cells[t + 1]])))
                for (index, value) in activated.enumerated() { kept[index].append(value) }
            }
        }
        let stack = (cells + hiddenStates + kept.flatMap { $0 }).map { value in
            builder.emit(.reshape([1, shape.batch, shape.hidden]), [value])
        }
        return builder.emit(.concatenate(axis: 0), stack)
    }

    /// `recurrenceGradient` in simpler operations: the steps from the last to the first.
    func unrolledGradient<Builder: GraphBuilder>(
        _ operands: [Builder.Value], in builder: inout Builder
    ) -> Builder.Value {
        let weight = operands[1]
        let (result, outputGradient) = (operands[3 + stateCount], operands[4 + stateCount])
        let shape = RecurrenceShape(self, projected: builder.type(operands[0]).shape)
        let (cells, hidden) = (shape.cells.lowerBound, shape.hiddenStates.lowerBound)

        var projected: [Builder.Value] = []
        var recurrent: [Builder.Value] = []
        var carry: Builder.Value?  // ∂h from the step behind
        var cellCarry = operands.last!  // ∂c, for LSTM
        for t in (0..<shape.steps).reversed() {
            var dh = builder.element(outputGradient, t)
            if let carry { dh = builder.add(dh, carry) }
            let before = builder.element(result, hidden + t)
            let after = builder.element(result, hidden + t + 1)
            let kept = (0..<(gateCount > 1 ? 4 : 0)).map { builder.element(result, shape.gate($0).lowerBound + t) }
            var past: Builder.Value?  // what of ∂h passes the weights by
            switch self {
            case .tanh:
                projected.append(tanhGradient(after, dh, in: &builder))
                recurrent.append(projected.last!)
            case .relu:
                // The sign of what is never negative: 1 where the sum was positive.
                projected.append(builder.multiply(dh, builder.emit(.unary(.sign), [after])))
                recurrent.append(projected.last!)
            case .gru:
                let (r, z, n, inner) = (kept[0], kept[1], kept[2], kept[3])
                past = builder.multiply(dh, z)
                let dn = tanhGradient(n, builder.subtract(dh, past!), in: &builder)
                let dr = sigmoidGradient(r, builder.multiply(dn, inner), in: &builder)
                let distance = builder.subtract(before, n)
                let dz = sigmoidGradient(z, builder.multiply(dh, distance), in: &builder)
                projected.append(builder.emit(.concatenate(axis: 1), [dr, dz, dn]))
                recurrent.append(builder.emit(.concatenate(axis: 1), [dr, dz, builder.multiply(dn, r)]))
            case .lstm:
                let (i, f, g, o) = (kept[0], kept[1], kept[2], kept[3])
                let tanhCell = builder.emit(.unary(.tanh), [builder.element(result, cells + t + 1)])
                let through = tanhGradient(tanhCell, builder.multiply(dh, o), in: &builder)
                let dc = builder.add(cellCarry, through)
                let cellBefore = builder.element(result, cells + t)
                let gates = [
                    sigmoidGradient(i, builder.multiply(dc, g), in: &builder),
                    sigmoidGradient(f, builder.multiply(dc, cellBefore), in: &builder),
                    tanhGradient(g, builder.multiply(dc, i), in: &builder),
                    sigmoidGradient(o, builder.multiply(dh, tanhCell), in: &builder),
                ]
                projected.append(builder.emit(.concatenate(axis: 1), gates))
                recurrent.append(projected.last!)
                cellCarry = builder.multiply(dc, f)
            }
            let through = builder.emit(.matmul, [recurrent.last!, weight])  // (B, H)
            carry = past.map { builder.add($0, through) } ?? through
        }
        var parts = Array(projected.reversed())
        if self == .gru { parts += recurrent.reversed() }
        parts.append(carry!)
        if self == .lstm { parts.append(cellCarry) }
        let flat = parts.map { part in
            builder.emit(.reshape([builder.type(part).shape.elementCount]), [part])
        }
        return builder.emit(.concatenate(axis: 0), flat)
    }

    /// The gates of `(B, gates · H)`, each `(B, H)`.
    private func gates<Builder: GraphBuilder>(_ x: Builder.Value, in builder: inout Builder) -> [Builder.Value] {
        let hidden = builder.type(x).shape[1] / gateCount
        return (0..<gateCount).map { builder.slice(x, axis: 1, ($0 * hidden)..<(($0 + 1) * hidden)) }
    }
}

/// `g (1 − y²)`, y the tanh.
private func tanhGradient<Builder: GraphBuilder>(
    _ y: Builder.Value, _ g: Builder.Value, in builder: inout Builder
) -> Builder.Value {
    let gy = builder.multiply(g, y)
    return builder.subtract(g, builder.multiply(gy, y))
}

/// `g y (1 − y)`, y the sigmoid.
private func sigmoidGradient<Builder: GraphBuilder>(
    _ y: Builder.Value, _ g: Builder.Value, in builder: inout Builder
) -> Builder.Value {
    let gy = builder.multiply(g, y)
    return builder.subtract(gy, builder.multiply(gy, y))
}
