// Images sampled at computed places.

/// How values between pixels come about.
public enum GridInterpolation: String, Sendable, Codable, CaseIterable {
    /// Between two pixels on each axis: bilinear, trilinear.
    case linear
    /// The pixel whose centre is nearest.
    case nearest
    /// Between four pixels on each axis (a = −3/4).
    case cubic
}

/// What is outside of an image.
public enum GridPadding: String, Sendable, Codable, CaseIterable {
    /// Zeros.
    case zeros
    /// The pixel at the border.
    case border
    /// The image mirrored at its border.
    case reflection
}

/// The values of images at computed places (Jaderberg et al. 2015, "Spatial Transformer Networks"; grid_sample).
///
/// - Parameters:
///   - grid: places in [−1, 1] from one border to the other, the last axis's first: `(x, y)` or `(x, y, z)`.
///   - alignCorners: whether −1 and 1 are the centres of the corner pixels rather than their outer corners.
/// - Input: `x (N, C, H, W)` or `(N, C, D, H, W)`, `grid (N, …, 2)` or `(N, …, 3)`. Output: `(N, C, …)`.
public func gridSample(
    _ x: Tensor, _ grid: Tensor, mode: GridInterpolation = .linear, padding: GridPadding = .zeros,
    alignCorners: Bool = false
) -> Tensor {
    let n = x.rank - 2
    guard n >= 1, grid.rank == x.rank, grid.shape[0] == x.shape[0], grid.shape[grid.rank - 1] == n,
        x.shape.dropFirst(2).allSatisfy({ $0 > 0 })
    else { return x.invalid("gridSample: \(x.shape) at places \(grid.shape)") }
    let axes = (0..<n).map { axis in
        SampledAxis(size: x.shape[axis + 2], padding: padding, alignCorners: alignCorners)
    }
    let count = grid.shape.dropFirst().dropLast().reduce(1, *)
    let points = grid.cast(to: x.dtype).reshaped([x.shape[0], count, n])  // (N, P, n)
    // For each axis its few neighbours of each point, and their shares.
    let neighbours = axes.enumerated().map { axis, sampled in
        sampled.neighbours(of: points.sliced(axis: 2, n - 1 - axis, 1).squeezed(2), mode)
    }
    // The neighbours of a point are all combinations of those on its axes.
    let first = SampledPoint(index: nil, weight: nil)
    let strides = Shape(Array(x.shape.dropFirst(2))).strides
    let combinations = axes.indices.reduce([first]) { combinations, axis in
        combinations.flatMap { point in neighbours[axis].map { point.adding($0, stride: strides[axis]) } }
    }
    let (batch, channels) = (x.shape[0], x.shape[1])
    let pixels = x.reshaped([batch, channels, Shape(Array(x.shape.dropFirst(2))).elementCount])
    let spread: Shape = [batch, channels, count]
    let terms = combinations.map { point -> Tensor in
        let values = pixels.gathered(elements: point.index!.expandingDims(1).broadcast(to: spread), axis: 2)
        return point.weight.map { values * $0.expandingDims(1) } ?? values
    }
    let result = terms.dropFirst().reduce(terms[0], +)  // (N, C, P)
    return result.reshaped(Shape([batch, channels] + grid.shape.dropFirst().dropLast()))
}

/// A pixel that has a share in each point's value: `(N, P)`.
private struct SampledPoint {
    let index: Tensor?, weight: Tensor?

    func adding(_ other: SampledPoint, stride: Int) -> SampledPoint {
        let further = stride == 1 ? other.index! : other.index! * stride
        let weights = [weight, other.weight].compactMap { $0 }
        return SampledPoint(
            index: index.map { $0 + further } ?? further,
            weight: weights.isEmpty ? nil : weights.dropFirst().reduce(weights[0], *))
    }
}

/// One axis of an image that is sampled.
private struct SampledAxis {
    let size: Int, padding: GridPadding, alignCorners: Bool

