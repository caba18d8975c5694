import ApusGraph

// Derivatives of more than one number, and along directions. All are made of gradients, so they have gradients themselves.

/// The outputs of `f` and `J v`, their derivatives along a direction: forward mode.
///
/// `J v` is the gradient of `⟨Jᵀu, v⟩` by `u`, which is linear in `u`: nothing that depends on `u` itself is computed in the end.
/// (Townsend 2017, "A new trick for calculating Jacobian vector products")
///
/// - Parameter directions: `v`, shaped like each input.
public func jacobianVectorProduct(
    at inputs: [Tensor], along directions: [Tensor], _ f: ([Tensor]) throws -> [Tensor]
) rethrows -> (outputs: [Tensor], derivatives: [Tensor]) {
    try withVariables(inputs) { variables, scope in
        let outputs = try f(variables)
        let seeds = outputs.map { variable(.zeros(like: $0), in: scope) }
        let gradients = vectorJacobianProduct(of: outputs, with: seeds, by: variables)
        let product = innerProduct(gradients, checked(directions, like: inputs, "jacobianVectorProduct"))
        return (outputs, vectorJacobianProduct(of: [product], with: [.ones(like: product)], by: seeds))
    }
}

/// The value of a scalar `f`, its gradients, and `H v`: how the gradients change along a direction. No Hessian is made.
/// (Pearlmutter 1994, "Fast Exact Multiplication by the Hessian")
///
/// - Parameter directions: `v`, shaped like each input.
public func hessianVectorProduct(
    at inputs: [Tensor], along directions: [Tensor], _ f: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor], products: [Tensor]) {
    try withVariables(inputs) { variables, _ in
        let (value, gradients) = try valueAndGradients(at: variables, f)
        let product = innerProduct(gradients, checked(directions, like: inputs, "hessianVectorProduct"))
        let products = vectorJacobianProduct(of: [product], with: [.ones(like: product)], by: variables)
        return (value, gradients, products)
    }
}

/// `∂f(x)ᵢ / ∂xⱼ`: the output's axes, then the input's. One backward pass for all outputs at once.
public func jacobian(at x: Tensor, _ f: (Tensor) throws -> Tensor) rethrows -> Tensor {
    try withVariables([x]) { variables, _ in
        let y = try f(variables[0])
        let count = y.elementCount
        let basis = Tensor.identity(count, dtype: y.dtype).reshaped(Shape([count] + y.shape.dimensions))
        let rows = vmap(basis) { vectorJacobianProduct(of: [y], with: [$0], by: variables)[0] }  // (m, x…)
        return rows.reshaped(Shape(y.shape.dimensions + x.shape.dimensions))
    }
}

/// `∂²f(x) / ∂xᵢ ∂xⱼ` of a scalar function: the axes of `x` twice.
public func hessian(at x: Tensor, _ f: (Tensor) throws -> Tensor) rethrows -> Tensor {
    try jacobian(at: x) { try gradient(at: $0, f) }
}

/// `Σ aᵢ · bᵢ` over all elements of all tensors.
private func innerProduct(_ a: [Tensor], _ b: [Tensor]) -> Tensor {
    zip(a, b).map { ($0 * $1).sum() }.reduce(Tensor.zeros([], dtype: a.first?.dtype ?? .float32), +)
}

private func checked(_ directions: [Tensor], like inputs: [Tensor], _ name: String) -> [Tensor] {
    if directions.map(\.shape) == inputs.map(\.shape) { return directions }
    reportTensorError(
        TensorError(
            "\(name): directions \(directions.map(\.shape)) for inputs \(inputs.map(\.shape)): one like each is needed")
    )
    return inputs
}
