import ApusTensor

extension FloatImage {
    /// The weights of red, green and blue in a gray, as torchvision rounds them.
    private static let luma = SIMD3<Float>(0.2989, 0.587, 0.114)

    /// One channel: `0.2989 R + 0.587 G + 0.114 B`.
    public func grayscale() -> FloatImage {
        if channels == 1 { return self }
        requireColor("grayscale")
        let gray = (0..<planeCount).map { i -> Float in
            values[i] * Self.luma.x + values[planeCount + i] * Self.luma.y + values[2 * planeCount + i] * Self.luma.z
        }
        return FloatImage(channels: 1, height: height, width: width, values: gray)
    }

    /// `clamp(factor · x)`: 0 is black, 1 leaves the picture as it is.
    public func adjustingBrightness(by factor: Float) -> FloatImage {
        mapped { Self.clamp($0 * factor) }
    }

    /// `clamp(factor · x + (1 − factor) · mean gray)`: 0 is an even gray.
    public func adjustingContrast(by factor: Float) -> FloatImage {
        let gray = grayscale().values
        let mean = Float(gray.reduce(0) { $0 + Double($1) } / Double(gray.count))
        return mapped { Self.clamp(factor * $0 + (1 - factor) * mean) }
    }

    /// `clamp(factor · x + (1 − factor) · gray)`: 0 is a black and white picture. Grayscale stays as it is.
    public func adjustingSaturation(by factor: Float) -> FloatImage {
        if channels == 1 { return self }
        requireColor("adjustingSaturation")
        return mappedColors { color in
            let gray = (color * Self.luma).sum()
            let blend = color * factor + SIMD3(repeating: gray * (1 - factor))
            return blend.clamped(lowerBound: .zero, upperBound: .one)
        }
    }

    /// Turns the hue by a share of the full circle, −0.5 to 0.5. Grayscale stays as it is.
    public func adjustingHue(by shift: Float) -> FloatImage {
        precondition(abs(shift) <= 0.5, "adjustingHue: \(shift) is outside of −0.5…0.5")
        if channels == 1 { return self }
        requireColor("adjustingHue")
        return mappedColors { color in
            var hsv = HSV(color)
            hsv.hue += shift
            hsv.hue -= hsv.hue.rounded(.down)
            return hsv.rgb
        }
    }

    private func requireColor(_ operation: String) {
        precondition(channels >= 3, "\(operation): \(channels) channels; expected 1, or red, green and blue")
    }

    private static func clamp(_ value: Float) -> Float { min(max(value, 0), 1) }
}

/// Hue (a share of the circle from red over green and blue), saturation and value.
///
/// Reference: A. R. Smith, “Color gamut transform pairs”, 1978.
private struct HSV {
    var hue: Float
    var saturation: Float
    var value: Float

    init(_ color: SIMD3<Float>) {
        let (high, low) = (color.max(), color.min())
        let range = high - low
        value = high
        saturation = high > 0 ? range / high : 0
        guard range > 0 else {
            hue = 0
            return
        }
        let sector: Float =
            if high == color.x {
                (color.y - color.z) / range
            } else if high == color.y {
                2 + (color.z - color.x) / range
            } else {
                4 + (color.x - color.y) / range
            }
        hue = sector / 6 + (sector < 0 ? 1 : 0)
    }

    var rgb: SIMD3<Float> {
        let sector = (hue * 6).rounded(.down)
        let fraction = hue * 6 - sector
        let p = value * (1 - saturation)
        let q = value * (1 - saturation * fraction)
        let t = value * (1 - saturation * (1 - fraction))
        switch Int(sector) % 6 {
        case 0: return [value, t, p]
        case 1: return [q, value, p]
        case 2: return [p, value, t]
        case 3: return [p, q, value]
        case 4: return [t, p, value]
        default: return [value, p, q]
        }
    }
}

/// One channel instead of three.
public struct Grayscale: ImageTransform {
    public init() {}

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage { image.grayscale() }
}

/// Changes brightness, contrast, saturation and hue by random amounts in random order.
///
/// The first three multiply by a factor drawn from `[max(0, 1 − x), 1 + x]`; hue shifts by a share of the circle drawn
/// from `[−x, x]`.
public struct ColorJitter: ImageTransform {
    /// How far the factor of brightness may be from 1; 0 leaves it.
    public let brightness: Double
    /// How far the factor of contrast may be from 1; 0 leaves it.
    public let contrast: Double
    /// How far the factor of saturation may be from 1; 0 leaves it.
    public let saturation: Double
    /// The largest shift of hue as a share of the circle, 0 to 0.5; 0 leaves it.
    public let hue: Double

    public init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0) {
        precondition(
            min(brightness, contrast, saturation, hue) >= 0 && hue <= 0.5,
            "ColorJitter: amounts must not be negative, and hue at most 0.5")
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
    }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        generator.permutation(of: 4).reduce(image) { image, step in
            switch step {
            case 0: brightness > 0 ? image.adjustingBrightness(by: factor(brightness, generator)) : image
            case 1: contrast > 0 ? image.adjustingContrast(by: factor(contrast, generator)) : image
            case 2: saturation > 0 ? image.adjustingSaturation(by: factor(saturation, generator)) : image
            default: hue > 0 ? image.adjustingHue(by: Float(generator.uniform(in: -hue...hue))) : image
            }
        }
    }

    private func factor(_ amount: Double, _ generator: Generator) -> Float {
        Float(generator.uniform(in: max(0, 1 - amount)...(1 + amount)))
    }
}
