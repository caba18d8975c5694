import ApusGraph

extension Loop {
    /// One result, step by step.
    func evaluated(on operands: [ReferenceTensor], _ result: Result) throws(TensorError) -> ReferenceTensor {
        var state = Array(operands[stateOperands])
        var outputs = [[Int: ReferenceTensor]](repeating: [:], count: outputCount)  // by position
        var histories = [[Int: ReferenceTensor]](repeating: [:], count: stateCount)
        let bound = ending == .atOperand ? Int(operands[endingOperand].integers[0]) : stepCount
        var goesOn = ending == .whenFalse ? operands[endingOperand].integers[0] != 0 : true
        var step = 0
        while goesOn && step < bound {
            let position = position(of: step, count: bound)
            let elements = operands[sequenceOperands].map { $0.element(position) }
            let inputs = [ReferenceTensor(TensorType([], .int64), integers: [Int64(position)])] + state + elements
            for (part, value) in state.enumerated() { histories[part][position] = value }
            let results = try body.evaluated(on: inputs + operands[capturedOperands])
            state = Array(results.prefix(stateCount))
            for (number, value) in results.dropFirst(stateCount).prefix(outputCount).enumerated() {
                outputs[number][position] = value
            }
            if ending == .whenFalse { goesOn = results.last!.integers[0] != 0 }
            step += 1
        }
        switch result {
        case .state(let part): return state[part]
        case .output(let number): return stacked(outputs[number], type(of: result))
        case .history(let part): return stacked(histories[part], type(of: result))
        case .count: return ReferenceTensor(type(of: result), integers: [Int64(step)])
        }
    }

    /// The values of all steps, zeros where there is none.
    private func stacked(_ values: [Int: ReferenceTensor], _ type: TensorType) -> ReferenceTensor {
        guard stepCount > 0 else { return .zeros(type) }
        let row = TensorType(Shape([1] + type.shape.dropFirst()), type.dtype)
        let rows = (0..<stepCount).map { values[$0].map { ReferenceTensor(row, $0.elements) } ?? .zeros(row) }
        return .concatenation(of: rows, axis: 0, type)
    }
}

extension ReferenceTensor {
    /// One position of the first axis, which goes.
    fileprivate func element(_ position: Int) -> ReferenceTensor {
        var ranges = type.shape.map { SliceRange(start: 0, count: $0) }
        ranges[0] = SliceRange(start: position, count: 1)
        return ReferenceTensor(TensorType(Shape(Array(type.shape.dropFirst())), type.dtype), sliced(ranges).elements)
    }
}

extension Program {
    /// The outputs for known inputs.
    func evaluated(on inputs: [ReferenceTensor]) throws(TensorError) -> [ReferenceTensor] {
        var values = inputs
        for instruction in instructions {
            values.append(
                try instruction.operation.evaluated(on: instruction.operands.map { values[$0] }, as: instruction.type))
        }
        return outputs.map { values[$0] }
    }
}
