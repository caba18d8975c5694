/// A function of a model and a tensor that is traced once for each type of the tensor and then only run.
///
/// ```swift
/// let predict = compile(model) { model, images in softmax(model(images)) }
/// ```
/// The model's parameters and buffers are read anew at every call, and buffers that `f` changes are changed. Everything else that `f` reads must stay
/// the same (`compile` of functions of tensors says how that is checked). Dropout draws a new key at each call and so can't be compiled:
/// call `model.eval()` first.
public func compile<Model: Module>(
    _ model: Model, _ f: @escaping (Model, Tensor) -> Tensor
) -> (Tensor) -> Tensor {
    // From the slots' tensors and the argument to the result and the slots' tensors afterwards.
    let compiled = CompiledFunction { tensors in
        let slots = model.uniqueSlots.map(\.slot)
        let old = slots.map(\.tensor)
        defer { for (slot, tensor) in zip(slots, old) { slot.tensor = tensor } }
        for (slot, tensor) in zip(slots, tensors) { slot.tensor = tensor }
        let result = f(model, tensors.last!)
        return [result] + slots.map { $0.tensor! }
    }
    return { x in
        let slots = model.uniqueSlots.map(\.slot)
        let results = compiled(slots.map { $0.tensor! } + [x])
        for (slot, new) in zip(slots, results.dropFirst()) where slot.tensor!.node !== new.node { slot.tensor = new }
        return results[0]
    }
}
