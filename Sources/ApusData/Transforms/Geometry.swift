import ApusTensor
import Foundation

extension FloatImage {
    /// Left and right exchanged.
    public func flippedHorizontally() -> FloatImage {
        gathered(height: height, width: width) { y, x in y * width + (width - 1 - x) }
    }

    /// Top and bottom exchanged.
    public func flippedVertically() -> FloatImage {
        gathered(height: height, width: width) { y, x in (height - 1 - y) * width + x }
    }

    /// The picture turned counterclockwise about its centre, its size kept; what comes from outside is `fill`.
    public func rotated(degrees: Double, _ interpolation: Interpolation = .bilinear, fill: Float = 0) -> FloatImage {
        precondition(interpolation != .bicubic, "rotated: bicubic isn't offered; use bilinear or nearest")
        let radians = degrees * .pi / 180
        let (cosine, sine) = (cos(radians), sin(radians))
        let (centerX, centerY) = (Double(width - 1) / 2, Double(height - 1) / 2)
        var result = self
        for y in 0..<height {
            for x in 0..<width {
                // The inverse map: where in this picture the result's pixel comes from (y points down).
                let (dx, dy) = (Double(x) - centerX, Double(y) - centerY)
                let fromX = cosine * dx - sine * dy + centerX
                let fromY = sine * dx + cosine * dy + centerY
                for c in 0..<channels {
                    result[c, y, x] =
                        interpolation == .nearest
                        ? value(c, Int(fromY.rounded(.toNearestOrEven)), Int(fromX.rounded(.toNearestOrEven)), or: fill)
                        : bilinear(c, fromY, fromX, fill: fill)
                }
            }
        }
        return result
    }

    private func value(_ c: Int, _ y: Int, _ x: Int, or fill: Float) -> Float {
        y >= 0 && y < height && x >= 0 && x < width ? self[c, y, x] : fill
    }

    /// The value between four pixels, those outside being `fill`.
    private func bilinear(_ c: Int, _ y: Double, _ x: Double, fill: Float) -> Float {
        let (top, left) = (y.rounded(.down), x.rounded(.down))
        let (down, right) = (Float(y - top), Float(x - left))
        let (y, x) = (Int(top), Int(left))
        let upper = value(c, y, x, or: fill) * (1 - right) + value(c, y, x + 1, or: fill) * right
        let lower = value(c, y + 1, x, or: fill) * (1 - right) + value(c, y + 1, x + 1, or: fill) * right
        return upper * (1 - down) + lower * down
    }
}

/// Exchanges left and right with probability `p`.
public struct RandomHorizontalFlip: ImageTransform {
    /// How likely a picture is flipped, 0 to 1; 0.5 by default.
    public let probability: Double

    public init(probability: Double = 0.5) { self.probability = probability }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        generator.unit() < probability ? image.flippedHorizontally() : image
    }
}

/// Exchanges top and bottom with probability `p`.
public struct RandomVerticalFlip: ImageTransform {
    /// How likely a picture is flipped, 0 to 1; 0.5 by default.
    public let probability: Double

    public init(probability: Double = 0.5) { self.probability = probability }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        generator.unit() < probability ? image.flippedVertically() : image
    }
}

/// Turns by an angle drawn uniformly from a range, in degrees counterclockwise.
public struct RandomRotation: ImageTransform {
    /// The angles to draw from, counterclockwise.
    public let degrees: ClosedRange<Double>
    /// How values between pixels are found; bilinear by default.
    public let interpolation: Interpolation
    /// The value of what comes from outside of the picture; 0 by default.
    public let fill: Float

    public init(degrees: ClosedRange<Double>, _ interpolation: Interpolation = .bilinear, fill: Float = 0) {
        self.degrees = degrees
        self.interpolation = interpolation
        self.fill = fill
    }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        image.rotated(degrees: generator.uniform(in: degrees), interpolation, fill: fill)
    }
}
