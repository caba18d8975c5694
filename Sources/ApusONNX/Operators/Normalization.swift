import ApusNN

extension OperatorTable {
    /// Normalization by means and variances.
    mutating func addNormalization() {
        addTensors("BatchNormalization", batchNormalization)
        addTensor("InstanceNormalization") { call in
            let x = try call.tensor(0)
            let axes = Array(2..<max(2, x.rank))
            let y = normalized(x, axes: axes, epsilon: try call.float("epsilon", default: 1e-5)).value
            return try alongChannels(call.tensor(1), of: x) * y + alongChannels(call.tensor(2), of: x)
        }
        addTensors("LayerNormalization") { call in
            let x = try call.tensor(0)
            let axis = try call.axis(default: -1, rank: x.rank)
            let epsilon = try call.float("epsilon", default: 1e-5)
            let (value, mean, inverse) = normalized(
                x.cast(to: x.dtype.promoted(with: .float32)), axes: Array(axis..<x.rank), epsilon: epsilon)
            var y = value.cast(to: x.dtype) * (try call.tensor(1))
            if let bias = try call.optional(2) { y = y + bias }
            return [y, mean, inverse]
        }
        addTensor("GroupNormalization", groupNormalization)
        addTensor("MeanVarianceNormalization") { call in
            let x = try call.tensor(0)
            let axes = try call.axes(call.integerList("axes") ?? [0, 2, 3], rank: x.rank)
            let mean = x.mean(axes: axes, keepingAxes: true)
            let deviation = sqrt(x.variance(axes: axes, correction: 0, keepingAxes: true))
            return (x - mean) / (deviation + 1e-9)
        }
        addTensor("LRN", localResponseNormalization)
        addTensor("LpNormalization") { call in
            let x = try call.tensor(0)
            let axis = try call.axis(default: -1, rank: x.rank)
            let isFirst = try call.integer("p", default: 2) == 1
            return x / (isFirst ? abs(x).sum(axes: axis, keepingAxes: true) : x.norm(axes: axis, keepingAxes: true))
        }
    }
}

/// `(x − mean) / √(variance + epsilon)` over axes, with the mean and the inverse deviation.
private func normalized(
    _ x: Tensor, axes: [Int], epsilon: Double
) -> (value: Tensor, mean: Tensor, inverseDeviation: Tensor) {
    let mean = x.mean(axes: axes, keepingAxes: true)
    let inverse = rsqrt(square(x - mean).mean(axes: axes, keepingAxes: true) + epsilon)
    return ((x - mean) * inverse, mean, inverse)
}

/// A vector of channels beside `x (N, C, …)`.
private func alongChannels(_ vector: Tensor, of x: Tensor) -> Tensor {
    vector.reshaped(Shape([-1] + [Int](repeating: 1, count: max(0, x.rank - 2))))
}

/// By the running statistics; in training mode, the module's or the node's, by the batch's, which move the running ones.
private func batchNormalization(_ call: OperatorCall) throws -> [Tensor] {
    let x = try call.tensor(0)
    let (runningMean, runningVariance) = (try call.tensor(3), try call.tensor(4))
    let epsilon = try call.float("epsilon", default: 1e-5), momentum = try call.float("momentum", default: 0.9)
    let isTraining = try call.isTraining || call.flag("training_mode")

    var (mean, variance) = (runningMean, runningVariance)
    if isTraining {
        let axes = (0..<x.rank).filter { $0 != 1 }
        (mean, variance) = (x.mean(axes: axes), x.variance(axes: axes, correction: 0))
    }
    let scale = try call.tensor(1) * rsqrt(variance + epsilon)
    let y = (x - alongChannels(mean, of: x)) * alongChannels(scale, of: x) + alongChannels(try call.tensor(2), of: x)
    guard isTraining else { return [y.cast(to: x.dtype)] }

    let newMean = runningMean * momentum + mean * (1 - momentum)
    let newVariance = runningVariance * momentum + variance * (1 - momentum)
    call.context.track(call.node.inputs[3], newMean)
    call.context.track(call.node.inputs[4], newVariance)
    return [y.cast(to: x.dtype), newMean, newVariance]
}

/// Each group of channels by its own mean and variance; scale and bias are of groups before version 21, of channels since.
private func groupNormalization(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let groups = try call.integer("num_groups", default: 1)
    guard x.rank >= 2, groups > 0, x.shape[1] % groups == 0 else {
        throw call.failure("\(groups) groups of \(x.shape)")
    }
    // (N, C, …) → (N, G, C / G · …)
    let rows = x.reshaped(x.shape[0], groups, -1)
    let y = normalized(rows, axes: [2], epsilon: try call.float("epsilon", default: 1e-5)).value
    let (scale, bias) = (try call.tensor(1), try call.tensor(2))
    if scale.shape[0] == groups, call.version < 21 {
        return (y * scale.reshaped(groups, 1) + bias.reshaped(groups, 1)).reshaped(x.shape)
    }
    return y.reshaped(x.shape) * alongChannels(scale, of: x) + alongChannels(bias, of: x)
}

/// `x / (bias + alpha / size · Σ x²)^beta`, the sum over neighbouring channels (Krizhevsky et al. 2012).
private func localResponseNormalization(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let size = try call.integer("size", default: 1)
    guard x.rank >= 2, (1...0xFFFF).contains(size) else {
        throw call.failure("windows of \(size) channels of \(x.shape)")
    }
    let alpha = try call.float("alpha", default: 1e-4), beta = try call.float("beta", default: 0.75)
    let bias = try call.float("bias", default: 1)
    var widths = [(Int, Int)](repeating: (0, 0), count: x.rank)
    widths[1] = ((size - 1) / 2, size / 2)
    let squares = square(x).padded(widths)
    var sum = squares.sliced(axis: 1, 0, x.shape[1])
    for offset in 1..<max(1, size) { sum = sum + squares.sliced(axis: 1, offset, x.shape[1]) }
    return x / pow(sum * (alpha / Double(size)) + bias, beta)
}
