import ApusNN

extension OperatorTable {
    /// Lists of values, and values that may be absent.
    mutating func addSequences() {
        add("SequenceEmpty") { _ in [.sequence([])] }
        add("SequenceConstruct") { call in [.sequence(try call.inputs.indices.map(call.value))] }
        addTensor("SequenceLength") { Tensor(try $0.sequence(0).count) }
        add("SequenceAt") { call in
            let values = try call.sequence(0)
            return [values[try place(call, 1, count: values.count, isInsertion: false)]]
        }
        add("SequenceInsert") { call in
            var values = try call.sequence(0)
            let index = call.has(2) ? try place(call, 2, count: values.count, isInsertion: true) : values.count
            values.insert(try call.value(1), at: index)
            return [.sequence(values)]
        }
        add("SequenceErase") { call in
            var values = try call.sequence(0)
            guard !values.isEmpty else { throw call.failure("the sequence is empty") }
            values.remove(
                at: call.has(1) ? try place(call, 1, count: values.count, isInsertion: false) : values.count - 1)
            return [.sequence(values)]
        }
        addTensor("ConcatFromSequence") { call in
            let parts = try call.sequence(0).map { value in
                guard case .tensor(let tensor) = value else {
                    throw call.failure("the sequence holds more than tensors")
                }
                return tensor
            }
            guard let first = parts.first else { throw call.failure("the sequence is empty") }
            if try call.flag("new_axis") {
                return stack(parts, axis: try call.axis(default: 0, rank: first.rank + 1))
            }
            return concatenate(parts, axis: try call.axis(default: 0, rank: first.rank))
        }
        add("SplitToSequence", splitToSequence)
        add("Optional") { call in [call.has(0) ? try call.value(0) : .absent] }
        addTensor("OptionalHasElement") { Tensor($0.has(0)) }
        add("OptionalGetElement") { call in
            guard call.has(0) else { throw call.failure("the optional value is absent") }
            return [try call.value(0)]
        }
    }
}

/// A place in a sequence of `count` values; negative ones count from the end.
private func place(_ call: OperatorCall, _ input: Int, count: Int, isInsertion: Bool) throws -> Int {
    let index = try call.integer(input)
    let place = index < 0 ? index + count : index
    guard (0..<(isInsertion ? count + 1 : count)).contains(place) else {
        throw call.failure("place \(index) in a sequence of \(count)")
    }
    return place
}

private func splitToSequence(_ call: OperatorCall) throws -> [ONNXValue] {
    let x = try call.tensor(0)
    let axis = try call.axis(default: 0, rank: x.rank)
    let extent = x.shape[axis]
    guard call.has(1) else {
        let parts = x.split(lengths: [Int](repeating: 1, count: extent), axis: axis)
        let keeping = try call.flag("keepdims", default: true)
        return [.sequence(parts.map { .tensor(keeping ? $0 : $0.squeezed(axis)) })]
    }
    var lengths = try call.integers(1)
    try call.requireSmall(lengths, "lengths")
    if try call.tensor(1).rank == 0, let length = lengths.first {
        guard length > 0 else { throw call.failure("parts of \(length)") }
        lengths = stride(from: 0, to: extent, by: length).map { min(length, extent - $0) }
    }
    return [.sequence(x.split(lengths: lengths, axis: axis).map(ONNXValue.tensor))]
}
