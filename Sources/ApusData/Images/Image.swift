import Foundation

/// A picture of 8-bit channels, interleaved: `pixels[(y · width + x) · channels + c]`.
///
/// Channels are 1 (grayscale), 3 (red, green, blue) or 4 (with alpha, not premultiplied), in sRGB.
public struct Image: Hashable, Sendable {
    /// Columns of pixels.
    public let width: Int
    /// Rows of pixels.
    public let height: Int
    /// Bytes a pixel: 1, 3 or 4.
    public let channels: Int
    /// `height · width · channels` bytes, row-major in (H, W, C).
    public var pixels: [UInt8]

    /// The most pixels that a decoder accepts, so that a hostile header can't ask for all of the memory.
    public static let maximumPixelCount = 1 << 27

    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0, "Image: \(width)×\(height) has no pixels")
        precondition([1, 3, 4].contains(channels), "Image: \(channels) channels; expected 1, 3 or 4")
        precondition(
            pixels.count == width * height * channels,
            "Image: \(pixels.count) bytes for \(width)×\(height)×\(channels); expected \(width * height * channels)")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// A picture of one colour, which has as many components as the picture has channels.
    public init(width: Int, height: Int, filledWith color: [UInt8]) {
        let pixels = (0..<(width * height)).flatMap { _ in color }
        self.init(width: width, height: height, channels: color.count, pixels: pixels)
    }

    /// A channel's byte at row `y` and column `x`, both counted from the top left.
    public subscript(y: Int, x: Int, channel: Int) -> UInt8 {
        get { pixels[(y * width + x) * channels + channel] }
        set { pixels[(y * width + x) * channels + channel] = newValue }
    }
}

extension Image: CustomStringConvertible {
    public var description: String { "Image(\(width)×\(height), \(channels) channels)" }
}

// MARK: Channels

extension Image {
    /// One channel: `0.299 R + 0.587 G + 0.114 B` (ITU-R 601-2 luma), alpha dropped.
    public func grayscale() -> Image {
        if channels == 1 { return self }
        // 16-bit fixed point, rounded, as in Pillow's `convert("L")`.
        let gray = stride(from: 0, to: pixels.count, by: channels).map { i -> UInt8 in
            let (red, green, blue) = (Int(pixels[i]), Int(pixels[i + 1]), Int(pixels[i + 2]))
            return UInt8((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16)
        }
        return Image(width: width, height: height, channels: 1, pixels: gray)
    }

    /// Three channels; grayscale is repeated and alpha dropped.
    public func rgb() -> Image {
        if channels == 3 { return self }
        var result = [UInt8]()
        result.reserveCapacity(width * height * 3)
        for i in stride(from: 0, to: pixels.count, by: channels) {
            if channels == 1 {
                result.append(contentsOf: repeatElement(pixels[i], count: 3))
            } else {
                result.append(contentsOf: pixels[i..<(i + 3)])
            }
        }
        return Image(width: width, height: height, channels: 3, pixels: result)
    }

    /// The picture with 1 or 3 channels.
    public func converted(toChannels count: Int) -> Image {
        switch count {
        case 1: grayscale()
        case 3: rgb()
        default: preconditionFailure("Image: converted to \(count) channels; expected 1 or 3")
        }
    }
}
