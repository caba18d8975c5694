import ApusGraph

extension Shape {
    /// The index on each axis of an element given by its place in row-major order.
    func coordinates(of offset: Int) -> [Int] {
        var rest = offset
        var coordinates = [Int](repeating: 0, count: rank)
        for axis in indices.reversed() {
            coordinates[axis] = rest % self[axis]
            rest /= self[axis]
        }
        return coordinates
    }

    /// The place in row-major order of an element given by its index on each axis.
    func offset(of coordinates: [Int]) -> Int {
        zip(coordinates, dimensions).reduce(0) { offset, next in offset * next.1 + next.0 }
    }

    /// The coordinates of every element in row-major order.
    var allCoordinates: LazyMapSequence<Range<Int>, [Int]> { (0..<elementCount).lazy.map { coordinates(of: $0) } }

    /// The offsets of the elements of each line along `axis`, the lines in row-major order of the shape without `axis`.
    func lines(along axis: Int) -> [[Int]] {
        let step = strides[axis]
        return removing(axes: [axis]).allCoordinates.map { others in
            var first = others
            first.insert(0, at: axis)
            let start = offset(of: first)
            return (0..<self[axis]).map { start + $0 * step }
        }
    }
}

extension Shape {
    /// Whether there is an element at these coordinates.
    func contains(_ coordinates: [Int]) -> Bool {
        zip(coordinates, dimensions).allSatisfy { $0 >= 0 && $0 < $1 }
    }
}
