import ApusGraph

extension ReferenceTensor {
    func transposed(_ permutation: [Int]) -> ReferenceTensor {
        let result = Shape(permutation.map { shape[$0] })
        return picking(as: result) { place in
            var source = place
            for (axis, from) in permutation.enumerated() { source[from] = place[axis] }
            return source
        }
    }

    func broadcast(to result: Shape) -> ReferenceTensor {
        let added = result.rank - shape.rank
        return picking(as: result) { place in
            shape.indices.map { shape[$0] == 1 ? 0 : place[$0 + added] }
        }
    }

    func sliced(_ ranges: [SliceRange]) -> ReferenceTensor {
        picking(as: Shape(ranges.map(\.count))) { place in
            zip(place, ranges).map { $1.start + $0 * $1.step }
        }
    }

    func reversed(axes: [Int]) -> ReferenceTensor {
        picking(as: shape) { place in
            shape.indices.map { axes.contains($0) ? shape[$0] - 1 - place[$0] : place[$0] }
        }
    }

    func padded(_ value: ReferenceTensor, low: [Int], to result: Shape) -> ReferenceTensor {
        let pairs = shape.allCoordinates.enumerated().map { offset, place in
            (target: result.offset(of: zip(place, low).map { $0 + $1 }), source: offset)
        }
        return value.broadcast(to: result).replacing(pairs, from: self)
    }

    static func concatenation(of parts: [ReferenceTensor], axis: Int, _ type: TensorType) -> ReferenceTensor {
        var result = ReferenceTensor.zeros(type)
        var start = 0
        for part in parts {
            let pairs = part.shape.allCoordinates.enumerated().map { offset, place in
                var target = place
                target[axis] += start
                return (target: type.shape.offset(of: target), source: offset)
            }
            result = result.replacing(pairs, from: part)
            start += part.shape[axis]
        }
        return result
    }

    /// The value of shape `result` whose element at a place is this one's at the source of that place.
    func picking(as result: Shape, _ source: (_ place: [Int]) -> [Int]) -> ReferenceTensor {
        picking(result.allCoordinates.map { shape.offset(of: source($0)) }, as: result)
    }
}
