import ApusGraph

extension Planner {
    /// The operands one behind the other along an axis, in the order of axes of the first that has one; blocked if all
    /// of them are.
    mutating func emitConcatenate(_ axis: Int, _ instruction: Instruction) -> Layout {
        let operands = instruction.operands.filter { program.type($0).shape.elementCount > 0 }
        guard let first = operands.first else { return Layout(newView(instruction.type)) }
        let layouts = operands.map { layout($0) }
        let split = layouts[0].split.flatMap { split in layouts.allSatisfy { $0.split == split } ? split : nil }
        let sources = zip(operands, layouts).map { split == nil ? view($0) : $1.view }
        if split == nil, let whole = adjoined(sources, axis) { return Layout(whole) }

        var shape = split == nil ? view(first).shape : layouts[0].view.shape
        let extents = sources.map { $0.shape[axisOfView(axis, split)] }
        shape[axisOfView(axis, split)] = extents.reduce(0, +)
        let order = sources.first(where: \.isFull)?.memoryOrder ?? Array(shape.indices)
        let whole = newView(TensorType(Shape(shape), instruction.type.dtype), order: order)
        var start = 0
        for (source, extent) in zip(sources, extents) {
            var ranges = shape.map { SliceRange(start: 0, count: $0) }
            ranges[axisOfView(axis, split)] = SliceRange(start: start, count: extent)
            let from = dense(source, order: order)
            steps.append(CopyStep(from: from.transposed(order), to: whole.sliced(ranges).transposed(order)))
            start += extent
        }
        return Layout(whole, split: split)
    }

    /// The whole of parts that lie end to end already.
    private func adjoined(_ parts: [View], _ axis: Int) -> View? {
        var whole = parts[0]
        for part in parts.dropFirst() {
            let isNext =
                part.storage == whole.storage && part.strides == whole.strides
                && part.offset == whole.offset + whole.shape[axis] * whole.strides[axis]
            guard isNext, part.elementCount > 0, whole.elementCount > 0 else { return nil }
            whole.shape[axis] += part.shape[axis]
        }
        return whole
    }

    /// Where a value's axis is in its view: the blocks of the split one.
    private func axisOfView(_ axis: Int, _ split: Int?) -> Int { split.map { axis > $0 } == true ? axis + 1 : axis }
}
