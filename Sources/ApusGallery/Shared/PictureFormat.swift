import Apus

/// The size and channels of the pictures that a model takes.
public struct PictureFormat: Codable, Hashable, Sendable, CustomStringConvertible {
    /// 1 for grayscale, 3 for RGB.
    public var channels: Int
    /// Rows of pixels.
    public var height: Int
    /// Columns of pixels.
    public var width: Int

    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    public var description: String { "\(width)×\(height) \(channels == 1 ? "grayscale" : "RGB")" }

    /// (B, C, H, W)
    public func batchShape(_ count: Int) -> Shape { [count, channels, height, width] }
}
