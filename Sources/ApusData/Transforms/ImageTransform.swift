import ApusTensor

/// A step between a stored picture and what a network sees.
///
/// A transform that draws random numbers takes them from the generator it is given and from nowhere else, so one seed
/// gives one result.
public protocol ImageTransform: Sendable {
    /// The transformed picture, whose size may differ; random numbers come from `generator`.
    func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage
}

extension ImageTransform {
    /// Applies a transform that draws nothing; a random one draws from the current generator.
    public func callAsFunction(_ image: FloatImage) -> FloatImage { self(image, using: .current) }
}

/// Transforms one after another.
///
/// ```swift
/// let augmentation = Compose(RandomCrop(32, padding: 4), RandomHorizontalFlip(), RandomErasing())
/// let seen = augmentation(FloatImage(picture), using: Generator(seed: 1))
/// ```
public struct Compose: ImageTransform {
    /// The steps, the first to be applied first.
    public let transforms: [any ImageTransform]

    public init(_ transforms: any ImageTransform...) { self.transforms = transforms }

    public init(_ transforms: [any ImageTransform]) { self.transforms = transforms }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        transforms.reduce(image) { $1($0, using: generator) }
    }
}

/// Applies a transform with probability `p`.
public struct RandomApply: ImageTransform {
    /// What is applied.
    public let transform: any ImageTransform
    /// How likely the transform is applied, 0 to 1; 0.5 by default.
    public let probability: Double

    public init(_ transform: any ImageTransform, probability: Double = 0.5) {
        self.transform = transform
        self.probability = probability
    }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage {
        generator.unit() < probability ? transform(image, using: generator) : image
    }
}

/// A transform without a name of its own.
public struct Lambda: ImageTransform {
    private let body: @Sendable (FloatImage, Generator) -> FloatImage

    public init(_ body: @escaping @Sendable (FloatImage, Generator) -> FloatImage) { self.body = body }

    public func callAsFunction(_ image: FloatImage, using generator: Generator) -> FloatImage { body(image, generator) }
}
