/// A function of tensors that is traced once for each combination of their types and then only run.
///
/// ```swift
/// let score = compile { x, y in (x * y).sum(axes: -1) }
/// score(a, b)      // traced and planned
/// score(c, d)      // run
/// ```
/// `f` must be a function of its arguments alone. What else it reads (captured tensors, numbers) is as it was when `f` was traced; pass what
/// changes as an argument. Random numbers are drawn anew at each call, from the generator that `f` drew from. To catch mistakes, `f` is
/// traced again at the 2nd, 4th, 8th … call, and a difference traps. Nor may `f` look at a value (`item()`, printing): that traps too.
///
/// The result is evaluated and has no gradient; inside of a gradient or another compiled function, `f` itself is called.
public func compile(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
    let compiled = CompiledFunction { [f($0[0])] }
    return { compiled([$0])[0] }
}

/// The same for a function of two tensors.
public func compile(_ f: @escaping (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) -> Tensor {
    let compiled = CompiledFunction { [f($0[0], $0[1])] }
    return { compiled([$0, $1])[0] }
}

/// The same for a function of three tensors.
public func compile(_ f: @escaping (Tensor, Tensor, Tensor) -> Tensor) -> (Tensor, Tensor, Tensor) -> Tensor {
    let compiled = CompiledFunction { [f($0[0], $0[1], $0[2])] }
    return { compiled([$0, $1, $2])[0] }
}

/// The same for any number of tensors.
public func compile(_ f: @escaping ([Tensor]) -> [Tensor]) -> ([Tensor]) -> [Tensor] {
    let compiled = CompiledFunction(f)
    return { compiled($0) }
}

/// A function of tensors that also reads and changes the state of models and optimizers, such as a training step.
///
/// ```swift
/// let step = compile(model, optimizer) { images, labels in
///     let (loss, gradients) = valueAndGradients(model) { crossEntropy($0(images), labels) }
///     optimizer.step(gradients)
///     return loss
/// }
/// for batch in loader { print(step(batch.images, batch.labels).item()) }
/// ```
/// A call does what `f` would do, in one program: parameters, buffers and the optimizer's state are read anew and changed in place, learning
/// rates and step counts are those of the moment. A change of mode (`eval()`, `freeze()`), of a module or of a shape traces `f` again.
/// All else is said of `compile` without state. A model that is only used is compiled alone:
/// `compile(model) { images in softmax(model(images)) }`.
///
/// - Parameters:
///   - state: everything that `f` changes.
///   - others: more of it.
public func compile(
    _ state: any Stateful, _ others: any Stateful..., f: @escaping (Tensor) -> Tensor
) -> (Tensor) -> Tensor {
    let compiled = CompiledFunction(changing: [state] + others) { [f($0[0])] }
    return { compiled([$0])[0] }
}

/// The same for a function of two tensors.
public func compile(
    _ state: any Stateful, _ others: any Stateful..., f: @escaping (Tensor, Tensor) -> Tensor
) -> (Tensor, Tensor) -> Tensor {
    let compiled = CompiledFunction(changing: [state] + others) { [f($0[0], $0[1])] }
    return { compiled([$0, $1])[0] }
}

/// The same for a function of three tensors.
public func compile(
    _ state: any Stateful, _ others: any Stateful..., f: @escaping (Tensor, Tensor, Tensor) -> Tensor
) -> (Tensor, Tensor, Tensor) -> Tensor {
    let compiled = CompiledFunction(changing: [state] + others) { [f($0[0], $0[1], $0[2])] }
    return { compiled([$0, $1, $2])[0] }
}

/// The same for any number of tensors.
public func compile(
    _ state: any Stateful, _ others: any Stateful..., f: @escaping ([Tensor]) -> [Tensor]
) -> ([Tensor]) -> [Tensor] {
    let compiled = CompiledFunction(changing: [state] + others, f)
    return { compiled($0) }
}
