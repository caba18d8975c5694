extension Tensor {
    /// Reports a mistake in the use of an operation on this tensor; inside `withTensorErrors` work goes on with zeros of its type.
    func invalid(_ message: String) -> Tensor {
        Tensor(Node.invalid(TensorError(message), like: node.type))
    }
}
