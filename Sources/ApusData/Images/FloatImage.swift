/// A picture of floats, one plane a channel: `values[(c · height + y) · width + x]`. Nominally in [0, 1].
///
/// It is what transforms work on and what a network is given.
public struct FloatImage: Hashable, Sendable {
    /// Planes: 1 for grayscale, 3 for RGB, 4 with alpha.
    public let channels: Int
    /// Rows of pixels.
    public let height: Int
    /// Columns of pixels.
    public let width: Int
    /// `channels · height · width` values, row-major in (C, H, W).
    public var values: [Float]

    public init(channels: Int, height: Int, width: Int, values: [Float]) {
        precondition(
            channels > 0 && height > 0 && width > 0, "FloatImage: \(channels)×\(height)×\(width) has no values")
        precondition(
            values.count == channels * height * width,
            "FloatImage: \(values.count) values for \(channels)×\(height)×\(width)")
        self.channels = channels
        self.height = height
        self.width = width
        self.values = values
    }

    /// A picture of one colour, which has as many components as the picture has channels.
    public init(height: Int, width: Int, filledWith color: [Float]) {
        let values = color.flatMap { repeatElement($0, count: height * width) }
        self.init(channels: color.count, height: height, width: width, values: values)
    }

    /// The value of a channel at row `y` and column `x`, both counted from the top left.
    public subscript(channel: Int, y: Int, x: Int) -> Float {
        get { values[(channel * height + y) * width + x] }
        set { values[(channel * height + y) * width + x] = newValue }
    }

    var planeCount: Int { height * width }

    /// The picture whose pixel at (y, x) is this one's at `source(y, x)`.
    func gathered(height newHeight: Int, width newWidth: Int, _ source: (_ y: Int, _ x: Int) -> Int) -> FloatImage {
        var result = [Float](repeating: 0, count: channels * newHeight * newWidth)
        values.withUnsafeBufferPointer { values in
            for y in 0..<newHeight {
                for x in 0..<newWidth {
                    let from = source(y, x)
                    for c in 0..<channels {
                        result[(c * newHeight + y) * newWidth + x] = values[c * planeCount + from]
                    }
                }
            }
        }
        return FloatImage(channels: channels, height: newHeight, width: newWidth, values: result)
    }

    /// The picture with each value replaced.
    func mapped(_ transform: (Float) -> Float) -> FloatImage {
        FloatImage(channels: channels, height: height, width: width, values: values.map(transform))
    }

    /// The picture with each colour, red, green, blue, replaced.
    func mappedColors(_ transform: (SIMD3<Float>) -> SIMD3<Float>) -> FloatImage {
        var result = self
        for i in 0..<planeCount {
            let color = transform([values[i], values[planeCount + i], values[2 * planeCount + i]])
            for c in 0..<3 { result.values[c * planeCount + i] = color[c] }
        }
        return result
    }
}

extension FloatImage: CustomStringConvertible {
    public var description: String { "FloatImage(\(channels)×\(height)×\(width))" }
}

extension FloatImage {
    /// Bytes divided by 255, so 0 ↦ 0 and 255 ↦ 1.
    public init(_ image: Image) {
        let count = image.width * image.height
        var values = [Float](repeating: 0, count: image.pixels.count)
        for c in 0..<image.channels {
            for i in 0..<count { values[c * count + i] = Float(image.pixels[i * image.channels + c]) / 255 }
        }
        self.init(channels: image.channels, height: image.height, width: image.width, values: values)
    }
}

extension Image {
    /// Values times 255, rounded and clamped to a byte; NaN becomes 0. The picture must have 1, 3 or 4 channels.
    public init(_ image: FloatImage) {
        let count = image.planeCount
        var pixels = [UInt8](repeating: 0, count: image.values.count)
        for c in 0..<image.channels {
            for i in 0..<count {
                let scaled = (image.values[c * count + i] * 255).rounded()
                pixels[i * image.channels + c] = scaled > 0 ? UInt8(min(scaled, 255)) : 0
            }
        }
        self.init(width: image.width, height: image.height, channels: image.channels, pixels: pixels)
    }
}
