import ApusGraph

extension Pooling {
    /// For each window in row-major order of `output`, the offsets in `input` of its elements, padding left out.
    fileprivate func windows(input: Shape, output: Shape) -> [[Int]] {
        let leading = input.rank - windowSize.count
        let window = Shape(windowSize)
        return output.allCoordinates.map { place in
            window.allCoordinates.compactMap { within in
                let position = input.indices.map { axis -> Int in
                    let pooled = axis - leading
                    guard pooled >= 0 else { return place[axis] }
                    return place[axis] * stride[pooled] - paddingLow[pooled] + within[pooled]
                }
                return input.contains(position) ? input.offset(of: position) : nil
            }
        }
    }

    /// What an average over a window with so many elements inside the input divides by.
    fileprivate func divisor(inside: Int) -> Double {
        Double(countsPadding ? Shape(windowSize).elementCount : inside)
    }
}

extension ReferenceTensor {
    func pooled(_ pooling: Pooling, as type: TensorType) -> ReferenceTensor {
        let windows = pooling.windows(input: shape, output: type.shape)
        switch pooling.kind {
        case .maximum: return picking(windows.map { firstExtreme(.maximum, at: $0) }, as: type.shape)
        case .average:
            let x = floats
            return ReferenceTensor(
                type,
                floats: windows.map { window in
                    window.reduce(0) { $0 + x[$1] } / pooling.divisor(inside: window.count)
                })
        }
    }

    /// Every element of a window gets its share of the window's gradient.
    static func averagePoolGradient(_ pooling: Pooling, _ gradient: ReferenceTensor, _ type: TensorType)
        -> ReferenceTensor
    {
        var result = [Double](repeating: 0, count: type.shape.elementCount)
        let windows = pooling.windows(input: type.shape, output: gradient.shape)
        for (window, share) in zip(windows, gradient.floats) {
            for offset in window { result[offset] += share / pooling.divisor(inside: window.count) }
        }
        return ReferenceTensor(type, floats: result)
    }

    /// The first greatest element of a window gets all of the window's gradient.
    static func maximumPoolGradient(_ pooling: Pooling, _ gradient: ReferenceTensor, x: ReferenceTensor)
        -> ReferenceTensor
    {
        let windows = pooling.windows(input: x.shape, output: gradient.shape)
        let pairs = windows.enumerated().map { (target: x.firstExtreme(.maximum, at: $1), source: $0) }
        return ReferenceTensor.zeros(x.type).adding(pairs, from: gradient)
    }
}
