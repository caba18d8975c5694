import ApusTensor
import Foundation

/// What lies outside of a picture's edges.
public enum Padding: Sendable {
    /// One value everywhere.
    case constant(Float)
    /// The nearest pixel of the edge.
    case edge
    /// The picture mirrored, without its edge pixels repeated: `dcb|abcd|cba`.
    case reflect
}

extension FloatImage {
    /// The picture with a margin on all sides.
    public func padded(_ margin: Int, _ padding: Padding = .constant(0)) -> FloatImage {
        padded(top: margin, bottom: margin, left: margin, right: margin, padding)
    }

    /// The picture with a margin. A reflected margin must be smaller than the picture.
    public func padded(top: Int, bottom: Int, left: Int, right: Int, _ padding: Padding = .constant(0)) -> FloatImage {
        let margins = [top, bottom, left, right]
        precondition(margins.allSatisfy { $0 >= 0 }, "padded: negative margin in \(margins)")
        let (newHeight, newWidth) = (height + top + bottom, width + left + right)
        switch padding {
        case .constant(let value):
            var result = FloatImage(
                height: newHeight, width: newWidth, filledWith: [Float](repeating: value, count: channels))
            result.paste(self, top: top, left: left)
            return result
        case .edge:
            return gathered(height: newHeight, width: newWidth) { y, x in
                min(max(y - top, 0), height - 1) * width + min(max(x - left, 0), width - 1)
            }
        case .reflect:
            precondition(
                max(top, bottom) < height && max(left, right) < width,
                "padded: margins \(margins) can't reflect a picture of \(height)×\(width)")
            return gathered(height: newHeight, width: newWidth) { y, x in
                Self.reflect(y - top, height) * width + Self.reflect(x - left, width)
            }
        }
    }

    private static func reflect(_ position: Int, _ count: Int) -> Int {
        let position = abs(position)
        return position < count ? position : 2 * (count - 1) - position
    }

    /// Replaces the block at (top, left) with another picture.
    mutating func paste(_ image: FloatImage, top: Int, left: Int) {
        for c in 0..<channels {
            for y in 0..<image.height {
                let source = (c * image.height + y) * image.width
                let target = (c * height + top + y) * width + left
                values.replaceSubrange(
                    target..<(target + image.width), with: image.values[source..<(source + image.width)])
            }
        }
    }

    /// The block of the given size whose upper left corner is at (top, left); it must lie inside.
    public func cropped(top: Int, left: Int, height newHeight: Int, width newWidth: Int) -> FloatImage {
        precondition(
            top >= 0 && left >= 0 && top + newHeight <= height && left + newWidth <= width,
            "cropped: \(newHeight)×\(newWidth) at (\(top), \(left)) leaves the picture of \(height)×\(width)")
        var result = [Float]()
        result.reserveCapacity(channels * newHeight * newWidth)
        for c in 0..<channels {
            for y in top..<(top + newHeight) {
                let start = (c * height + y) * width + left
                result.append(contentsOf: values[start..<(start + newWidth)])
            }
        }
        return FloatImage(channels: channels, height: newHeight, width: newWidth, values: result)
    }

    /// The middle of the picture, which is padded with zeros where it is smaller than asked for.
    public func centerCropped(height newHeight: Int, width newWidth: Int) -> FloatImage {
        let large = paddedToAtLeast(height: newHeight, width: newWidth, .constant(0))
        // Halves round to even, as in torchvision.
        let top = Int((Double(large.height - newHeight) / 2).rounded(.toNearestOrEven))
        let left = Int((Double(large.width - newWidth) / 2).rounded(.toNearestOrEven))
        return large.cropped(top: top, left: left, height: newHeight, width: newWidth)
    }

    /// The picture, with margins where it is smaller than asked for.
    fileprivate func paddedToAtLeast(height newHeight: Int, width newWidth: Int, _ padding: Padding) -> FloatImage {
        let (missingRows, missingColumns) = (max(0, newHeight - height), max(0, newWidth - width))
        if missingRows == 0 && missingColumns == 0 { return self }
        return padded(
            top: missingRows / 2, bottom: (missingRows + 1) / 2, left: missingColumns / 2,
            right: (missingColumns + 1) / 2, padding)
    }
}

