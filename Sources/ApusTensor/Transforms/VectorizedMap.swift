import ApusGraph

/// `f` of each element along the first axis of `x`, all at once; results have that axis too.
///
/// ```swift
/// // The gradient of each example's loss, not of their sum: (N, parameters)
/// let gradients = vmap([x, y]) { [gradient(at: w) { w in loss(w, $0[0], $0[1]) }] }[0]
/// ```
/// `f` is traced once, for an element, and its operations are done for all elements together: products become batched products, axes move
/// by one. What has no such form (a convolution with other weights for each element) runs as a loop. Random numbers are others for each
/// element. `f` may not look at a value; what it captures is the same for all elements.
///
/// `jax.vmap`, `torch.vmap`.
public func vmap(_ x: Tensor, _ f: (Tensor) throws -> Tensor) rethrows -> Tensor {
    try vmap([x]) { [try f($0[0])] }[0]
}

/// The same for a function of several tensors, which have first axes of one extent.
public func vmap(_ inputs: [Tensor], _ f: ([Tensor]) throws -> [Tensor]) rethrows -> [Tensor] {
    guard let count = inputs.first?.shape.first, inputs.allSatisfy({ $0.shape.first == count }) else {
        reportTensorError(
            TensorError("vmap: over \(inputs.map(\.shape)): one tensor at least, and first axes of one extent"))
        return try f(inputs)
    }
    let elements = inputs.map { Tensor(Node.placeholder(TensorType(Shape(Array($0.shape.dropFirst())), $0.dtype))) }
    let position = Tensor(Node.placeholder(TensorType([], .int64)))
    let results = try GraphFunction.$isBeingMade.withValue(true) {
        try LoopPositions.$current.withValue(LoopPositions.current + [position]) { try f(elements) }
    }
    let placeholders = ([position] + elements).map(\.node)
    let (program, captured) = Program.body(from: placeholders, to: results.map(\.node))
    let positions = Tensor.range(count)
    return Vectorization(count).outputs(
        of: program, on: ([positions] + inputs).map(Vectorization.Value.each) + captured.map { .same(Tensor($0)) })
}

/// A program for one element done for `count` at once.
struct Vectorization {
    /// A value for each element, or one for all.
    enum Value {
        /// `(count, …)`
        case each(Tensor)
        case same(Tensor)

        var isEach: Bool {
            if case .each = self { return true }
            return false
        }
        var tensor: Tensor {
            switch self {
            case .each(let tensor), .same(let tensor): tensor
            }
        }
    }

    let count: Int

    init(_ count: Int) { self.count = count }

    func outputs(of program: Program, on inputs: [Value]) -> [Tensor] {
        var values = inputs
        for instruction in program.instructions {
            let operands = instruction.operands.map { values[$0] }
            values.append(
                .each(result(of: instruction.operation, on: operands) ?? looped(instruction.operation, operands)))
        }
        return program.outputs.map { repeated(values[$0]) }
    }

    /// With the first axis, whatever it was.
    func repeated(_ value: Value) -> Tensor {
        switch value {
        case .each(let tensor): tensor
        case .same(let tensor): tensor.broadcast(to: Shape([count] + tensor.shape.dimensions))
        }
    }

    /// One element after the other, for what has no other form.
    private func looped(_ operation: Operation, _ operands: [Value]) -> Tensor {
        let sequences = operands.filter(\.isEach).map(\.tensor)
        return TracedLoop([], over: sequences, stepCount: count) { _, _, elements in
            var rest = elements[...]
            let operands = operands.map { $0.isEach ? rest.removeFirst() : $0.tensor }
            return ([], [Tensor(Node.make(operation, operands.map(\.node)))])
        }.output(0)
    }
}
