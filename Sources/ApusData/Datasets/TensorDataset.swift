import ApusTensor

/// Inputs and what should come out for them, of one sample or of a batch.
public struct LabelledTensors: Sendable {
    /// What goes in: (…) of a sample, (B, …) of a batch.
    public let inputs: Tensor
    /// What should come out: (…) of a sample, (B, …) of a batch.
    public let targets: Tensor

    public init(inputs: Tensor, targets: Tensor) {
        self.inputs = inputs
        self.targets = targets
    }
}

/// Tensors whose first axes number the samples. A batch is one copy of its rows from memory, without an object a
/// sample.
public struct TensorDataset: BatchedDataset {
    /// The samples' inputs, (N, …).
    public let inputs: Tensor
    /// The samples' targets, (N, …).
    public let targets: Tensor

    /// - Parameters:
    ///   - inputs: (N, …)
    ///   - targets: (N, …)
    public init(inputs: Tensor, targets: Tensor) {
        precondition(
            inputs.rank > 0 && targets.rank > 0 && inputs.shape[0] == targets.shape[0],
            "TensorDataset: inputs \(inputs.shape) and targets \(targets.shape) differ in their first extents")
        // Computed here, so that no background thread has to.
        evaluate([inputs, targets])
        self.inputs = inputs
        self.targets = targets
    }

    /// How many samples there are, N.
    public var count: Int { inputs.shape[0] }

    /// One sample's inputs and targets, without the axis that numbers the samples.
    public subscript(index: Int) -> LabelledTensors {
        let row = batch([index], epoch: 0)
        return LabelledTensors(inputs: row.inputs.squeezed(0), targets: row.targets.squeezed(0))
    }

    /// The rows of these numbers, (B, …) each; the epoch makes no difference.
    public func batch(_ indices: [Int], epoch: Int) -> LabelledTensors {
        LabelledTensors(inputs: rows(indices, of: inputs), targets: rows(indices, of: targets))
    }
}

/// Whole slices along the first axis, copied now: (N, …) → (B, …).
func rows(_ indices: [Int], of x: Tensor) -> Tensor {
    var shape = x.shape
    let count = shape[0]
    shape[0] = indices.count
    let rowBytes = count == 0 ? 0 : x.shape.elementCount / count * x.dtype.byteCount
    let source = x.buffer
    let result = Buffer(byteCount: indices.count * rowBytes)
    for (row, index) in indices.enumerated() {
        precondition((0..<count).contains(index), "sample \(index) of \(count)")
        (result.pointer + row * rowBytes).copyMemory(from: source.pointer + index * rowBytes, byteCount: rowBytes)
    }
    return Tensor(Node(result, type: TensorType(shape, x.dtype)))
}