/// The middle of a picture.
public struct CenterCrop: ImageTransform {
    /// Rows of the result, in pixels.
    public let height: Int
    /// Columns of the result, in pixels.
    public let width: Int

    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    public init(_ size: Int) { self.init(height: size, width: size) }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        image.centerCropped(height: height, width: width)
    }
}

/// A block at a random place of a picture that is padded first.
public struct RandomCrop: ImageTransform {
    /// Rows of the result, in pixels.
    public let height: Int
    /// Columns of the result, in pixels.
    public let width: Int
    /// Pixels added on each side before cropping; 0 by default.
    public let margin: Int
    /// What the added pixels are; 0 by default.
    public let padding: Padding

    public init(height: Int, width: Int, padding margin: Int = 0, _ padding: Padding = .constant(0)) {
        self.height = height
        self.width = width
        self.margin = margin
        self.padding = padding
    }

    public init(_ size: Int, padding margin: Int = 0, _ padding: Padding = .constant(0)) {
        self.init(height: size, width: size, padding: margin, padding)
    }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        let padded = margin == 0 ? image : image.padded(margin, padding)
        let large = padded.paddedToAtLeast(height: height, width: width, padding)
        let top = generator.integer(below: large.height - height + 1)
        let left = generator.integer(below: large.width - width + 1)
        return large.cropped(top: top, left: left, height: height, width: width)
    }
}

/// A block of random area and proportions, scaled to a fixed size (Szegedy et al. 2015, “Inception crop”).
public struct RandomResizedCrop: ImageTransform {
    /// Rows of the result, in pixels.
    public let height: Int
    /// Columns of the result, in pixels.
    public let width: Int
    /// The block's share of the picture's area.
    public let scale: ClosedRange<Double>
    /// Width over height, drawn uniformly in its logarithm.
    public let ratio: ClosedRange<Double>
    /// How the block is scaled; bilinear by default.
    public let interpolation: Interpolation

    public init(
        height: Int, width: Int, scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 3 / 4...4 / 3,
        _ interpolation: Interpolation = .bilinear
    ) {
        self.height = height
        self.width = width
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation
    }

    public init(_ size: Int, scale: ClosedRange<Double> = 0.08...1) {
        self.init(height: size, width: size, scale: scale)
    }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        let block = RandomBlock(scale: scale, ratio: ratio).draw(in: image, using: generator) ?? fallback(image)
        return image.cropped(top: block.top, left: block.left, height: block.height, width: block.width)
            .resized(height: height, width: width, interpolation)
    }

    /// The largest centred block with allowed proportions.
    private func fallback(_ image: FloatImage) -> RandomBlock.Block {
        let own = Double(image.width) / Double(image.height)
        var (h, w) = (image.height, image.width)
        if own < ratio.lowerBound { h = min(h, Int((Double(w) / ratio.lowerBound).rounded())) }
        if own > ratio.upperBound { w = min(w, Int((Double(h) * ratio.upperBound).rounded())) }
        return .init(top: (image.height - h) / 2, left: (image.width - w) / 2, height: h, width: w)
    }
}

/// A rectangle of random area, proportions and place.
struct RandomBlock {
    struct Block {
        let top, left, height, width: Int
    }
    let scale: ClosedRange<Double>
    let ratio: ClosedRange<Double>

    /// Nil where ten draws gave none that fits.
    func draw(in image: FloatImage, using generator: Generator) -> Block? {
        for _ in 0..<10 {
            let area = Double(image.planeCount) * generator.uniform(in: scale)
            let ratio = exp(generator.uniform(in: log(ratio.lowerBound)...log(ratio.upperBound)))
            let width = Int((area * ratio).squareRoot().rounded())
            let height = Int((area / ratio).squareRoot().rounded())
            guard (1...image.width).contains(width), (1...image.height).contains(height) else { continue }
            let top = generator.integer(below: image.height - height + 1)
            let left = generator.integer(below: image.width - width + 1)
            return Block(top: top, left: left, height: height, width: width)
        }
        return nil
    }
}
