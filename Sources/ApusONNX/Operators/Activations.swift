import ApusNN

extension OperatorTable {
    /// The functions between layers.
    mutating func addActivations() {
        addUnary("Relu") { relu($0) }
        addUnary("Sigmoid") { sigmoid($0) }
        addUnary("Softplus") { softplus($0) }
        addUnary("Softsign") { softsign($0) }
        addUnary("HardSwish") { hardSwish($0) }
        addUnary("Mish") { mish($0) }
        addTensor("Elu") { elu(try $0.tensor(0), alpha: try $0.float("alpha", default: 1)) }
        addTensor("Celu") { celu(try $0.tensor(0), alpha: try $0.float("alpha", default: 1)) }
        addTensor("LeakyRelu") { leakyReLU(try $0.tensor(0), slope: try $0.float("alpha", default: 0.01)) }
        addTensor("Gelu") { call in
            gelu(
                try call.tensor(0),
                approximate: try call.string("approximate", default: "none") == "tanh" ? .tanh : .none)
        }
        addTensor("Selu") { call in
            // Version 1 rounds the constants a little differently.
            let alpha = try call.float("alpha", default: call.version < 6 ? 1.6732 : 1.67326319217681884765625)
            let gamma = try call.float("gamma", default: call.version < 6 ? 1.0507 : 1.05070102214813232421875)
            return elu(try call.tensor(0), alpha: alpha) * gamma
        }
        addTensor("HardSigmoid") { call in
            let alpha = try call.float("alpha", default: 0.2)
            let beta = try call.float("beta", default: 0.5)
            return (try call.tensor(0) * alpha + beta).clamped(0, 1)
        }
        addTensor("ThresholdedRelu") { call in
            let x = try call.tensor(0)
            return `where`(x .> (try call.float("alpha", default: 1)), x, 0)
        }
        addTensor("Shrink") { call in
            let x = try call.tensor(0)
            let (bias, lambda) = (try call.float("bias", default: 0), try call.float("lambd", default: 0.5))
            let shrunk = `where`(x .< -lambda, x + bias, `where`(x .> lambda, x - bias, 0))
            return shrunk.cast(to: x.dtype)
        }
        addTensor("PRelu") { call in
            let (x, slope) = (try call.tensor(0), try call.tensor(1))
            return `where`(x .> 0, x, x * slope)
        }
        addTensor("Softmax") { try alongAxis($0) { softmax($0, axis: $1) } }
        addTensor("LogSoftmax") { try alongAxis($0) { logSoftmax($0, axis: $1) } }
        addTensor("Hardmax") {
            try alongAxis($0) { x, axis in
                let places = x.argMax(axis: axis)
                return places.oneHot(x.shape[axis], dtype: x.dtype).movingAxis(-1, to: axis)
            }
        }
        add("Dropout", dropout)
    }
}

/// A function of one axis. Before version 13 it is of all axes from `axis` on, taken as one.
private func alongAxis(_ call: OperatorCall, _ function: (Tensor, Int) -> Tensor) throws -> Tensor {
    let x = try call.tensor(0)
    guard call.version < 13 else { return function(x, try call.axis(default: -1, rank: x.rank)) }
    let axis = try call.integer("axis", default: 1)
    let first = axis == x.rank ? axis : try call.axis(axis, rank: x.rank)
    // (a₀, …, aₖ, …) → (a₀ · …, aₖ · …)
    let rows = x.shape.prefix(first).reduce(1, *)
    let columns = x.shape.dropFirst(first).reduce(1, *)
    return function(x.reshaped(rows, columns), 1).reshaped(x.shape)
}

/// Dropout with the mask of what stays. It drops in training mode, which is the module's, or what the third input says.
private func dropout(_ call: OperatorCall) throws -> [ONNXValue] {
    let x = try call.tensor(0)
    let ratio = call.has(1) ? try call.number(1) : try call.float("ratio", default: 0.5)
    let asked = call.has(2) ? try call.number(2) != 0 : false
    guard call.isTraining || asked, ratio > 0 else { return [.tensor(x), .tensor(.ones(x.shape, dtype: .bool))] }
    let kept = Tensor.bernoulli(x.shape, probability: 1 - ratio, generator: try generator(call))
    let scale = ratio < 1 ? 1 / (1 - ratio) : 0
    return [.tensor(x * (kept.cast(to: x.dtype) * scale)), .tensor(kept.cast(to: .bool))]
}
