/// The gradients that slices of one tensor hand back to it.
///
/// A tensor cut into n parts (`split`, gates, steps of a sequence) gets one concatenation rather than the sum of n padded tensors.
struct SlicedGradient {
    private let shape: Shape
    private var parts: [(ranges: [SliceRange], gradient: Tensor)] = []
    private var places: [[SliceRange]: Int] = [:]

    init(shape: Shape) { self.shape = shape }

    mutating func add(_ ranges: [SliceRange], _ gradient: Tensor) {
        if let same = places[ranges] {
            parts[same].gradient += gradient
        } else {
            places[ranges] = parts.count
            parts.append((ranges, gradient))
        }
    }

    /// All parts in their places, zeros between them.
    var total: Tensor {
        guard parts.count > 1, let axis = onlyCutAxis else { return sum }
        let ordered = parts.sorted { $0.ranges[axis].start < $1.ranges[axis].start }
        var pieces: [Tensor] = []
        var end = 0

        func fill(to start: Int) {
            var gap = shape
            gap[axis] = start - end
            if start > end { pieces.append(.zeros(gap, dtype: parts[0].gradient.dtype)) }
        }
        for (ranges, gradient) in ordered {
            let range = ranges[axis]
            guard range.start >= end else { return sum }
            fill(to: range.start)
            pieces.append(gradient)
            end = range.start + range.count
        }
        fill(to: shape[axis])
        return concatenate(pieces, axis: axis)
    }

    private var sum: Tensor {
        let padded = parts.map { sliceGradient($0.ranges, shape, $0.gradient) }
        return padded.dropFirst().reduce(padded[0], +)
    }

    /// The axis along which all parts are cut, if they are whole along all others and made of neighbours.
    private var onlyCutAxis: Int? {
        let cut = shape.indices.filter { axis in
            parts.contains { $0.ranges[axis] != SliceRange(start: 0, count: shape[axis]) }
        }
        guard cut.count == 1, parts.allSatisfy({ $0.ranges[cut[0]].step == 1 && $0.ranges[cut[0]].count > 0 }) else {
            return nil
        }
        return cut[0]
    }
}
