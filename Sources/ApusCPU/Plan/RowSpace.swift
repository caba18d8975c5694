import ApusGraph

/// How a region's elements fall into rows: those along its last axes, which a reduction makes one value of.
///
/// A value of such a region has either an element at each position, or one value a row. A row value lies as a tensor
/// without the row's axes, or with extents of 1 in their place; broadcast back, it is the same for all elements of a row.
struct RowSpace: Hashable {
    /// Of the elements.
    let shape: Shape
    /// The axes of a row, without those of extent 1, ascending.
    let axes: [Int]

    /// A row and all registers that hold one should stay in the second-level cache.
    static let maximumLength = 65536

    /// nil where the axes are none, not the last ones, or too long.
    init?(_ shape: Shape, reducing reduced: [Int]) {
        let axes = reduced.filter { shape[$0] != 1 }
        guard let first = axes.first, shape.elementCount > 0 else { return nil }
        guard axes == (first..<shape.rank).filter({ shape[$0] != 1 }) else { return nil }
        self.shape = shape
        self.axes = axes
        guard length <= Self.maximumLength else { return nil }
    }

    /// Elements of a row.
    var length: Int { axes.reduce(1) { $0 * shape[$1] } }

    /// The axes that stay when rows are reduced, without those of extent 1.
    var keptAxes: [Int] { shape.indices.filter { shape[$0] != 1 && !axes.contains($0) } }

    /// Whether a tensor of this shape has one value for each row, in order.
    func holdsRows(_ other: Shape) -> Bool {
        other != shape && other.filter { $0 != 1 } == keptAxes.map { shape[$0] }
    }

    /// Whether a value of the program could be computed as one value a row.
    func isRowValue(_ value: Int, _ program: Program) -> Bool {
        guard let instruction = program.instruction(value) else { return false }
        if case .reduce(_, let reduced) = instruction.operation {
            return program.type(instruction.operands[0]).shape == shape
                && RowSpace(shape, reducing: reduced) == self
        }
        return instruction.operation.isPointwise && holdsRows(instruction.type.shape)
    }

    /// The value that an operand broadcasts to all elements of each row, and the rows; nil for any other operand.
    static func broadcast(_ operand: Int, _ program: Program) -> (rows: RowSpace, value: Int)? {
        guard let instruction = program.instruction(operand), case .broadcast(let shape) = instruction.operation else {
            return nil
        }
        let source = program.type(instruction.operands[0]).shape
        let padded = [Int](repeating: 1, count: shape.rank - source.rank) + source.dimensions
        let repeated = shape.indices.filter { padded[$0] == 1 }
        guard let rows = RowSpace(shape, reducing: repeated) else { return nil }
        return (rows, program.behindReshapes(instruction.operands[0]))
    }
}

extension Program {
    /// The value whose elements, one by one in row-major order, are those of `value`.
    func behindReshapes(_ value: Int) -> Int {
        var value = value
        while let instruction = instruction(value), case .reshape = instruction.operation {
            value = instruction.operands[0]
        }
        return value
    }
}
