import ApusTensor

/// Pictures of one size, all in memory as bytes, with their classes.
///
/// Without a random transform a batch is one pass over its bytes: no picture becomes an object of its own.
public struct ImageDataset: LabelledImages, BatchedDataset {
    /// Planes a picture: 1 for grayscale, 3 for RGB.
    public let channels: Int
    /// Rows of pixels.
    public let height: Int
    /// Columns of pixels.
    public let width: Int
    /// The class of each picture, in `0 ..< classNames.count`.
    public let labels: [Int]
    /// The classes' names, in the order of the labels.
    public let classNames: [String]
    /// What batches are shifted and scaled by, after bytes became values in [0, 1].
    public let normalization: Normalize?
    /// One plane after the other, one picture after the other: (N, C, H, W).
    private let bytes: [UInt8]

    /// - Parameters:
    ///   - bytes: (N, C, H, W), row-major
    ///   - labels: N classes in `0 ..< classNames.count`
    ///   - source: what errors call the data
    /// - Throws: `DataError` where there are no pictures, the counts of pictures and labels differ, or a label has no
    ///   class.
    public init(
        bytes: [UInt8], channels: Int, height: Int, width: Int, labels: [Int], classNames: [String],
        source: String = "image data"
    ) throws {
        try self.init(
            checking: bytes, channels, height, width, labels, classNames, source: source, normalization: nil)
    }

    private init(
        checking bytes: [UInt8], _ channels: Int, _ height: Int, _ width: Int, _ labels: [Int], _ classNames: [String],
        source: String, normalization: Normalize?
    ) throws {
        let size = channels * height * width
        guard size > 0, !bytes.isEmpty else {
            throw DataError(.empty, source, "there are no pictures", remedy: "Check the path and the split")
        }
        guard bytes.count == labels.count * size else {
            throw DataError(
                .mismatch, source, "\(bytes.count / size) pictures, but \(labels.count) labels",
                remedy: "Use picture and label files of the same split")
        }
        try checkLabels(labels, classCount: classNames.count, source: source)
        self.bytes = bytes
        self.channels = channels
        self.height = height
        self.width = width
        self.labels = labels
        self.classNames = classNames
        self.normalization = normalization
    }

    /// How many pictures there are.
    public var count: Int { labels.count }

    /// Bytes of a picture.
    private var size: Int { channels * height * width }

    /// A picture with its bytes as they are, not normalized, and its class.
    public subscript(index: Int) -> LabelledImage {
        let planes = bytes[(index * size)..<((index + 1) * size)]
        let count = height * width
        var pixels = [UInt8](repeating: 0, count: size)
        for c in 0..<channels {
            for i in 0..<count { pixels[i * channels + c] = planes[planes.startIndex + c * count + i] }
        }
        let image = Image(width: width, height: height, channels: channels, pixels: pixels)
        return LabelledImage(image: image, label: labels[index])
    }

    /// The same data with batches normalized.
    public func normalized(_ normalization: Normalize) -> ImageDataset {
        precondition(
            normalization.mean.count == channels,
            "normalized: \(normalization.mean.count) means for pictures of \(channels) channels")
        // The parts were checked when this data set was made.
        return try! ImageDataset(
            checking: bytes, channels, height, width, labels, classNames, source: "image data",
            normalization: normalization)
    }

    /// Each channel's mean and standard deviation over all pictures, of values in [0, 1].
    public func statistics() -> Normalize {
        let planeCount = height * width
        var sums = [Int](repeating: 0, count: channels)
        var squares = [Int](repeating: 0, count: channels)
        for plane in 0..<(count * channels) {
            var (sum, square) = (0, 0)
            for byte in bytes[(plane * planeCount)..<((plane + 1) * planeCount)] {
                sum += Int(byte)
                square += Int(byte) * Int(byte)
            }
            sums[plane % channels] += sum
            squares[plane % channels] += square
        }
        let n = Double(count * planeCount)
        let means = sums.map { Double($0) / n }
        let deviations = zip(squares, means).map { (Double($0) / n - $1 * $1).squareRoot() }
        return Normalize(
            mean: means.map { Float($0 / 255) }, standardDeviation: deviations.map { Float(max($0, 1e-6) / 255) })
    }

    /// (B, C, H, W) of values in [0, 1], normalized where `normalization` is given, and the classes.
    public func batch(_ indices: [Int], epoch: Int) -> ImageBatch {
        let buffer = Buffer(byteCount: indices.count * size * MemoryLayout<Float>.stride)
        let target = buffer.elements(as: Float.self)
        let planeCount = height * width
        bytes.withUnsafeBufferPointer { bytes in
            for (row, index) in indices.enumerated() {
                for c in 0..<channels {
                    let (scale, shift) = affine(channel: c)
                    let from = UnsafeBufferPointer(
                        rebasing: bytes[(index * size + c * planeCount)...].prefix(planeCount))
                    let to = UnsafeMutableBufferPointer(
                        rebasing: target[(row * size + c * planeCount)...].prefix(planeCount))
                    for i in 0..<planeCount { to[i] = Float(from[i]) * scale + shift }
                }
            }
        }
        let type = TensorType([indices.count, channels, height, width], .float32)
        return ImageBatch(images: Tensor(Node(buffer, type: type)), labels: Tensor(indices.map { labels[$0] }))
    }

    /// `(byte / 255 − mean) / deviation` as one multiplication and one addition.
    private func affine(channel: Int) -> (scale: Float, shift: Float) {
        guard let normalization else { return (1 / 255, 0) }
        let deviation = normalization.standardDeviation[channel]
        return (1 / (255 * deviation), -normalization.mean[channel] / deviation)
    }
}

/// Throws where a label isn't a class.
func checkLabels(_ labels: [Int], classCount: Int, source: String) throws {
    guard let bad = labels.firstIndex(where: { !(0..<classCount).contains($0) }) else { return }
    throw DataError(
        .mismatch, source,
        "label \(labels[bad]) of sample \(bad) is outside of the \(classCount) classes 0…\(classCount - 1)",
        remedy: "Give as many class names as there are classes")
}
