import ApusTensor

/// A picture and its class.
public struct LabelledImage: Sendable {
    /// The picture, of 8-bit channels.
    public let image: Image
    /// The class's number.
    public let label: Int

    public init(image: Image, label: Int) {
        self.image = image
        self.label = label
    }
}

/// Pictures as a network sees them, and their classes.
public struct ImageBatch: Sendable {
    /// (B, C, H, W), float32
    public let images: Tensor
    /// (B), int64
    public let labels: Tensor

    public init(images: Tensor, labels: Tensor) {
        self.images = images
        self.labels = labels
    }

    /// The batch of pictures that are of one size.
    init(_ samples: [(image: FloatImage, label: Int)]) throws {
        guard let first = samples.first?.image else { throw DataError(.empty, "batch", "there are no pictures") }
        var values = [Float]()
        values.reserveCapacity(samples.count * first.values.count)
        for (image, _) in samples {
            guard (image.channels, image.height, image.width) == (first.channels, first.height, first.width) else {
                throw DataError(
                    .mismatch, "batch", "\(image) and \(first) don't fit into one tensor",
                    remedy: "Resize or crop the pictures to one size first")
            }
            values += image.values
        }
        images = Tensor(values, shape: [samples.count, first.channels, first.height, first.width])
        labels = Tensor(samples.map(\.label))
    }
}

/// Data sets of pictures with classes: what all of their sources have in common.
public protocol LabelledImages: Dataset where Sample == LabelledImage {
    /// The class of each sample.
    var labels: [Int] { get }
    /// The classes' names, in the order of the labels.
    var classNames: [String] { get }
}

extension LabelledImages {
    /// Batches of pictures that `transform` has prepared, the random ones anew each epoch.
    public func transformed(by transform: any ImageTransform, seed: UInt64 = 0) -> TransformedImages<Self> {
        TransformedImages(self, transform, seed: seed)
    }
}

extension Subset: LabelledImages where Base: LabelledImages {
    /// The class of each of the subset's samples.
    public var labels: [Int] {
        let all = base.labels
        return indices.map { all[$0] }
    }
    /// The names of all of the base's classes, even of those without a sample here.
    public var classNames: [String] { base.classNames }
}

/// Pictures with a transform applied to each as it is read.
///
/// The random numbers for a picture depend on the seed, the epoch and the picture's number alone.
public struct TransformedImages<Base: LabelledImages>: BatchedDataset, LabelledImages {
    /// The pictures before the transform.
    public let base: Base
    /// What is applied to each picture of a batch.
    public let transform: any ImageTransform
    /// What random transforms draw from, together with the epoch and the picture's number.
    public let seed: UInt64

    init(_ base: Base, _ transform: any ImageTransform, seed: UInt64) {
        self.base = base
        self.transform = transform
        self.seed = seed
    }

    /// As many pictures as `base` has.
    public var count: Int { base.count }
    /// The base's labels, which a transform doesn't change.
    public var labels: [Int] { base.labels }
    /// The base's class names, in the order of the labels.
    public var classNames: [String] { base.classNames }

    /// The picture as it was before the transform.
    public subscript(index: Int) -> LabelledImage { get throws { try base[index] } }

    /// Transformed pictures, (B, C, H, W); throws `DataError` where they aren't of one size.
    public func batch(_ indices: [Int], epoch: Int) throws -> ImageBatch {
        try ImageBatch(
            indices.map { index in
                let sample = try base[index]
                let generator = Generator(seed: seed, epoch: epoch, item: index)
                return (transform(FloatImage(sample.image), using: generator), sample.label)
            })
    }
}