    /// The pixels that have a share in the value at places in [−1, 1].
    func neighbours(of points: Tensor, _ mode: GridInterpolation) -> [SampledPoint] {
        let places =
            alignCorners ? (points + 1) * (Double(size - 1) / 2) : ((points + 1) * Double(size) - 1) * 0.5
        switch mode {
        case .nearest: return [pixel(round(moved(places)), nil)]
        case .linear:
            let inside = moved(places)
            let low = floor(stopGradient(inside))
            let share = inside - low
            return [pixel(low, 1 - share), pixel(low + 1, share)]
        case .cubic:
            let low = floor(stopGradient(places))
            let shares = cubicShares(places - low)
            return shares.enumerated().map { pixel(moved(low + Double($0 - 1)), $1) }
        }
    }

    /// The pixel at a whole place; outside of the image its share is 0.
    private func pixel(_ place: Tensor, _ share: Tensor?) -> SampledPoint {
        let isInside = (place .>= 0) .& (place .<= Double(size - 1))
        let index = `where`(isInside, place, 0).cast(to: .int64)
        guard padding == .zeros || share != nil else { return SampledPoint(index: index, weight: nil) }
        let whole = share ?? .ones(like: place)
        return SampledPoint(index: index, weight: `where`(isInside, whole, 0))
    }

    /// Places outside of the image moved into it, as the padding says.
    private func moved(_ places: Tensor) -> Tensor {
        let last = Double(size - 1)
        switch padding {
        case .zeros: return places
        case .border: return hardTanh(places, low: 0, high: last)
        case .reflection:
            let (low, span) = alignCorners ? (0.0, last) : (-0.5, Double(size))
            guard span > 0 else { return places * 0 }
            // A triangle wave: up one span, down the next.
            let distance = abs(places - low) % (2 * span)
            let reflected = minimum(distance, 2 * span - distance) + low
            return hardTanh(reflected, low: 0, high: last)
        }
    }

    /// The shares of the four pixels around a place that is `t` behind the second (Keys 1981, a = −3/4).
    private func cubicShares(_ t: Tensor) -> [Tensor] {
        let a = -0.75
        func far(_ d: Tensor) -> Tensor { (((d - 5) * d + 8) * d - 4) * a }
        func near(_ d: Tensor) -> Tensor { (d * (a + 2) - (a + 3)) * d * d + 1 }
        return [far(t + 1), near(t), near(1 - t), far(2 - t)]
    }
}

/// The places that an affine map takes the pixels of an image to: what `gridSample` samples at (affine_grid).
///
/// - Input: `theta (N, 2, 3)` with `size [N, C, H, W]`, or `(N, 3, 4)` with `[N, C, D, H, W]`. Output: `(N, H, W, 2)` or `(N, D, H, W, 3)`.
public func affineGrid(_ theta: Tensor, size: [Int], alignCorners: Bool = false) -> Tensor {
    let n = size.count - 2
    guard n >= 1, theta.shape == [size[0], n, n + 1] else {
        return theta.invalid("affineGrid: \(theta.shape) for an image \(size)")
    }
    let spatial = Array(size.dropFirst(2))
    let lines = spatial.map { extent -> Tensor in
        if extent == 1 { return .zeros([1], dtype: theta.dtype) }
        let line = Tensor.linspace(-1, 1, count: extent, dtype: theta.dtype)
        return alignCorners ? line : line * (Double(extent - 1) / Double(extent))
    }
    // Coordinates of all pixels, the last axis's first, and 1: (P, n + 1)
    let coordinates = meshgrid(lines).reversed().map { $0.flattened() }
    let ones = Tensor.ones([spatial.reduce(1, *)], dtype: theta.dtype)
    let places = matmul(stack(coordinates + [ones], axis: 1), theta.T)  // (N, P, n)
    return places.reshaped(Shape([size[0]] + spatial + [n]))
}
