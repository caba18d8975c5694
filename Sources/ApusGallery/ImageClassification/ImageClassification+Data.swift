import Apus
import Foundation

extension LabelledPictures {
    /// The default data: Fashion-MNIST, fetched the first time.
    public static func fashionMNIST(output: any SystemOutput) throws -> LabelledPictures {
        let progress = FetchProgress("fashion-mnist", output: output)
        return try LabelledPictures(name: "Fashion-MNIST") { try FashionMNIST.load($0, progress: progress.receive) }
    }

    /// The default data by its name in the catalogue, or a folder's.
    public init(named name: String, output: any SystemOutput) throws {
        self =
            try name == "fashion-mnist"
            ? .fashionMNIST(output: output) : LabelledPictures(at: URL(fileURLWithPath: name))
    }

    /// The pictures in a folder, or the default data where nil.
    ///
    /// - Parameter format: what pictures of any size are brought to.
    static func located(at folder: URL?, format: PictureFormat? = nil, output: any SystemOutput) throws
        -> LabelledPictures
    {
        guard let folder else { return try .fashionMNIST(output: output) }
        return try LabelledPictures(at: folder, format: format)
    }

    /// Data of the kind that a model was trained on, with normalized batches.
    ///
    /// - Throws: `InputError` where they don't go with the model.
    static func located(
        at folder: URL?, matching preparation: PicturePreparation, classCount: Int, output: any SystemOutput
    ) throws -> LabelledPictures {
        let pictures = try located(at: folder, format: preparation.format, output: output)
        let source = folder?.path ?? pictures.name
        let remedy = "Give data of the kind that the model was trained on, or train anew with --data"
        guard pictures.format == preparation.format else {
            throw InputError(
                source, "its pictures are \(pictures.format), the model takes \(preparation.format)", remedy: remedy)
        }
        guard pictures.classNames.count == classCount else {
            throw InputError(
                source, "it has \(pictures.classNames.count) classes, the model \(classCount)", remedy: remedy)
        }
        return pictures.normalized(preparation.normalization)
    }

    /// What a model of these pictures takes, with the means and deviations of the training pictures.
    func preparation(isDefault: Bool) -> PicturePreparation {
        PicturePreparation(
            format: format, normalization: isDefault ? FashionMNIST.normalization : train.base.statistics(),
            ground: PicturePreparation.Ground(of: train.base), trimsMargins: isDefault)
    }

    /// The same pictures with normalized batches.
    package func normalized(_ normalization: Normalize) -> LabelledPictures {
        LabelledPictures(
            train: Subset(train.base.normalized(normalization), indices: train.indices),
            test: Subset(test.base.normalized(normalization), indices: test.indices), name: name)
    }
}
