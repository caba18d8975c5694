import ApusTensor

/// `(x − mean) / standardDeviation`, each channel by its own.
public struct Normalize: ImageTransform, Hashable, Codable {
    /// What is subtracted, one number a channel.
    public let mean: [Float]
    /// What is divided by, one positive number a channel.
    public let standardDeviation: [Float]

    public init(mean: [Float], standardDeviation: [Float]) {
        precondition(
            mean.count == standardDeviation.count && !mean.isEmpty,
            "Normalize: \(mean.count) means and \(standardDeviation.count) deviations; expected as many")
        precondition(standardDeviation.allSatisfy { $0 > 0 }, "Normalize: deviations must be positive")
        self.mean = mean
        self.standardDeviation = standardDeviation
    }

    /// What networks trained on ImageNet expect.
    public static let imageNet = Normalize(mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        apply(image) { channel, value in (value - mean[channel]) / standardDeviation[channel] }
    }

    /// The picture before it was normalized.
    public func inverse(_ image: FloatImage) -> FloatImage {
        apply(image) { channel, value in value * standardDeviation[channel] + mean[channel] }
    }

    private func apply(_ image: FloatImage, _ body: (_ channel: Int, _ value: Float) -> Float) -> FloatImage {
        precondition(
            image.channels == mean.count, "Normalize: \(mean.count) means for a picture of \(image.channels) channels")
        var result = image
        for i in result.values.indices { result.values[i] = body(i / image.planeCount, result.values[i]) }
        return result
    }
}

/// Replaces a random rectangle with a value or with noise, with probability `p`.
///
/// Reference: Zhong et al., “Random erasing data augmentation”, AAAI 2020.
public struct RandomErasing: ImageTransform {
    /// What the rectangle is filled with.
    public enum Replacement: Sendable {
        case value(Float)
        /// Standard normal numbers.
        case noise
    }
    /// How likely a rectangle is replaced, 0 to 1; 0.5 by default.
    public let probability: Double
    /// The rectangle's share of the picture's area.
    public let scale: ClosedRange<Double>
    /// Width over height, drawn uniformly in its logarithm.
    public let ratio: ClosedRange<Double>
    /// What the rectangle is filled with; 0 by default.
    public let replacement: Replacement

    public init(
        probability: Double = 0.5, scale: ClosedRange<Double> = 0.02...0.33, ratio: ClosedRange<Double> = 0.3...3.3,
        replacement: Replacement = .value(0)
    ) {
        self.probability = probability
        self.scale = scale
        self.ratio = ratio
        self.replacement = replacement
    }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        guard generator.unit() < probability,
            let block = RandomBlock(scale: scale, ratio: ratio).draw(in: image, using: generator)
        else { return image }
        var result = image
        for c in 0..<image.channels {
            for y in block.top..<(block.top + block.height) {
                for x in block.left..<(block.left + block.width) {
                    switch replacement {
                    case .value(let value): result[c, y, x] = value
                    case .noise: result[c, y, x] = Float(generator.normal())
                    }
                }
            }
        }
        return result
    }
}
