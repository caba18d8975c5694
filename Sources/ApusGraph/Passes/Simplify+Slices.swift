extension Program {
    /// A slice that lies inside one part of a padded or concatenated value, as a slice of that part; in the padding, as the number
    /// that is padded with. Gradients of slices are padded, so what slices such a gradient again is served without the padding.
    static func sliceOfPart(_ instruction: Instruction, in program: Program) -> Instruction {
        var instruction = instruction
        while case .slice(let ranges) = instruction.operation, instruction.type.shape.elementCount > 0,
            let source = program.instruction(instruction.operands[0]),
            let inner = partOfSource(instruction, ranges, source, in: program)
        {
            instruction = inner
        }
        return instruction
    }

    private static func partOfSource(
        _ instruction: Instruction, _ ranges: [SliceRange], _ source: Instruction, in program: Program
    ) -> Instruction? {
        func slice(of operand: Int, from origin: [Int]) -> Instruction {
            let moved = ranges.indices.map { axis in
                SliceRange(start: ranges[axis].start - origin[axis], count: ranges[axis].count, step: ranges[axis].step)
            }
            return Instruction(.slice(moved), [operand], instruction.type)
        }
        switch source.operation {
        case .pad(let low, _):
            let inside = low.indices.map { low[$0]..<(low[$0] + program.type(source.operands[0]).shape[$0]) }
            if low.indices.allSatisfy({ inside[$0].contains(ranges[$0].extent) }) {
                return slice(of: source.operands[0], from: low)
            }
            let misses = low.indices.contains { !inside[$0].overlaps(Range(ranges[$0].extent)) }
            return misses
                ? Instruction(.broadcast(instruction.type.shape), [source.operands[1]], instruction.type) : nil
        case .concatenate(let axis):
            var start = 0
            for operand in source.operands {
                let end = start + program.type(operand).shape[axis]
                if (start..<end).contains(ranges[axis].extent) {
                    return slice(of: operand, from: ranges.indices.map { $0 == axis ? start : 0 })
                }
                start = end
            }
            return nil
        default:
            return nil
        }
    }
}

extension SliceRange {
    /// From its least position to its greatest; not of an empty range.
    fileprivate var extent: ClosedRange<Int> { min(start, last)...max(start, last) }
}
