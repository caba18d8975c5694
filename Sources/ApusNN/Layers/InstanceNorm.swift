/// Normalizes each channel of each example over its positions (Ulyanov et al. 2016): what InstanceNorm1d, 2d and 3d share.
///
/// - Input and output: `(N, channels, …)` or, without a batch, `(channels, …)`.
/// - Parameters and buffers: those of `ChannelNormLayer`. Evaluation uses running statistics where they are tracked.
public class InstanceNormLayer: ChannelNormLayer, Layer {
    let spatialRank: Int

    init(
        spatialRank: Int, _ channels: Int, epsilon: Double, momentum: Double, affine: Bool,
        tracksRunningStatistics: Bool
    ) {
        self.spatialRank = spatialRank
        super.init(
            channels, epsilon: epsilon, momentum: momentum, affine: affine,
            tracksRunningStatistics: tracksRunningStatistics)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            withBatch(x, rank: spatialRank + 2) { x in
                guard x.rank == spatialRank + 2 else {
                    reportTensorError(
                        TensorError("\(type(of: self)): input \(x.shape) must have rank \(spatialRank + 2)"))
                    return x
                }
                guard let mean = runningMean, let variance = runningVar else {
                    return instanceNorm(x, weight, bias, epsilon: epsilon)
                }
                if !isTraining { return batchNorm(x, mean, variance, weight, bias, epsilon: epsilon) }
                track(stopGradient(x), mean, variance)
                return instanceNorm(x, weight, bias, epsilon: epsilon)
            }
        }
    }

    /// Takes the means of the examples' means and unbiased variances into the running ones. Nothing counts the batches, as in PyTorch.
    private func track(_ x: Tensor, _ mean: Tensor, _ variance: Tensor) {
        let axes = Array(2..<x.rank)
        let (newMean, newVariance) = (x.mean(axes: axes).mean(axes: 0), x.variance(axes: axes).mean(axes: 0))
        runningMean = mean + (newMean - mean) * momentum!
        runningVar = variance + (newVariance - variance) * momentum!
    }
}

/// Normalizes each channel of each example over its positions. Input: `(N, C, …)`. See `InstanceNormLayer`.
public func instanceNorm(
    _ x: Tensor, _ weight: Tensor? = nil, _ bias: Tensor? = nil, epsilon: Double = 1e-5
) -> Tensor {
    var y = normalized(x, axes: Array(2..<max(2, x.rank)), epsilon: epsilon)
    if let weight { y = y * weight.alongChannels(of: x) }
    if let bias { y = y + bias.alongChannels(of: x) }
    return y
}

/// Instance normalization of `(N, C, L)`. See `InstanceNormLayer`.
public final class InstanceNorm1d: InstanceNormLayer {
    public init(
        _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
        tracksRunningStatistics: Bool = false
    ) {
        super.init(
            spatialRank: 1, channels, epsilon: epsilon, momentum: momentum, affine: affine,
            tracksRunningStatistics: tracksRunningStatistics)
    }
}

/// Instance normalization of `(N, C, H, W)`. See `InstanceNormLayer`.
public final class InstanceNorm2d: InstanceNormLayer {
    public init(
        _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
        tracksRunningStatistics: Bool = false
    ) {
        super.init(
            spatialRank: 2, channels, epsilon: epsilon, momentum: momentum, affine: affine,
            tracksRunningStatistics: tracksRunningStatistics)
    }
}

/// Instance normalization of `(N, C, D, H, W)`. See `InstanceNormLayer`.
public final class InstanceNorm3d: InstanceNormLayer {
    public init(
        _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
        tracksRunningStatistics: Bool = false
    ) {
        super.init(
            spatialRank: 3, channels, epsilon: epsilon, momentum: momentum, affine: affine,
            tracksRunningStatistics: tracksRunningStatistics)
    }
}
