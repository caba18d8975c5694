extension Module {
    /// All parameters one behind the other as a vector (parameters_to_vector).
    public func parameterVector() -> Tensor {
        let parts = parameters.map { $0.tensor!.flattened() }
        return parts.isEmpty ? .zeros([0]) : concatenate(parts)
    }

    /// Takes all parameters from a vector as `parameterVector` makes it (vector_to_parameters).
    public func setParameters(from vector: Tensor) {
        let slots = parameters
        let lengths = slots.map { $0.tensor!.elementCount }
        guard vector.shape == [lengths.reduce(0, +)] else {
            reportTensorError(
                TensorError("setParameters: a vector \(vector.shape) for \(lengths.reduce(0, +)) numbers"))
            return
        }
        for (slot, part) in zip(slots, vector.split(lengths: lengths)) {
            slot.tensor = part.reshaped(slot.tensor!.shape).cast(to: slot.tensor!.dtype)
        }
    }

    /// Runs `body` with other tensors in the slots of these names, then puts the module's own back (torch.func.functional_call).
    public func withState<Result>(_ state: StateDictionary, _ body: () throws -> Result) rethrows -> Result {
        let slots = walk().slots.filter { state[$0.name] != nil }
        let own = slots.map(\.slot.tensor)
        let unknown = Set(state.keys).subtracting(slots.map(\.name))
        precondition(unknown.isEmpty, "withState: \(type(of: self)) has no \(unknown.sorted().joined(separator: ", "))")
        for (name, slot) in slots { slot.tensor = state[name] }
        defer { for ((_, slot), tensor) in zip(slots, own) { slot.tensor = tensor } }
        return try body()
    }
}
