// Images of other sizes. Every method is a sum of a few neighbours on each axis, so one axis follows the other.

/// How values between pixels come about.
public enum InterpolationMode: String, Sendable, Codable, CaseIterable {
    /// The pixel at `⌊scale · i⌋`, as OpenCV's and PyTorch's nearest.
    case nearest
    /// The pixel whose centre is nearest, as Pillow's.
    case nearestExact
    /// On the line between two pixels: linear, bilinear, trilinear.
    case linear
    /// On a cubic through four pixels (Keys 1981, a = −3/4; with `antialias` a = −1/2, as in Pillow).
    case cubic
    /// The mean of all pixels that an output covers: adaptive average pooling.
    case area
}

/// The image in another size: `(N, C, …) → (N, C, size…)`, over 1 to 3 axes or more.
///
/// - Parameters:
///   - alignCorners: whether the centres of the corner pixels, rather than their outer corners, keep their places (linear and cubic).
///   - antialias: whether shrinking averages over all pixels that an output covers (linear and cubic).
public func interpolate(
    _ x: Tensor, size: any SpatialExtent, mode: InterpolationMode = .nearest, alignCorners: Bool = false,
    antialias: Bool = false
) -> Tensor {
    guard x.rank >= 3 else { return x.invalid("interpolate: \(x.shape) has no spatial axis behind (N, C)") }
    let sizes = size.extents(x.rank - 2)
    let resamplings = zip(x.shape.dropFirst(2), sizes).map { input, output in
        AxisResampling(from: input, to: output, mode: mode, alignCorners: alignCorners, antialias: antialias)
    }
    return resampled(x, resamplings)
}

/// The image `scale` times as large, on each axis or on all: the size is `⌊scale · size⌋`, and neighbours are `1 / scale` apart even where
/// that is rounded.
public func interpolate(
    _ x: Tensor, scale: [Double], mode: InterpolationMode = .nearest, alignCorners: Bool = false,
    antialias: Bool = false
) -> Tensor {
    guard x.rank >= 3, scale.count == 1 || scale.count == x.rank - 2,
        scale.allSatisfy({ $0 > 0 && $0 * Double(x.shape.reduce(1, max)) < 0x1p53 })
    else { return x.invalid("interpolate: \(x.shape) by \(scale)") }
    let scales = scale.count == 1 ? [Double](repeating: scale[0], count: x.rank - 2) : scale
    let resamplings = zip(x.shape.dropFirst(2), scales).map { input, scale in
        AxisResampling(
            from: input, to: Int(Double(input) * scale), scale: scale, mode: mode, alignCorners: alignCorners,
            antialias: antialias)
    }
    return resampled(x, resamplings)
}

private func resampled(_ x: Tensor, _ resamplings: [AxisResampling]) -> Tensor {
    guard resamplings.allSatisfy({ $0.inputSize > 0 && $0.outputSize > 0 }) else {
        return x.invalid("interpolate: \(x.shape) to the size \(resamplings.map(\.outputSize))")
    }
    // Axes that shrink most come first: there is less to do for the others.
    let order = resamplings.indices.sorted { resamplings[$0].growth < resamplings[$1].growth }
    let result = order.reduce(x.widened16) { $0.resampled(resamplings[$1], axis: $1 + 2) }
    return x.dtype.isFloatingPoint ? result.cast(to: x.dtype) : result
}

/// Which elements of an axis the elements of another size are made of.
private struct AxisResampling {
    let inputSize: Int, outputSize: Int
    /// For each neighbour, its index and its share in every output.
    private(set) var indices: [[Int]] = []
    private(set) var weights: [[Double]] = []

    var growth: Double { Double(outputSize) / Double(inputSize) }
    /// Whether each output is one element.
    var isSelection: Bool { weights.count == 1 && weights[0].allSatisfy { $0 == 1 } }
    var isIdentity: Bool { isSelection && indices[0] == Array(0..<inputSize) }
    /// How often each element is repeated, if that is all there is to it.
    var repetition: Int? {
        guard isSelection, outputSize % inputSize == 0 else { return nil }
        let count = outputSize / inputSize
        return indices[0].indices.allSatisfy { indices[0][$0] == $0 / count } ? count : nil
    }

