import ApusGraph

/// An order of an activation's elements that oneDNN has a name for.
enum ActivationFormat {
    /// `(N, C, …)` row-major.
    case plain
    case channelsLast
    /// 16 channels next to each other, then space, then the blocks of channels.
    case blocked

    /// The axes of the layout's view, outermost first.
    func order(rank: Int) -> [Int] {
        switch self {
        case .plain: Array(0..<rank)
        case .channelsLast: [0] + Array(2..<rank) + [1]
        case .blocked: [0, 1] + Array(3...rank) + [2]
        }
    }
}

extension Planner {
    /// The format that a result takes over from an operand; plain where the operand has none of the others.
    mutating func format(of value: Int) -> ActivationFormat {
        let x = layout(value)
        guard let view = x.plain else { return x.split == 1 ? .blocked : .plain }
        let channelsLast = ActivationFormat.channelsLast.order(rank: view.shape.count)
        return view.hasDenseOrder(channelsLast) && !view.isContiguous ? .channelsLast : .plain
    }

    /// A value in a format, copied if need be.
    mutating func laidOut(_ value: Int, _ format: ActivationFormat) -> Layout {
        let order = format.order(rank: program.type(value).shape.rank)
        guard format == .blocked else { return Layout(dense(layout(value), order: order)) }
        let blocks = layout(value).split(at: 1) ?? view(value).split(1, by: Layout.blockSize)
        return Layout(dense(blocks, order: order), split: 1)
    }

    /// A fresh result in a format.
    mutating func newActivation(_ type: TensorType, _ format: ActivationFormat) -> Layout {
        let plain = View(dense: newStorage(type.byteCount), type)
        let shape = format == .blocked ? plain.split(1, by: Layout.blockSize).shape : plain.shape
        let order = format.order(rank: type.shape.rank)
        let view = View(dense: plain.storage, TensorType(Shape(shape), type.dtype), order: order)
        return Layout(view, split: format == .blocked ? 1 : nil)
    }
}
