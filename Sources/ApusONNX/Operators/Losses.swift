import ApusNN

extension OperatorTable {
    /// Losses that training graphs contain.
    mutating func addLosses() {
        addTensor("NegativeLogLikelihoodLoss") { call in
            try negativeLogLikelihood(call, call.tensor(0))
        }
        addTensors("SoftmaxCrossEntropyLoss") { call in
            let logProbabilities = logSoftmax(try call.tensor(0), axis: 1)
            return [try negativeLogLikelihood(call, logProbabilities), logProbabilities]
        }
    }
}

/// `−weight[target] · logProbability[target]`, as it is, summed, or as the mean by weights; targets that are ignored count nothing.
///
/// - Input: log-probabilities `(N, C, …)`, targets `(N, …)`, weights of the classes `(C)`.
private func negativeLogLikelihood(_ call: OperatorCall, _ logProbabilities: Tensor) throws -> Tensor {
    let targets = try call.tensor(1).cast(to: .int64)
    let x = logProbabilities
    guard x.rank >= 2, targets.shape == x.shape.removing(axes: [1]) else {
        throw call.failure("targets \(targets.shape) for \(x.shape)")
    }
    let ignored = try call.integer("ignore_index").map { targets .== $0 }
    let places = ignored.map { `where`($0, 0, targets) } ?? targets
    var weights = try call.optional(2)?.gathered(places) ?? Tensor.ones(targets.shape, dtype: x.dtype)
    if let ignored { weights = `where`(ignored, 0, weights).cast(to: x.dtype) }
    let losses = -x.gathered(elements: places.expandingDims(1), axis: 1).squeezed(1) * weights
    switch try call.string("reduction", default: "mean") {
    case "none": return losses
    case "sum": return losses.sum()
    case "mean": return losses.sum() / weights.sum()
    case let other: throw call.unsupported("the reduction \(other)")
    }
}