    init(
        from input: Int, to output: Int, scale: Double? = nil, mode: InterpolationMode, alignCorners: Bool,
        antialias: Bool
    ) {
        (inputSize, outputSize) = (input, output)
        guard input > 0, output > 0 else { return }
        let step = scale.map { 1 / $0 } ?? Double(input) / Double(output)
        let cornerStep = output > 1 ? Double(input - 1) / Double(output - 1) : 0
        let distance = alignCorners ? cornerStep : step
        func place(_ i: Int) -> Double { alignCorners ? Double(i) * cornerStep : (Double(i) + 0.5) * step - 0.5 }

        let neighbours: [[(Int, Double)]] = (0..<output).map { i in
            switch mode {
            // In float32 as PyTorch computes it, for the same pixel where two are as near.
            case .nearest: [(Int(Float(i) * Float(step)), 1)]
            case .nearestExact: [(Int((Float(i) + 0.5) * Float(step)), 1)]
            case .linear where antialias:
                Self.filtered(distance * (Double(i) + 0.5), distance, 1, input) { max(0, 1 - abs($0)) }
            case .cubic where antialias:
                Self.filtered(distance * (Double(i) + 0.5), distance, 2, input) { Self.cubic($0, a: -0.5) }
            case .linear:
                Self.spread(max(0, place(i)), -0...1) { max(0, 1 - abs($0)) }
            case .cubic:
                Self.spread(place(i), -1...2) { Self.cubic($0, a: -0.75) }
            case .area: Self.covered(i * input / output, ((i + 1) * input + output - 1) / output)
            }
        }
        let count = neighbours.reduce(0) { max($0, $1.count) }
        for number in 0..<count {
            let column = neighbours.map { number < $0.count ? $0[number] : (0, 0) }
            indices.append(column.map { min(max($0.0, 0), input - 1) })
            weights.append(column.map(\.1))
        }
    }

    /// Elements around a place with weights by their distance from it.
    private static func spread(
        _ place: Double, _ offsets: ClosedRange<Int>, _ weight: (Double) -> Double
    ) -> [(Int, Double)] {
        let base = place.rounded(.down)
        return offsets.map { (Int(base) + $0, weight(place - base - Double($0))) }
    }

    /// All elements with equal weights.
    private static func covered(_ start: Int, _ end: Int) -> [(Int, Double)] {
        (start..<end).map { ($0, 1 / Double(end - start)) }
    }

    /// Elements within a filter's reach of a centre, which grows with the distance of outputs; weights add up to 1.
    private static func filtered(
        _ centre: Double, _ distance: Double, _ reach: Double, _ input: Int, _ filter: (Double) -> Double
    ) -> [(Int, Double)] {
        let stretch = max(1, distance)
        let start = max(0, Int(centre - reach * stretch + 0.5))
        let end = min(input, Int(centre + reach * stretch + 0.5))
        let weights = (start..<end).map { filter((Double($0) - centre + 0.5) / stretch) }
        let total = weights.reduce(0, +)
        return zip(start..<end, weights).map { ($0, $1 / total) }
    }

    /// Keys' cubic kernel.
    private static func cubic(_ distance: Double, a: Double) -> Double {
        let d = abs(distance)
        if d <= 1 { return ((a + 2) * d - (a + 3)) * d * d + 1 }
        return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0
    }

    /// The shares as a matrix `(input, output)`.
    func matrix(_ dtype: DType) -> Tensor {
        var elements = [Double](repeating: 0, count: inputSize * outputSize)
        for (indices, weights) in zip(indices, weights) {
            for (output, (index, weight)) in zip(indices, weights).enumerated() {
                elements[index * outputSize + output] += weight
            }
        }
        return Tensor(elements, shape: [inputSize, outputSize], dtype: dtype)
    }
}

extension Tensor {
    /// 16-bit floats as float32: intermediate sums would lose digits.
    fileprivate var widened16: Tensor { cast(to: dtype.ofArithmetic) }

    fileprivate func resampled(_ resampling: AxisResampling, axis: Int) -> Tensor {
        if resampling.isIdentity { return self }
        if let count = resampling.repetition { return repeatInterleaved(count, axis: axis) }
        if resampling.isSelection { return gathered(Tensor(resampling.indices[0]), axis: axis) }
        let x = floating
        // Many neighbours are a matrix product.
        if resampling.indices.count > 4 {
            return matmul(x.movingAxis(axis, to: -1), resampling.matrix(x.dtype)).movingAxis(-1, to: axis)
        }
        var line = Shape([Int](repeating: 1, count: rank))
        line[axis] = resampling.outputSize
        let terms = zip(resampling.indices, resampling.weights).map { indices, weights in
            x.gathered(Tensor(indices), axis: axis) * Tensor(weights, shape: line, dtype: x.dtype)
        }
        return terms.dropFirst().reduce(terms[0], +)
    }
}
