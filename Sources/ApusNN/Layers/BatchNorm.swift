/// Normalizes each channel by the batch's mean and variance, in evaluation by their running averages (Ioffe and Szegedy 2015):
/// what BatchNorm1d, 2d and 3d share.
///
/// `y = weight · (x − mean) / √(variance + epsilon) + bias`
///
/// A `momentum` of nil weighs all batches equally.
///
/// - Input and output: `(N, channels, …)`.
/// - Parameters and buffers: those of `ChannelNormLayer`.
public class BatchNormLayer: ChannelNormLayer, Layer {
    /// The ranks of input that the layer takes.
    let ranks: ClosedRange<Int>

    init(
        ranks: ClosedRange<Int>, _ channels: Int, epsilon: Double, momentum: Double?, affine: Bool,
        tracksRunningStatistics: Bool
    ) {
        self.ranks = ranks
        super.init(
            channels, epsilon: epsilon, momentum: momentum, affine: affine,
            tracksRunningStatistics: tracksRunningStatistics)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            guard ranks.contains(x.rank) else {
                reportTensorError(TensorError("\(type(of: self)): input \(x.shape) must have a rank in \(ranks)"))
                return x
            }
            if !isTraining, let runningMean, let runningVar {
                return batchNorm(x, runningMean, runningVar, weight, bias, epsilon: epsilon)
            }
            let pivot = pivot(of: x)
            let shifted = x - pivot.alongChannels(of: x)
            let (mean, variance) = batchStatistics(shifted)
            if isTraining { track(pivot + mean, variance, count: x.elementCount / max(1, x.shape[1])) }
            return batchNorm(shifted, mean, variance, weight, bias, epsilon: epsilon)
        }
    }

    /// A value near each channel's mean: that of the middles of a few examples.
    private func pivot(of x: Tensor) -> Tensor {
        var samples = stopGradient(x).sliced(axis: 0, 0, min(16, x.shape[0]))
        for axis in 2..<max(2, x.rank) {
            samples = samples.sliced(axis: axis, x.shape[axis] / 2, min(1, x.shape[axis]))
        }
        return samples.mean(axes: (0..<x.rank).filter { $0 != 1 })
    }

    /// The mean and the biased variance of each channel, in one pass: `E[x²] − E[x]²`, which is exact enough where the mean is
    /// not much more than the deviation; so `x` comes shifted by the pivot.
    private func batchStatistics(_ x: Tensor) -> (mean: Tensor, variance: Tensor) {
        let axes = (0..<x.rank).filter { $0 != 1 }
        let mean = x.mean(axes: axes)
        return (mean, square(x).mean(axes: axes) - square(mean))
    }

    private func track(_ mean: Tensor, _ variance: Tensor, count: Int) {
        guard count > 1 else {
            reportTensorError(
                TensorError("\(type(of: self)): more than one value per channel is needed in training; use eval()"))
            return
        }
        guard let oldMean = runningMean, let oldVariance = runningVar, let batches = numBatchesTracked else { return }
        let tracked = batches + 1
        let unbiased = stopGradient(variance) * (Double(count) / Double(count - 1))
        let share = momentum.map { Tensor($0, dtype: mean.dtype) } ?? 1 / tracked.cast(to: mean.dtype)
        numBatchesTracked = tracked
        runningMean = oldMean * (1 - share) + stopGradient(mean) * share
        runningVar = oldVariance * (1 - share) + unbiased * share
    }
}

extension Tensor {
    /// A value for each channel, shaped to go with `(N, C, …)`.
    func alongChannels(of x: Tensor) -> Tensor {
        reshaped(Shape([-1] + [Int](repeating: 1, count: Swift.max(0, x.rank - 2))))
    }
}

/// `weight · (x − mean) / √(variance + epsilon) + bias` with given statistics of each channel: batch normalization as it is used.
///
/// - Input: `(N, C, …)`, all else `(C)`.
public func batchNorm(
    _ x: Tensor, _ mean: Tensor, _ variance: Tensor, _ weight: Tensor? = nil, _ bias: Tensor? = nil,
    epsilon: Double = 1e-5
) -> Tensor {
    // One multiplication and one addition for each element.
    var scale = rsqrt(variance + epsilon)
    if let weight { scale = scale * weight }
    var shift = -mean * scale
    if let bias { shift = shift + bias }
    return x * scale.alongChannels(of: x) + shift.alongChannels(of: x)
}

/// Forgets the running statistics of a model's batch norms and finds them anew, all batches weighing equally: what averaged parameters need.
///
/// - Parameter call: the model's forward pass; its result is computed and dropped.
public func updateBatchNorm<Model: Module, Batches: Sequence>(
    _ model: Model, over batches: Batches, _ call: (Model, Batches.Element) throws -> Tensor
) rethrows {
    let norms = model.modules.compactMap { $0 as? BatchNormLayer }
    let modes = model.modules.map { ($0, $0.isTraining) }
    let momenta = norms.map(\.momentum)
    for norm in norms {
        norm.runningMean = norm.runningMean.map { .zeros(like: $0) }
        norm.runningVar = norm.runningVar.map { .ones(like: $0) }
        norm.numBatchesTracked = norm.numBatchesTracked.map { .zeros(like: $0) }
        norm.momentum = nil
    }
    model.train()
    defer {
        for (module, isTraining) in modes { module.isTraining = isTraining }
        for (norm, momentum) in zip(norms, momenta) { norm.momentum = momentum }
    }
    for batch in batches {
        let output = try call(model, batch)
        evaluate([output] + norms.flatMap { [$0.runningMean, $0.runningVar, $0.numBatchesTracked].compactMap { $0 } })
    }
}

/// Batch normalization of `(N, C)` or `(N, C, L)`. See `BatchNormLayer`.
public final class BatchNorm1d: BatchNormLayer {
    public init(
        _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        tracksRunningStatistics: Bool = true
    ) {
        super.init(
            ranks: 2...3, channels, epsilon: epsilon, momentum: momentum, affine: affine,
            tracksRunningStatistics: tracksRunningStatistics)
    }
}

/// Batch normalization of `(N, C, H, W)`. See `BatchNormLayer`.
public final class BatchNorm2d: BatchNormLayer {
    public init(
        _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        tracksRunningStatistics: Bool = true
    ) {
        super.init(
            ranks: 4...4, channels, epsilon: epsilon, momentum: momentum, affine: affine,
            tracksRunningStatistics: tracksRunningStatistics)
    }
}

/// Batch normalization of `(N, C, D, H, W)`. See `BatchNormLayer`.
public final class BatchNorm3d: BatchNormLayer {
    public init(
        _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        tracksRunningStatistics: Bool = true
    ) {
        super.init(
            ranks: 5...5, channels, epsilon: epsilon, momentum: momentum, affine: affine,
            tracksRunningStatistics: tracksRunningStatistics)
    }
}
