import ApusGraph

extension ReferenceTensor {
    func sorted(axis: Int, descending: Bool) -> ReferenceTensor {
        var sources = [Int](repeating: 0, count: shape.elementCount)
        for line in shape.lines(along: axis) {
            for (target, index) in zip(line, order(of: line, descending: descending)) { sources[target] = line[index] }
        }
        return picking(sources, as: shape)
    }

    func sortingIndices(axis: Int, descending: Bool) -> ReferenceTensor {
        var indices = [Int64](repeating: 0, count: shape.elementCount)
        for line in shape.lines(along: axis) {
            for (target, index) in zip(line, order(of: line, descending: descending)) { indices[target] = Int64(index) }
        }
        return ReferenceTensor(TensorType(shape, .int64), integers: indices)
    }

    /// The indices along a line in the order of its elements; equal ones stay in their order, NaN comes last either
    /// way.
    private func order(of line: [Int], descending: Bool) -> [Int] {
        func ordered<Element: Comparable>(_ indices: [Int], _ values: [Element]) -> [Int] {
            indices.sorted { i, j in
                let (a, b) = (values[line[i]], values[line[j]])
                if a == b { return i < j }
                return descending ? a > b : a < b
            }
        }
        switch elements {
        case .integers(let values): return ordered(Array(line.indices), values)
        case .floats(let values):
            let numbers = line.indices.filter { !values[line[$0]].isNaN }
            return ordered(numbers, values) + line.indices.filter { values[line[$0]].isNaN }
        }
    }
}
