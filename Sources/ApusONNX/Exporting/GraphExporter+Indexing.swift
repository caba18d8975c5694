import ApusNN

// Elements at computed places.

extension GraphExporter {
    private func reduction(_ mode: ScatterMode) -> AttributeValue { .string(mode == .add ? "add" : "none") }

    /// Whole slices: `ScatterND` puts them along the first axis.
    func scatter(_ mode: ScatterMode, _ operands: [Int], _ axis: Int) -> String {
        let (base, indices, updates) = (operands[0], operands[1], operands[2])
        let (rank, depth) = (shape(base).rank, shape(indices).rank)
        let places = emit("Unsqueeze", [name(indices), constant([-1])])
        guard axis > 0 else {
            return emit("ScatterND", [name(base), places, name(updates)], ["reduction": reduction(mode)])
        }
        // (before…, axis, after…) → (axis, before…, after…), and updates (before…, indices…, after…) likewise.
        let front = [axis] + (0..<rank).filter { $0 != axis }
        let moved = Array(axis..<(axis + depth)) + Array(0..<axis) + Array((axis + depth)..<(rank + depth - 1))
        let result = emit(
            "ScatterND", [transpose(name(base), front), places, transpose(name(updates), moved)],
            ["reduction": reduction(mode)])
        return transpose(result, (0..<rank).map { front.firstIndex(of: $0)! })
    }

    func scatterElements(_ mode: ScatterMode, _ operands: [Int], _ axis: Int) -> String {
        emit("ScatterElements", operands.map(name), ["axis": .int(axis), "reduction": reduction(mode)])
    }

    // MARK: Blocks

    /// A block's corner moved inward where the block would stick out, and how much is behind the block.
    private func corner(_ value: Int, _ starts: Int, _ sizes: Shape, of x: Int) -> (corner: String, rest: String)? {
        let free = source.agreed { program in
            zip(program.type(x).shape, sizes).map { $0 - $1 }
        }
        guard let free else { return nil }
        let low = emit("Max", [name(starts), constant(Tensor(0))])
        let corner = emit("Min", [low, constant(free)])
        return (corner, emit("Sub", [constant(free), corner]))
    }

    func dynamicSlice(_ value: Int, _ operands: [Int], _ sizes: Shape) -> String {
        guard let (corner, _) = corner(value, operands[1], sizes, of: operands[0]) else {
            return failed(value, "a block of a dynamic axis")
        }
        if sizes.rank == 0 { return name(operands[0]) }
        let end = emit("Add", [corner, constant(sizes.dimensions)])
        return emit("Slice", [name(operands[0]), corner, end, constant(Array(sizes.indices))])
    }

    /// The block is padded to the whole, and taken where its mask says.
    func dynamicUpdate(_ value: Int, _ operands: [Int]) -> String {
        let (x, update) = (operands[0], operands[1])
        guard let sizes = source.agreed({ $0.type(update).shape }),
            let (corner, rest) = corner(value, operands[2], sizes, of: x)
        else { return failed(value, "a block of a dynamic axis") }
        let (dtype, wide) = (type(x).dtype, type(x).dtype == .bool ? DType.int32 : type(x).dtype)
        let widths = emit("Concat", [corner, rest], ["axis": .int(0)])
        func spread(_ block: String, _ outside: String) -> String { emit("Pad", [block, widths, outside]) }
        let mask = cast(
            spread(emit("Expand", [constant(1, .int32), constant(sizes.dimensions)]), constant(0, .int32)), to: .bool)
        let block = wide == dtype ? name(update) : cast(name(update), to: wide)
        let placed = spread(block, constant(0, wide))
        return emit("Where", [mask, wide == dtype ? placed : cast(placed, to: dtype), name(x)])
    }
}
