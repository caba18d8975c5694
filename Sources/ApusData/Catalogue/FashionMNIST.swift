import Foundation

/// 70,000 grayscale pictures of garments, 28×28, in ten classes: 60,000 to train with and 10,000 to test with.
///
/// Reference: Xiao, Rasul and Vollgraf, “Fashion-MNIST: a novel image dataset for benchmarking machine learning
/// algorithms”, 2017.
public enum FashionMNIST {
    /// The ten garments, in the order of the labels 0 to 9.
    public static let classNames = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]

    /// Each channel's mean and standard deviation over the training pictures.
    public static let normalization = Normalize(mean: [0.2860], standardDeviation: [0.3530])

    /// Loads a split from a folder with its four files, or from the catalogue, which fetches it the first time.
    public static func load(
        _ split: Split, from folder: URL? = nil, catalogue: DataCatalogue = .standard,
        progress: @escaping (DataCatalogue.Progress) -> Void = { _ in }
    ) throws -> ImageDataset {
        let folder = try folder ?? catalogue.located("fashion-mnist", progress: progress)
        return try ImageDataset(idxFolder: folder, split: split, classNames: classNames)
    }
}
