/// Normalizes each channel of each example over its positions (Ulyanov et al. 2016): what InstanceNorm1d, 2d and 3d share.
///
/// - Input and output: `(N, channels, …)` or, without a batch, `(channels, …)`.
/// - Parameters, where `affine`: `weight` and `bias`, both `(channels)`.
/// - Buffers, where running statistics are tracked: `running_mean`, `running_var` (unbiased), which evaluation uses, and
///   `num_batches_tracked`.
public class InstanceNormLayer: Module, Layer {
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?
    @Buffer public var runningMean: Tensor?
    @Buffer public var runningVar: Tensor?
    @Buffer public var numBatchesTracked: Tensor?
    /// Added to the variance, against division by 0.
    public let epsilon: Double
    /// The share of the newest batch in the running averages.
    public let momentum: Double
    let spatialRank: Int

    init(
        spatialRank: Int, _ channels: Int, epsilon: Double, momentum: Double, affine: Bool,
        tracksRunningStatistics: Bool
    ) {
        self.spatialRank = spatialRank
        self.epsilon = epsilon
        self.momentum = momentum
        weight = affine ? .ones([channels]) : nil
        bias = affine ? .zeros([channels]) : nil
        runningMean = tracksRunningStatistics ? .zeros([channels]) : nil
        runningVar = tracksRunningStatistics ? .ones([channels]) : nil
        numBatchesTracked = tracksRunningStatistics ? Tensor(0) : nil
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
        let newest = (x.mean(axes: axes).mean(axes: 0), x.variance(axes: axes).mean(axes: 0))
        runningMean = mean + (newest.0 - mean) * momentum
        runningVar = variance + (newest.1 - variance) * momentum
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
