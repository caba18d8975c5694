import ApusTensor

/// How pixels between pixels are found.
public enum Interpolation: Sendable, CaseIterable {
    case nearest
    case bilinear
    /// Keys' cubic convolution with a = −1/2.
    case bicubic

    /// Half the filter's width, in source pixels, when enlarging.
    fileprivate var support: Double { self == .bicubic ? 2 : 1 }

    fileprivate func weight(_ x: Double) -> Double {
        let x = abs(x)
        switch self {
        case .nearest: return x < 0.5 ? 1 : 0
        case .bilinear: return max(0, 1 - x)
        case .bicubic:
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
            return 0
        }
    }
}

/// For each pixel of a resized axis: the first source pixel and the weights of those from there on.
private struct FilterBank {
    struct Taps {
        let first: Int
        let weights: [Float]
    }
    let taps: [Taps]

    /// The filter widens by the scale when shrinking, so that every source pixel counts (antialiasing), as in Pillow.
    init(from oldCount: Int, to newCount: Int, _ interpolation: Interpolation) {
        let scale = Double(oldCount) / Double(newCount)
        let filterScale = max(scale, 1)
        let support = interpolation.support * filterScale
        taps = (0..<newCount).map { index in
            let center = (Double(index) + 0.5) * scale
            let first = max(0, Int(center - support + 0.5))
            let end = min(oldCount, Int(center + support + 0.5))
            let weights = (first..<end).map { interpolation.weight((Double($0) - center + 0.5) / filterScale) }
            let total = weights.reduce(0, +)
            return Taps(first: first, weights: weights.map { Float($0 / total) })
        }
    }
}

extension FloatImage {
    /// The whole picture scaled to a new size, with antialiasing when shrinking (the result is Pillow's `resize`).
    public func resized(height newHeight: Int, width newWidth: Int, _ interpolation: Interpolation = .bilinear)
        -> FloatImage
    {
        precondition(newHeight > 0 && newWidth > 0, "resized: \(newHeight)×\(newWidth) has no pixels")
        if newHeight == height && newWidth == width { return self }
        if interpolation == .nearest { return resizedToNearest(newHeight, newWidth) }
        return resizedHorizontally(FilterBank(from: width, to: newWidth, interpolation))
            .resizedVertically(FilterBank(from: height, to: newHeight, interpolation))
    }

    /// The picture scaled so that its shorter side has `size` pixels, its proportions kept.
    public func resized(shorterSide size: Int, _ interpolation: Interpolation = .bilinear) -> FloatImage {
        let longer = size * max(height, width) / min(height, width)
        return height <= width
            ? resized(height: size, width: longer, interpolation)
            : resized(height: longer, width: size, interpolation)
    }

    private func resizedToNearest(_ newHeight: Int, _ newWidth: Int) -> FloatImage {
        gathered(height: newHeight, width: newWidth) { y, x in
            let fromY = (2 * y + 1) * height / (2 * newHeight)
            let fromX = (2 * x + 1) * width / (2 * newWidth)
            return fromY * width + fromX
        }
    }

    private func resizedHorizontally(_ bank: FilterBank) -> FloatImage {
        let newWidth = bank.taps.count
        if newWidth == width { return self }
        var result = [Float](repeating: 0, count: channels * height * newWidth)
        for row in 0..<(channels * height) {
            for (x, taps) in bank.taps.enumerated() {
                var sum: Float = 0
                let start = row * width + taps.first
                for (k, weight) in taps.weights.enumerated() { sum += weight * values[start + k] }
                result[row * newWidth + x] = sum
            }
        }
        return FloatImage(channels: channels, height: height, width: newWidth, values: result)
    }

    private func resizedVertically(_ bank: FilterBank) -> FloatImage {
        let newHeight = bank.taps.count
        if newHeight == height { return self }
        var result = [Float](repeating: 0, count: channels * newHeight * width)
        for c in 0..<channels {
            for (y, taps) in bank.taps.enumerated() {
                let target = (c * newHeight + y) * width
                for (k, weight) in taps.weights.enumerated() {
                    let source = (c * height + taps.first + k) * width
                    for x in 0..<width { result[target + x] += weight * values[source + x] }
                }
            }
        }
        return FloatImage(channels: channels, height: newHeight, width: width, values: result)
    }
}

/// Scales a picture: to a fixed size, or its shorter side to a length.
public struct Resize: ImageTransform {
    private enum Target {
        case fixed(height: Int, width: Int)
        case shorterSide(Int)
    }
    private let target: Target
    private let interpolation: Interpolation

    public init(height: Int, width: Int, _ interpolation: Interpolation = .bilinear) {
        target = .fixed(height: height, width: width)
        self.interpolation = interpolation
    }

    public init(shorterSide: Int, _ interpolation: Interpolation = .bilinear) {
        target = .shorterSide(shorterSide)
        self.interpolation = interpolation
    }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        switch target {
        case .fixed(let height, let width): image.resized(height: height, width: width, interpolation)
        case .shorterSide(let size): image.resized(shorterSide: size, interpolation)
        }
    }
}
