// Products that sum over shared axes.

/// The matrix product over the last axis of `a` and the second last of `b`; leading axes broadcast, and a vector is a row on the left, a column on the right.
///
/// - Input: `(…, M, K)` and `(…, K, N)`. Output: `(…, M, N)`.
public func matmul(_ a: Tensor, _ b: Tensor) -> Tensor {
    guard a.rank > 0, b.rank > 0 else {
        return Tensor(
            Node.invalid(
                TensorError("matmul: \(a.shape) × \(b.shape): a scalar has no axis to sum over"), like: a.node.type))
    }
    if a.rank == 1 { return matmul(a.expandingDims(0), b).squeezed(b.rank == 1 ? 0 : -2) }
    if b.rank == 1 { return matmul(a, b.expandingDims(1)).squeezed(-1) }

    let dtype = a.dtype.promoted(with: b.dtype)
    if b.rank == 2, a.rank > 2, dtype.isFloatingPoint, a.elementCount > 0 {
        // One large product is faster than a batch of small ones with the same right side.
        // (…, M, K) → (… · M, K) → (… · M, N) → (…, M, N)
        let rows = a.reshaped(-1, a.shape[a.rank - 1])
        return matmul(rows, b).reshaped(Shape(a.shape.dropLast() + [b.shape[1]]))
    }
    let (batchA, batchB) = (Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2)))
    guard let batch = batchA.broadcast(with: batchB) else {
        return Tensor(
            Node.invalid(TensorError("matmul: \(a.shape) × \(b.shape): batch axes do not broadcast"), like: a.node.type)
        )
    }
    let left = a.cast(to: dtype).broadcast(to: Shape(batch + a.shape.suffix(2)))
    let right = b.cast(to: dtype).broadcast(to: Shape(batch + b.shape.suffix(2)))
    guard dtype.isFloatingPoint else { return wholeProduct(left, right) }
    return contraction(.matmul, left, right)
}

/// The matrix product of integers or bools, in all their digits: no contraction takes them. `(…, M, K)` and `(…, K, N)`.
private func wholeProduct(_ a: Tensor, _ b: Tensor) -> Tensor {
    guard a.shape[a.rank - 1] == b.shape[b.rank - 2] else {
        return a.invalid("matmul: \(a.shape) × \(b.shape): inner dimensions differ")
    }
    let products = a.expandingDims(-1) * b.expandingDims(-3)  // (…, M, K, N)
    return products.sum(axes: -2).cast(to: a.dtype)
}

/// A contraction in the precision in force.
func contraction(_ operation: Operation, _ a: Tensor, _ b: Tensor) -> Tensor {
    guard Precision.current == .bfloat16, a.dtype == .float32 else { return Tensor(operation, a, b) }
    return Tensor(operation, a.cast(to: .bfloat16), b.cast(to: .bfloat16)).cast(to: .float32)
}

/// One number for every spatial axis, or one for each.
public protocol SpatialExtent: Sendable {
    func extents(_ rank: Int) -> [Int]
}

extension Int: SpatialExtent {
    /// The number itself on every axis.
    public func extents(_ rank: Int) -> [Int] { [Int](repeating: self, count: rank) }
}

extension Array: SpatialExtent where Element == Int {
    /// The numbers themselves; there must be one for each axis.
    public func extents(_ rank: Int) -> [Int] {
        precondition(count == rank, "\(self): one number for each of \(rank) spatial axes is needed")
        return self
    }
}

/// Cross-correlation over the last 1 to 3 axes: `y[n, o] = Σ_c Σ_k weight[o, c, k] · x[n, c, stride · i + dilation · k − padding]`.
///
/// - Input: `(N, C, …)` or, without a batch, `(C, …)`; weight `(O, C / groups, …)`, bias `(O)`.
/// - Output: `(N, O, …)` of extents `⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1`.
public func convolution(
    _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: any SpatialExtent = 1, padding: any SpatialExtent = 0,
    dilation: any SpatialExtent = 1, groups: Int = 1
) -> Tensor {
    let n = weight.rank - 2
    guard n >= 1 else {
        return Tensor(
            Node.invalid(TensorError("convolution: weight \(weight.shape) has no spatial axis"), like: x.node.type))
    }
    let padding = padding.extents(n)
    let geometry = Convolution(
        stride: stride.extents(n), paddingLow: padding, paddingHigh: padding, dilation: dilation.extents(n),
        groups: groups)
    return withBatch(x, rank: n + 2) { addingChannels(contraction(.convolution(geometry), $0, weight), bias) }
}

/// The gradient of a convolution by its input, used as a layer: `stride` spreads the input out.
///
/// - Input: `(N, C, …)`, weight `(C, O / groups, …)`, bias `(O)`.
/// - Output: `(N, O, …)` of extents `(size − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1`.
public func convolutionTransposed(
    _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: any SpatialExtent = 1, padding: any SpatialExtent = 0,
    outputPadding: any SpatialExtent = 0, dilation: any SpatialExtent = 1, groups: Int = 1
) -> Tensor {
    let n = weight.rank - 2
    guard n >= 1, x.rank == n + 2 || x.rank == n + 1 else {
        let error = TensorError("transposed convolution: \(x.shape) with weight \(weight.shape): ranks differ")
        return Tensor(Node.invalid(error, like: x.node.type))
    }
    let (stride, padding, extra, dilation) = (
        stride.extents(n), padding.extents(n), outputPadding.extents(n), dilation.extents(n)
    )
    let size = (0..<n).map { axis -> Int in
        let spread: Int = (x.shape[x.rank - n + axis] - 1) * stride[axis]
        let reach: Int = dilation[axis] * (weight.shape[axis + 2] - 1) + 1
        return spread + reach + extra[axis] - 2 * padding[axis]
    }
    let geometry = Convolution(
        stride: stride, paddingLow: padding, paddingHigh: padding, dilation: dilation, groups: groups)
    return withBatch(x, rank: n + 2) {
        addingChannels(contraction(.convolutionInputGradient(geometry, inputSize: size), $0, weight), bias)
    }
}

/// `y + bias` along axis 1.
private func addingChannels(_ y: Tensor, _ bias: Tensor?) -> Tensor {
    guard let bias else { return y }
    return y + bias.reshaped(Shape([-1] + [Int](repeating: 1, count: y.rank - 2)))
}
