/// `y = x Wᵀ + b`
///
/// - Input: `(…, inputs)`. Output: `(…, outputs)`.
/// - Parameters: `weight (outputs, inputs)` and `bias (outputs)`, both uniform in ±1/√inputs at first.
public final class Linear: Module, Layer {
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor?

    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, generator: Generator = .current) {
        weight = .kaimingUniform([outputs, inputs], slope: 5.0.squareRoot(), generator: generator)
        self.bias = bias ? .fanInUniform([outputs], fanIn: inputs, generator: generator) : nil
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) { linear(x, weight, bias) }
    }
}

/// `x Wᵀ + b`
public func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
    let product = matmul(x, weight.T)
    return bias.map { product + $0 } ?? product
}

/// `y_o = x₁ᵀ W_o x₂ + b_o`
///
/// - Input: `(…, inputs1)` and `(…, inputs2)`. Output: `(…, outputs)`.
/// - Parameters: `weight (outputs, inputs1, inputs2)`, `bias (outputs)`, uniform in ±1/√inputs1 at first.
public final class Bilinear: Module {
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor?

    public init(
        _ inputs1: Int, _ inputs2: Int, _ outputs: Int, bias: Bool = true, generator: Generator = .current
    ) {
        weight = .fanInUniform([outputs, inputs1, inputs2], fanIn: inputs1, generator: generator)
        self.bias = bias ? .fanInUniform([outputs], fanIn: inputs1, generator: generator) : nil
    }

    public func callAsFunction(_ x1: Tensor, _ x2: Tensor) -> Tensor {
        traced(x1, x2) {
            let (outputs, inputs1, inputs2) = (weight.shape[0], weight.shape[1], weight.shape[2])
            // (…, inputs1) × (inputs1, outputs · inputs2) → (…, outputs, inputs2)
            let rows = weight.transposed(1, 0, 2).reshaped(inputs1, outputs * inputs2)
            let left = matmul(x1, rows).reshaped(Shape(x1.shape.dropLast() + [outputs, inputs2]))
            let product = (left * x2.expandingDims(-2)).sum(axes: -1)  // (…, outputs)
            return bias.map { product + $0 } ?? product
        }
    }
}

/// The distances of all pairs of rows, each pair once: those of the first row to all behind it, then the second's (pdist).
///
/// - Input: `(n, k)`. Output: `(n (n − 1) / 2)`.
public func pairDistances(_ x: Tensor, order p: Double = 2) -> Tensor {
    guard x.rank == 2 else {
        reportTensorError(TensorError("pairDistances: rows of \(x.shape)"))
        return x
    }
    let pairs = Tensor.upperTriangleIndices(x.shape[0], x.shape[0], offset: 1)
    let (first, second) = (x.gathered(pairs[0]), x.gathered(pairs[1]))
    return (first - second).norm(order: p, axes: -1)
}
