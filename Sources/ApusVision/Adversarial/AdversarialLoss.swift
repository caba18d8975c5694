import ApusNN

/// What two players of an adversarial game minimize, by the discriminator's scores of real and made pictures.
public enum AdversarialLoss: String, Codable, Hashable, Sendable {
    /// Binary cross-entropy of logits; the generator's loss is the one that doesn't saturate, `−log D(G(z))` (Goodfellow et al. 2014).
    case crossEntropy
    /// Scores are pushed past ± 1 and no further (Lim and Ye 2017).
    case hinge
    /// The difference of the means: the Earth mover's distance of a 1-Lipschitz critic (Arjovsky, Chintala and Bottou 2017).
    case wasserstein

    /// What the discriminator minimizes.
    ///
    /// - Parameters:
    ///   - real: scores of real pictures
    ///   - made: scores of made ones
    public func discriminator(real: Tensor, made: Tensor) -> Tensor {
        switch self {
        case .crossEntropy: softplus(-real).mean() + softplus(made).mean()
        case .hinge: relu(1 - real).mean() + relu(1 + made).mean()
        case .wasserstein: made.mean() - real.mean()
        }
    }

    /// What the generator minimizes, by the scores of what it made.
    public func generator(made: Tensor) -> Tensor {
        switch self {
        case .crossEntropy: softplus(-made).mean()
        case .hinge, .wasserstein: -made.mean()
        }
    }
}
