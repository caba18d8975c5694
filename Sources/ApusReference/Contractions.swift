import ApusGraph

extension ReferenceTensor {
    /// `result[…, m, n] = Σₖ a[…, m, k] · b[…, k, n]`
    func multiplied(_ other: ReferenceTensor, as type: TensorType) -> ReferenceTensor {
        let (a, b) = (floats, other.floats)
        let inner = shape[shape.rank - 1]
        let (rows, columns) = (type.shape[type.shape.rank - 2], type.shape[type.shape.rank - 1])
        let values = (0..<type.shape.elementCount).map { offset -> Double in
            let (column, row) = (offset % columns, offset / columns % rows)
            let batch = offset / columns / rows
            return (0..<inner).reduce(0.0) { sum, k in
                sum + a[(batch * rows + row) * inner + k] * b[(batch * inner + k) * columns + column]
            }
        }
        return ReferenceTensor(type, floats: values)
    }

    /// `y[n, o, p] = Σ x[n, c, p·stride − padding + q·dilation] · weight[o, c, q]` over the channels `c` of `o`'s group
    /// and the places `q` of the kernel.
    static func convolution(
        _ geometry: Convolution, x: ReferenceTensor, weight: ReferenceTensor, _ type: TensorType
    ) -> ReferenceTensor {
        let (xs, weights) = (x.floats, weight.floats)
        var y = [Double](repeating: 0, count: type.shape.elementCount)
        geometry.forEachProduct(x: x.shape, weight: weight.shape, y: type.shape) { atX, atWeight, atY in
            y[atY] += xs[atX] * weights[atWeight]
        }
        return ReferenceTensor(type, floats: y)
    }

    /// The same products, each given back to the element of `x` that it came from.
    static func convolutionInputGradient(
        _ geometry: Convolution, gradient: ReferenceTensor, weight: ReferenceTensor, _ type: TensorType
    ) -> ReferenceTensor {
        let (gradients, weights) = (gradient.floats, weight.floats)
        var x = [Double](repeating: 0, count: type.shape.elementCount)
        geometry.forEachProduct(x: type.shape, weight: weight.shape, y: gradient.shape) { atX, atWeight, atY in
            x[atX] += gradients[atY] * weights[atWeight]
        }
        return ReferenceTensor(type, floats: x)
    }

    /// The same products, each given back to the element of the weight that it came from.
    static func convolutionWeightGradient(
        _ geometry: Convolution, x: ReferenceTensor, gradient: ReferenceTensor, _ type: TensorType
    ) -> ReferenceTensor {
        let (xs, gradients) = (x.floats, gradient.floats)
        var weight = [Double](repeating: 0, count: type.shape.elementCount)
        geometry.forEachProduct(x: x.shape, weight: type.shape, y: gradient.shape) { atX, atWeight, atY in
            weight[atWeight] += xs[atX] * gradients[atY]
        }
        return ReferenceTensor(type, floats: weight)
    }
}

extension Convolution {
    /// Calls `body` with the offsets of the three elements that meet in each product of a convolution.
    fileprivate func forEachProduct(
        x: Shape, weight: Shape, y: Shape, _ body: (_ atX: Int, _ atWeight: Int, _ atY: Int) -> Void
    ) {
        let channels = weight[1]  // of one group
        let outputsPerGroup = weight[0] / groups
        let input = Shape(Array(x[2...]))
        let (places, taps) = (Shape(Array(y[2...])), Shape(Array(weight[2...])))

        for (place, p) in places.allCoordinates.enumerated() {
            for (tap, q) in taps.allCoordinates.enumerated() {
                let position = stride.indices.map { p[$0] * stride[$0] - paddingLow[$0] + q[$0] * dilation[$0] }
                guard input.contains(position) else { continue }
                let inside = input.offset(of: position)
                for n in 0..<y[0] {
                    for o in 0..<y[1] {
                        for c in 0..<channels {
                            let channel = o / outputsPerGroup * channels + c
                            body(
                                (n * x[1] + channel) * input.elementCount + inside,
                                (o * channels + c) * taps.elementCount + tap,
                                (n * y[1] + o) * places.elementCount + place)
                        }
                    }
                }
            }
        }
    }
}
