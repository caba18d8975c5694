/// The state of a normalization of channels: what batch and instance normalization share.
///
/// - Parameters, where `affine`: `weight` (ones at first) and `bias` (zeros), both `(channels)`.
/// - Buffers, where running statistics are tracked: `running_mean`, `running_var` (unbiased) and `num_batches_tracked`.
public class ChannelNormLayer: Module {
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?
    @Buffer public var runningMean: Tensor?
    @Buffer public var runningVar: Tensor?
    @Buffer public var numBatchesTracked: Tensor?
    /// Added to the variance, against division by 0.
    public let epsilon: Double
    /// The share of the newest batch in the running averages.
    public internal(set) var momentum: Double?

    init(_ channels: Int, epsilon: Double, momentum: Double?, affine: Bool, tracksRunningStatistics: Bool) {
        self.epsilon = epsilon
        self.momentum = momentum
        weight = affine ? .ones([channels]) : nil
        bias = affine ? .zeros([channels]) : nil
        runningMean = tracksRunningStatistics ? .zeros([channels]) : nil
        runningVar = tracksRunningStatistics ? .ones([channels]) : nil
        numBatchesTracked = tracksRunningStatistics ? Tensor(0) : nil
    }
}
