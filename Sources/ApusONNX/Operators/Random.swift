import ApusNN

extension OperatorTable {
    /// Random tensors. Without a seed in the node they come from `Generator.current`.
    mutating func addRandom() {
        addTensor("RandomUniform") { call in
            let shape = try call.checked(Shape(call.integerList("shape") ?? []))
            return try uniform(call, shape, dtype: call.dtype(named: "dtype") ?? .float32)
        }
        addTensor("RandomUniformLike") { call in
            let x = try call.tensor(0)
            return try uniform(call, x.shape, dtype: call.dtype(named: "dtype") ?? x.dtype)
        }
        addTensor("RandomNormal") { call in
            let shape = try call.checked(Shape(call.integerList("shape") ?? []))
            return try normal(call, shape, dtype: call.dtype(named: "dtype") ?? .float32)
        }
        addTensor("RandomNormalLike") { call in
            let x = try call.tensor(0)
            return try normal(call, x.shape, dtype: call.dtype(named: "dtype") ?? x.dtype)
        }
        addTensor("Bernoulli") { call in
            let x = try call.tensor(0)
            let drawn = Tensor.uniform(x.shape, generator: try generator(call))
            return (drawn .< x.cast(to: .float32)).cast(to: try call.dtype(named: "dtype") ?? x.dtype)
        }
    }
}

/// The generator of a node: its own where it names a seed.
func generator(_ call: OperatorCall) throws -> Generator {
    guard let seed = try call.float("seed") else { return .current }
    return Generator(seed: UInt64(Float(seed).bitPattern))
}

private func uniform(_ call: OperatorCall, _ shape: Shape, dtype: DType) throws -> Tensor {
    let low = try call.float("low", default: 0), high = try call.float("high", default: 1)
    return (Tensor.uniform(shape, generator: try generator(call)) * (high - low) + low).cast(to: dtype)
}

private func normal(_ call: OperatorCall, _ shape: Shape, dtype: DType) throws -> Tensor {
    let mean = try call.float("mean", default: 0), scale = try call.float("scale", default: 1)
    return (Tensor.normal(shape, generator: try generator(call)) * scale + mean).cast(to: dtype)
}
