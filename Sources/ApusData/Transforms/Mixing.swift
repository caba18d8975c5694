import ApusTensor
import Foundation

/// A batch in which every picture is mixed with another, and the classes of both.
///
/// The loss is mixed as the pictures are: `λ · loss(output, labels) + (1 − λ) · loss(output, otherLabels)`, which for
/// cross-entropy is the loss against `targets(classCount:)`.
public struct MixedBatch: Sendable {
    /// (B, C, H, W)
    public let images: Tensor
    /// (B), the class of the picture that has the share λ
    public let labels: Tensor
    /// (B), the class of the picture that has the share 1 − λ
    public let otherLabels: Tensor
    /// λ, in [0, 1]
    public let share: Double

    /// The mixed classes as probabilities: `λ · onehot(labels) + (1 − λ) · onehot(otherLabels)`, (B, classes).
    public func targets(classCount: Int) -> Tensor {
        labels.oneHot(classCount) * share + otherLabels.oneHot(classCount) * (1 - share)
    }
}

/// `λ x + (1 − λ) x'`, with x' the same batch in another order, and λ from Beta(α, α).
///
/// Reference: Zhang et al., “mixup: beyond empirical risk minimization”, ICLR 2018.
///
/// - Parameters:
///   - images: (B, …)
///   - labels: (B), int64
///   - alpha: 0 leaves the pictures as they are; 1 draws λ uniformly.
public func mixup(images: Tensor, labels: Tensor, alpha: Double = 0.2, using generator: Generator) -> MixedBatch {
    precondition(alpha >= 0, "mixup: alpha \(alpha) is negative")
    let share = alpha > 0 ? generator.beta(alpha, alpha) : 1
    let partner = partners(images, labels, "mixup", generator)
    return MixedBatch(
        images: images * share + images.gathered(partner) * (1 - share), labels: labels,
        otherLabels: labels.gathered(partner), share: share)
}

/// Each picture with a rectangle replaced by that of another picture of the batch. The rectangle has a share 1 − λ of
/// the area, with λ from Beta(α, α), before it is cut off at the edges; λ is then counted from the pixels.
///
/// Reference: Yun et al., “CutMix: regularization strategy to train strong classifiers with localizable features”, ICCV
/// 2019.
///
/// - Parameters:
///   - images: (B, C, H, W)
///   - labels: (B), int64
public func cutmix(images: Tensor, labels: Tensor, alpha: Double = 1, using generator: Generator) -> MixedBatch {
    precondition(alpha > 0, "cutmix: alpha \(alpha) must be positive")
    precondition(images.rank == 4, "cutmix: images \(images.shape) should be (B, C, H, W)")
    let (height, width) = (images.shape[2], images.shape[3])
    let side = (1 - generator.beta(alpha, alpha)).squareRoot()
    let rows = interval(side, of: height, generator)
    let columns = interval(side, of: width, generator)
    let partner = partners(images, labels, "cutmix", generator)

    // (H, 1) ∧ (1, W) → (H, W), which broadcasts over (B, C, H, W).
    let inRows = Tensor((0..<height).map { rows.contains($0) }, shape: [height, 1])
    let inColumns = Tensor((0..<width).map { columns.contains($0) }, shape: [1, width])
    let mixed = `where`(inRows .& inColumns, images.gathered(partner), images)
    let share = 1 - Double(rows.count * columns.count) / Double(height * width)
    return MixedBatch(images: mixed, labels: labels, otherLabels: labels.gathered(partner), share: share)
}

/// A random order of the batch, (B).
private func partners(_ images: Tensor, _ labels: Tensor, _ name: String, _ generator: Generator) -> Tensor {
    precondition(
        labels.rank == 1 && images.rank > 1 && images.shape[0] == labels.shape[0],
        "\(name): images \(images.shape) and labels \(labels.shape) should be (B, …) and (B)")
    return Tensor(generator.permutation(of: labels.shape[0]))
}

/// A run of about `share · count` places around a random centre, cut off at the ends.
private func interval(_ share: Double, of count: Int, _ generator: Generator) -> Range<Int> {
    let length = Int(share * Double(count))
    let center = generator.integer(below: count)
    return max(0, center - length / 2)..<min(count, center - length / 2 + length)
}
