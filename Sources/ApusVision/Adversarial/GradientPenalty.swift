import ApusTensor

/// `mean (‖∇ critic(x̂)‖ − 1)²` at points between real and made pictures, `x̂ = ε · real + (1 − ε) · made`: it keeps a critic near
/// 1-Lipschitz. A loss that holds it has second-order gradients.
///
/// Reference: Gulrajani et al., “Improved training of Wasserstein GANs”, 2017.
///
/// - Parameters:
///   - real: (B, …)
///   - made: of the same shape
///   - mix: ε for each picture, (B), drawn from [0, 1]
///   - critic: a score for each picture
public func gradientPenalty(real: Tensor, made: Tensor, mix: Tensor, critic: (Tensor) -> Tensor) -> Tensor {
    let mix = mix.reshaped(Shape([mix.shape[0]] + [Int](repeating: 1, count: real.rank - 1)))
    let between = stopGradient(lerp(made, real, weight: mix))
    // A picture's score depends on that picture alone, so the gradient of the sum holds each one's.
    let slopes = gradient(at: between) { critic($0).sum() }.flattened(from: 1)  // (B, pixels)
    // The norm's own gradient has no limit at 0.
    let norms = sqrt(square(slopes).sum(axes: 1) + 1e-12)
    return square(norms - 1).mean()
}
