import ApusNN

// Shapes, views, parts. An extent that isn't fixed is never written down: an operator is told what stays, or takes what is left.

extension GraphExporter {
    func transpose(_ x: String, _ permutation: [Int]) -> String {
        emit("Transpose", [x], ["perm": .ints(permutation)])
    }

    func reshape(_ value: Int, _ x: Int) -> String {
        let (from, to) = (shape(x), shape(value))
        var extents = to.dimensions
        let dynamic = to.indices.filter { source.isDynamic(value, axis: $0) }
        guard !dynamic.isEmpty else {
            return to.contains(0)
                ? emit("Reshape", [name(x), constant(extents)], ["allowzero": .int(1)])
                : emit("Reshape", [name(x), constant(extents)])
        }
        // −1 is what is left, 0 the operand's extent at the same place.
        var open = dynamic
        if open.count > 1 {
            let kept = open.filter { axis in
                axis < from.rank && source.variants.allSatisfy { $0.type(x).shape[axis] == $0.type(value).shape[axis] }
            }
            for axis in kept { extents[axis] = 0 }
            open.removeAll(where: kept.contains)
        }
        guard open.count <= 1 else { return failed(value, "a reshape to several dynamic extents") }
        for axis in open { extents[axis] = -1 }
        return emit("Reshape", [name(x), constant(extents)])
    }

    /// A value repeated along axes.
    func repeated(_ value: Int, _ instruction: Program.Instruction) -> String {
        let x = instruction.operands[0]
        let missing = shape(value).rank - shape(x).rank
        var extents = shape(value).dimensions
        for axis in extents.indices where source.isDynamic(value, axis: axis) {
            let isThere =
                axis >= missing
                && source.variants.allSatisfy {
                    $0.type(x).shape[axis - missing] == $0.type(value).shape[axis]
                }
            guard isThere else { return failed(value, "a repetition as often as a dynamic axis is long") }
            extents[axis] = 1  // the operand's extent stays
        }
        return emit("Expand", [name(x), constant(extents)])
    }

    /// Places counted from the end, and what stands for a place beyond either end.
    private static let (behindLast, beforeFirst) = (Int.max, Int.min + 1)

    func slice(_ value: Int, _ x: Int, _ ranges: [SliceRange]) -> String {
        if let part = recurrencePart(value, x, ranges) { return part }
        var starts: [Int] = [], ends: [Int] = [], axes: [Int] = [], steps: [Int] = []
        for axis in ranges.indices {
            let cases = source.variants.map { program -> (range: SliceRange, extent: Int) in
                guard case .slice(let ranges) = program.instruction(value)!.operation else {
                    preconditionFailure("the programs have one structure")
                }
                return (ranges[axis], program.type(x).shape[axis])
            }
            if cases.allSatisfy({ $0.range == SliceRange(start: 0, count: $0.extent) }) { continue }
            guard let (start, end) = bounds(cases) else {
                return failed(value, "a slice that depends on the extent of a dynamic axis")
            }
            starts.append(start)
            ends.append(end)
            axes.append(axis)
            steps.append(ranges[axis].step)
        }
        if axes.isEmpty { return name(x) }
        return emit("Slice", [name(x)] + [starts, ends, axes, steps].map(constant))
    }

    /// A range's bounds that hold for every extent.
    private func bounds(_ cases: [(range: SliceRange, extent: Int)]) -> (start: Int, end: Int)? {
        func same(_ question: ((range: SliceRange, extent: Int)) -> Int) -> Int? {
            let answers = cases.map(question)
            return answers.allSatisfy { $0 == answers[0] } ? answers[0] : nil
        }
        let step = cases[0].range.step
        guard same(\.range.step) != nil else { return nil }
        if cases.allSatisfy({ $0.range.count == 0 }) { return (0, 0) }
        guard cases.allSatisfy({ $0.range.count > 0 }) else { return nil }
        guard let start = same(\.range.start) ?? same({ $0.range.start - $0.extent }) else { return nil }
        if step < 0 {
            if cases.allSatisfy({ $0.range.last + step < 0 }) { return (start, Self.beforeFirst) }
            return same(\.range.last).map { (start, $0 - 1) }
        }
        if let last = same(\.range.last) { return (start, last + 1) }
        if cases.allSatisfy({ $0.range.last + step >= $0.extent }) { return (start, Self.behindLast) }
        return same { $0.range.last - $0.extent }.map { (start, $0 + 1) }
    }

    func reverse(_ x: String, _ axes: [Int]) -> String {
        let all = { (value: Int) in self.constant([Int](repeating: value, count: axes.count)) }
        return emit("Slice", [x, all(-1), all(Self.beforeFirst), constant(axes), all(-1)])
    }

    func pad(_ x: Int, _ filling: Int, _ low: [Int], _ high: [Int]) -> String {
        emit("Pad", [name(x), constant(low + high), name(filling)])
    }

    /// Indices along an axis that is too long to be written down: one line of them, repeated.
    func iota(_ value: Int, _ shape: Shape, _ axis: Int, _ dtype: DType) -> String {
        guard source.agreed({ $0.type(value) }) != nil else {
            return failed(value, "the indices of a dynamic axis")
        }
        let line = Shape([shape[axis]] + [Int](repeating: 1, count: shape.rank - axis - 1))
        let indices = constant(Tensor.iota(line, axis: 0, dtype: dtype).evaluated())
        return emit("Expand", [indices, constant(shape.dimensions)])
    }
}
