import Foundation

// Negative log-likelihoods of numbers.

/// Of counts from a Poisson distribution: `rate − target · log rate`.
///
/// - Parameters:
///   - isLog: whether `x` is the rate's logarithm.
///   - isFull: whether Stirling's approximation of `log target!` is added, for targets above 1.
///   - epsilon: added to the rate in its logarithm, where `x` is the rate itself.
public func poissonNegativeLogLikelihood(
    _ x: Tensor, _ targets: Tensor, isLog: Bool = true, isFull: Bool = false, epsilon: Double = 1e-8,
    reduction: LossReduction = .mean
) -> Tensor {
    var losses = isLog ? exp(x) - targets * x : x - targets * log(x + epsilon)
    if isFull {
        let counts = `where`(targets .> 1, targets, 1)
        let stirling = counts * log(counts) - counts + log(counts * (2 * Double.pi)) * 0.5
        losses = losses + `where`(targets .> 1, stirling, 0)
    }
    return losses.reduced(reduction)
}

/// Of numbers from normal distributions: `(log variance + (x − target)² / variance) / 2`.
///
/// - Parameters:
///   - variance: of the predictions' shape, without their last axis, or with 1 there. Raised to `epsilon` where it is smaller, its gradient
///     not stopped.
///   - isFull: whether the constant `log 2π / 2` is added.
public func gaussianNegativeLogLikelihood(
    _ x: Tensor, _ targets: Tensor, variance: Tensor, isFull: Bool = false, epsilon: Double = 1e-6,
    reduction: LossReduction = .mean
) -> Tensor {
    let shaped = variance.rank == x.rank - 1 ? variance.expandingDims(-1) : variance
    let raised = shaped + stopGradient(maximum(shaped, epsilon) - shaped)
    let losses = (log(raised) + square(x - targets) / raised) * 0.5
    return (isFull ? losses + Foundation.log(2 * Double.pi) / 2 : losses).reduced(reduction)
}
