import ApusGraph

/// A number for a block of memory that a plan uses.
typealias StorageID = Int

/// How a value lies in a storage: where it starts and how far apart its neighbours are, in elements. Strides may be 0 or negative.
struct View: Hashable {
    var storage: StorageID
    var offset: Int
    var shape: [Int]
    var strides: [Int]
    var dtype: DType

    /// Dense in row-major order of its axes taken in `order`, outermost first.
    init(dense storage: StorageID, _ type: TensorType, order: [Int]? = nil) {
        self.storage = storage
        offset = 0
        shape = type.shape.dimensions
        dtype = type.dtype
        strides = [Int](repeating: 1, count: shape.count)
        var step = 1
        for axis in (order ?? Array(shape.indices)).reversed() {
            strides[axis] = step
            step *= max(1, shape[axis])
        }
    }

    var elementCount: Int { shape.reduce(1, *) }

    /// Whether memory order is row-major order with no gaps. Axes of extent 1 don't matter.
    var isContiguous: Bool { hasDenseOrder(Array(shape.indices)) }

    /// Whether the view is dense with its axes in memory in this order.
    func hasDenseOrder(_ order: [Int]) -> Bool {
        if elementCount == 0 { return true }
        var expected = 1
        for axis in order.reversed() where shape[axis] != 1 {
            guard strides[axis] == expected else { return false }
            expected *= shape[axis]
        }
        return true
    }

    /// The axes from the farthest apart in memory to the nearest; equals keep their order.
    var memoryOrder: [Int] {
        shape.indices.sorted { (a, b) in
            let (strideA, strideB) = (abs(strides[a]), abs(strides[b]))
            // An axis of extent 1 has no say: it stays where it is among its neighbours.
            if shape[a] == 1 || shape[b] == 1 || strideA == strideB { return a < b }
            return strideA > strideB
        }
    }

    /// Whether every element is its own: no axis repeats.
    var isFull: Bool { shape.indices.allSatisfy { shape[$0] == 1 || strides[$0] != 0 } }

    // MARK: Movements that cost nothing

    func transposed(_ permutation: [Int]) -> View {
        var view = self
        view.shape = permutation.map { shape[$0] }
        view.strides = permutation.map { strides[$0] }
        return view
    }

    func broadcast(to target: [Int]) -> View {
        var view = self
        let added = target.count - shape.count
        view.strides = target.indices.map { axis in
            axis < added || (shape[axis - added] == 1 && target[axis] != 1) ? 0 : strides[axis - added]
        }
        view.shape = target
        return view
    }

    func sliced(_ ranges: [SliceRange]) -> View {
        var view = self
        view.shape = ranges.map(\.count)
        guard elementCount > 0, view.elementCount > 0 else { return view }
        for (axis, range) in ranges.enumerated() {
            view.offset += range.start * strides[axis]
            view.strides[axis] = strides[axis] * range.step
        }
        return view
    }

    func reversed(_ axes: [Int]) -> View {
        guard elementCount > 0 else { return self }
        var view = self
        for axis in axes {
            view.offset += (shape[axis] - 1) * strides[axis]
            view.strides[axis] = -strides[axis]
        }
        return view
    }

    /// The same elements as another shape, or nil where that takes a copy.
    func reshaped(_ target: [Int]) -> View? {
        var view = self
        view.shape = target
        view.strides = [Int](repeating: 0, count: target.count)
        if elementCount == 0 { return view }

        // Groups of axes with equal products correspond; within a group the old axes must be one run of memory.
        let axes = shape.indices.filter { shape[$0] != 1 }
        var (old, new) = (0, 0)
        while old < axes.count || new < target.count {
            var oldProduct = 1
            var newProduct = 1
            let (firstOld, firstNew) = (old, new)
            repeat {
                if oldProduct <= newProduct, old < axes.count {
                    oldProduct *= shape[axes[old]]
                    old += 1
                } else if new < target.count {
                    newProduct *= target[new]
                    new += 1
                } else {
                    break
                }
            } while oldProduct != newProduct
            for index in firstOld..<max(firstOld, old - 1) {
                let (outer, inner) = (axes[index], axes[index + 1])
                guard strides[outer] == strides[inner] * shape[inner] else { return nil }
            }
            var step = old > firstOld ? strides[axes[old - 1]] : 1
            for axis in (firstNew..<new).reversed() {
                view.strides[axis] = step
                step *= target[axis]
            }
        }
        return view
    }
}

/// Merges neighbouring axes of a loop where every operand's strides allow it, and drops axes of extent 1.
///
/// - Returns: the shape, and strides for each operand; at least one axis.
func collapse(_ shape: [Int], _ operands: [[Int]]) -> (shape: [Int], strides: [[Int]]) {
    var result: [Int] = []
    var strides = [[Int]](repeating: [], count: operands.count)
    for axis in shape.indices where shape[axis] != 1 {
        let last = result.count - 1
        let merges =
            last >= 0
            && operands.indices.allSatisfy { strides[$0][last] == operands[$0][axis] * shape[axis] }
        if merges {
            result[last] *= shape[axis]
            for index in operands.indices { strides[index][last] = operands[index][axis] }
        } else {
            result.append(shape[axis])
            for index in operands.indices { strides[index].append(operands[index][axis]) }
        }
    }
    if result.isEmpty { return ([1], operands.map { _ in [0] }) }
    return (result, strides)
}
