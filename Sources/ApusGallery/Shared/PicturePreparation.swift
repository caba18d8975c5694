import Apus

/// Turns a user's picture into what a classifier was trained on: its channels, size and background.
///
/// Pictures of products are usually dark on white paper, and those of Fashion-MNIST and MNIST light on black. Where the
/// training pictures have a black ground and a picture's own ground is light, its brightness is inverted.
public struct PicturePreparation: Codable, Hashable, Sendable {
    /// What is around the object in the training pictures.
    public enum Ground: String, Codable, Sendable {
        /// The same black everywhere: a picture is fitted in, and black is added around it.
        case black
        /// A scene: a picture is cropped to the model's proportions.
        case scene
    }

    /// The size and channels that pictures are brought to.
    public var format: PictureFormat
    /// What a batch is shifted and scaled by, as in training.
    public var normalization: Normalize
    /// Decides whether a picture is fitted in or cropped.
    public var ground: Ground
    /// Whether even margins are cut off before scaling, as the makers of Fashion-MNIST did.
    public var trimsMargins: Bool

    public init(format: PictureFormat, normalization: Normalize, ground: Ground, trimsMargins: Bool) {
        self.format = format
        self.normalization = normalization
        self.ground = ground
        self.trimsMargins = trimsMargins
    }

    /// The picture with values in [0, 1], before normalization.
    public func callAsFunction(_ image: Image) -> FloatImage {
        var picture = FloatImage(image.overWhite().converted(toChannels: format.channels))
        guard ground == .black else { return picture.covering(height: format.height, width: format.width) }
        if picture.borderMean > 0.5 { picture = picture.inverted() }
        // A picture of exactly the model's size was made for it.
        if picture.height == format.height && picture.width == format.width { return picture }
        if trimsMargins { picture = picture.trimmed(tolerance: 0.05) }
        return picture.fitted(height: format.height, width: format.width)
    }

    /// What the model sees: (N, C, H, W), normalized.
    public func batch(_ pictures: [FloatImage]) -> Tensor {
        let values = pictures.flatMap { normalization($0).values }
        return Tensor(values, shape: format.batchShape(pictures.count))
    }
}

extension PicturePreparation.Ground {
    /// Black where the borders of nearly all training pictures are.
    init(of pictures: ImageDataset, sampleCount: Int = 200) {
        let step = max(1, pictures.count / sampleCount)
        let borders = stride(from: 0, to: pictures.count, by: step).map { FloatImage(pictures[$0].image).borderMean }
        let darkCount = borders.count { $0 < 0.2 }
        self = Double(darkCount) >= 0.8 * Double(borders.count) ? .black : .scene
    }
}

extension Image {
    /// Without transparency: laid on white paper.
    package func overWhite() -> Image {
        guard channels == 4 else { return self }
        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for pixel in stride(from: 0, to: pixels.count, by: 4) {
            let alpha = Int(pixels[pixel + 3])
            for value in pixels[pixel..<(pixel + 3)] {
                rgb.append(UInt8((Int(value) * alpha + 255 * (255 - alpha) + 127) / 255))
            }
        }
        return Image(width: width, height: height, channels: 3, pixels: rgb)
    }
}

extension FloatImage {
    /// The mean over the outermost pixels of all four sides.
    var borderMean: Float {
        var (sum, count): (Float, Int) = (0, 0)
        for c in 0..<channels {
            for y in 0..<height {
                for x in 0..<width where y == 0 || x == 0 || y == height - 1 || x == width - 1 {
                    sum += self[c, y, x]
                    count += 1
                }
            }
        }
        return sum / Float(count)
    }

    /// Light becomes dark.
    func inverted() -> FloatImage {
        FloatImage(channels: channels, height: height, width: width, values: values.map { 1 - $0 })
    }

    /// Without the outer rows and columns that are everywhere within `tolerance` of the corner's colour.
    func trimmed(tolerance: Float) -> FloatImage {
        func isGround(_ y: Int, _ x: Int) -> Bool {
            (0..<channels).allSatisfy { Swift.abs(self[$0, y, x] - self[$0, 0, 0]) <= tolerance }
        }
        let rows = (0..<height).filter { y in (0..<width).contains { !isGround(y, $0) } }
        let columns = (0..<width).filter { x in (0..<height).contains { !isGround($0, x) } }
        guard let top = rows.first, let bottom = rows.last, let left = columns.first, let right = columns.last else {
            return self
        }
        return cropped(top: top, left: left, height: bottom - top + 1, width: right - left + 1)
    }

    /// Scaled, its proportions kept, so that it just fits into a size, and black around it.
    func fitted(height newHeight: Int, width newWidth: Int) -> FloatImage {
        let scale = min(Double(newHeight) / Double(height), Double(newWidth) / Double(width))
        let scaledHeight = min(newHeight, max(1, Int((Double(height) * scale).rounded())))
        let scaledWidth = min(newWidth, max(1, Int((Double(width) * scale).rounded())))
        let (vertical, horizontal) = (newHeight - scaledHeight, newWidth - scaledWidth)
        return resized(height: scaledHeight, width: scaledWidth)
            .padded(
                top: vertical / 2, bottom: vertical - vertical / 2, left: horizontal / 2,
                right: horizontal - horizontal / 2)
    }
}
